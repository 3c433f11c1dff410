//! Expected turns and spans: the facts about each, depending on the framework's capabilities.

use std::fmt;
use std::time::Duration;

use serde_json::Value;

use super::harness::{ScriptedToolCall, ToolOutcome};
use super::{Capabilities, Reported, SpokenTextSource};
use crate::emit::keys::{self, MessageField, MessageKeys, MessageList};
use crate::engine::frame::LlmUsage;
use crate::engine::record::SpanKind;

/// An expected turn.
#[derive(Debug, Clone)]
pub(super) struct ExpectedTurn {
    input: Vec<&'static str>,
    pub(super) output: Option<&'static str>,
    pub(super) end_reason: &'static str,
    latency: Reported,
    /// The spans in the turn. The spans of one kind are in order of their start.
    pub(super) spans: Vec<ExpectedSpan>,
}

/// An expected span of a turn.
#[derive(Debug, Clone)]
pub(super) struct ExpectedSpan {
    pub(super) kind: SpanKind,
    pub(super) parent: Parent,
    pub(super) facts: Vec<Fact>,
}

/// The expected parent of a span.
#[derive(Debug, Clone, Copy)]
pub(super) enum Parent {
    Turn,
    /// The index of a span of the turn.
    Span(usize),
}

/// A property of a span, and its expected value.
#[derive(Debug, Clone)]
pub(super) struct Fact {
    pub(super) property: Property,
    pub(super) expected: Expected,
}

#[derive(Debug, Clone)]
pub(super) enum Property {
    Attribute(String),
    Status,
    /// The message of the exception event.
    Exception,
    Duration,
}

impl fmt::Display for Property {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Attribute(key) => key,
            Self::Status => "status",
            Self::Exception => "exception event",
            Self::Duration => "duration",
        })
    }
}

#[derive(Debug, Clone)]
pub(super) enum Expected {
    Text(String),
    /// A prefix of this text, or no value.
    PrefixOf(&'static str),
    /// Equal JSON, or a JSON string that contains it, as the tools of some frameworks return.
    Json(Value),
    Number(u64),
    Bool(bool),
    Present,
    Absent,
    /// An error status whose message contains this text.
    Error(&'static str),
    Containing(&'static str),
    Ok,
    AtLeast(Duration),
    /// Less than the number under this key.
    LessThan(&'static str),
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "{text:?}"),
            Self::PrefixOf(text) => write!(f, "a prefix of {text:?}"),
            Self::Json(json) => write!(f, "{json}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Present => f.write_str("a value"),
            Self::Absent => f.write_str("nothing"),
            Self::Error(message) => write!(f, "an error containing {message:?}"),
            Self::Containing(text) => write!(f, "a text containing {text:?}"),
            Self::Ok => f.write_str("ok"),
            Self::AtLeast(duration) => write!(f, "at least {} ms", duration.as_millis()),
            Self::LessThan(key) => write!(f, "less than {key}"),
        }
    }
}

const OK: Fact = Fact { property: Property::Status, expected: Expected::Ok };

fn attribute(key: impl Into<String>, expected: Expected) -> Fact {
    Fact { property: Property::Attribute(key.into()), expected }
}

fn text(key: impl Into<String>, text: impl Into<String>) -> Fact {
    attribute(key, Expected::Text(text.into()))
}

fn if_reported(reported: Reported, key: &str, expected: Expected) -> Fact {
    attribute(key, if reported == Reported::Yes { expected } else { Expected::Absent })
}

impl ExpectedTurn {
    /// Expects a turn in which the bot speaks first.
    pub(super) fn of_bot() -> Self {
        Self {
            input: Vec::new(),
            output: None,
            end_reason: "completed",
            latency: Reported::No,
            spans: Vec::new(),
        }
    }

    /// Expects a turn that the user starts.
    pub(super) fn of_user(capabilities: Capabilities) -> Self {
        Self { latency: capabilities.voice, ..Self::of_bot() }
    }

    /// Adds an utterance. Without voice detection, all utterances of a turn are one span.
    pub(super) fn add_utterance(&mut self, text: &'static str, capabilities: Capabilities) {
        self.input.push(text);
        match (capabilities.voice, self.spans.iter_mut().find(|span| span.kind == SpanKind::Stt)) {
            (Reported::No, Some(utterance)) => {
                *utterance = ExpectedSpan::stt(capabilities, &self.input.join(" "));
            }
            _ => self.spans.push(ExpectedSpan::stt(capabilities, text)),
        }
    }

    /// Returns the facts about the turn's own span.
    pub(super) fn facts(&self) -> Vec<Fact> {
        let input = match self.input.join(" ") {
            input if input.is_empty() => Expected::Absent,
            input => Expected::Text(input),
        };
        let mut facts = vec![
            attribute(keys::INPUT_VALUE, input),
            text(keys::END_REASON, self.end_reason),
            attribute(keys::WAS_INTERRUPTED, Expected::Bool(self.end_reason == "interrupted")),
            attribute(keys::TURN_NUMBER, Expected::Present),
            OK,
        ];
        if let Some(output) = self.output {
            facts.push(text(keys::OUTPUT_VALUE, output));
            facts.push(if_reported(self.latency, keys::USER_TO_BOT_LATENCY, Expected::Present));
        }
        facts
    }
}

impl ExpectedSpan {
    fn service(kind: SpanKind, service_type: &str, facts: Vec<Fact>) -> Self {
        let mut all =
            vec![text(keys::SERVICE_TYPE, service_type), attribute(keys::SERVICE_NAME, Expected::Present)];
        all.extend(facts);
        Self { kind, parent: Parent::Turn, facts: all }
    }

    fn llm_call(facts: Vec<Fact>) -> Self {
        Self::service(SpanKind::Llm, "llm", facts)
    }

    fn synthesis(facts: Vec<Fact>) -> Self {
        Self::service(SpanKind::Tts, "tts", facts)
    }

    fn ok(mut self) -> Self {
        self.facts.push(OK);
        self
    }

    fn failed(mut self, message: &'static str) -> Self {
        self.facts.extend([
            Fact { property: Property::Status, expected: Expected::Error(message) },
            Fact { property: Property::Exception, expected: Expected::Containing(message) },
            attribute(keys::ERROR_TYPE, Expected::Present),
        ]);
        self
    }

    fn timed(mut self, capabilities: Capabilities) -> Self {
        let source = if capabilities.times == Reported::Yes { "reported" } else { "measured" };
        self.facts.extend([
            attribute(keys::SERVICE_TTFB, Expected::Present),
            text(keys::SERVICE_TTFB_SOURCE, source),
        ]);
        self
    }

    fn stt(capabilities: Capabilities, transcript: &str) -> Self {
        let facts = vec![
            text(keys::INPUT_VALUE, transcript),
            text(keys::OUTPUT_VALUE, transcript),
            text(keys::AUDIO_TRANSCRIPT, transcript),
            attribute(keys::STT_IS_FINAL, Expected::Bool(true)),
            if_reported(capabilities.voice, keys::STT_TIME_TO_LAST_TRANSCRIPTION, Expected::Present),
        ];
        Self::service(SpanKind::Stt, "stt", facts).ok()
    }

    /// Expects an LLM call with the response `output`, which may be empty.
    pub(super) fn llm(
        capabilities: Capabilities,
        input: Option<&str>,
        output: &str,
        usage: &LlmUsage,
    ) -> Self {
        let message = MessageKeys::new(MessageList::Output, 0);
        let mut facts = input_and_usage(capabilities, input, usage);
        facts.push(attribute(keys::LLM_INTERRUPTED, Expected::Absent));
        if output.is_empty() {
            facts.push(attribute(keys::OUTPUT_VALUE, Expected::Absent));
            return Self::llm_call(facts).ok();
        }
        facts.push(text(keys::OUTPUT_VALUE, output));
        facts.push(text(message.key(MessageField::Role), "assistant"));
        facts.push(text(message.key(MessageField::Content), output));
        Self::llm_call(facts).timed(capabilities).ok()
    }

    pub(super) fn llm_with_tool_calls(
        capabilities: Capabilities,
        input: Option<&str>,
        calls: &[ScriptedToolCall],
        usage: &LlmUsage,
    ) -> Self {
        let message = MessageKeys::new(MessageList::Output, 0);
        let mut facts = input_and_usage(capabilities, input, usage);
        for (index, call) in calls.iter().enumerate() {
            facts.push(text(message.key(MessageField::CallId(index)), call.id));
            facts.push(text(message.key(MessageField::CallName(index)), call.name));
            let arguments = Expected::Json(call.arguments.clone());
            facts.push(attribute(message.key(MessageField::CallArguments(index)), arguments));
        }
        facts.push(attribute(keys::LLM_INTERRUPTED, Expected::Absent));
        Self::llm_call(facts).ok()
    }

    /// Expects an LLM call that was interrupted after `output`. Only voice detection shows the interruption.
    pub(super) fn interrupted_llm(
        capabilities: Capabilities,
        input: Option<&str>,
        output: Option<&str>,
    ) -> Self {
        let mut facts: Vec<Fact> = input.map(|input| text(keys::INPUT_VALUE, input)).into_iter().collect();
        let output = output.map_or(Expected::Absent, |output| Expected::Text(output.to_owned()));
        facts.push(attribute(keys::OUTPUT_VALUE, output));
        if capabilities.voice == Reported::Yes {
            facts.push(attribute(keys::LLM_INTERRUPTED, Expected::Bool(true)));
        }
        Self::llm_call(facts).ok()
    }

    pub(super) fn failed_llm(input: Option<&str>, message: &'static str) -> Self {
        let mut facts: Vec<Fact> = input.map(|input| text(keys::INPUT_VALUE, input)).into_iter().collect();
        facts.push(attribute(keys::OUTPUT_VALUE, Expected::Absent));
        facts.push(attribute(keys::LLM_INTERRUPTED, Expected::Absent));
        Self::llm_call(facts).failed(message)
    }

    pub(super) fn tts(capabilities: Capabilities, reply: &str) -> Self {
        let characters = Expected::Number(reply.chars().count() as u64);
        let facts = vec![
            text(keys::INPUT_VALUE, reply),
            text(keys::OUTPUT_VALUE, reply),
            if_reported(capabilities.characters, keys::TTS_CHARACTER_COUNT, characters),
            attribute(keys::TTS_INTERRUPTED, Expected::Absent),
        ];
        Self::synthesis(facts).timed(capabilities).ok()
    }

    /// Expects a synthesis that was played in part.
    pub(super) fn interrupted_tts(capabilities: Capabilities, reply: &'static str) -> Self {
        let mut facts =
            vec![text(keys::INPUT_VALUE, reply), attribute(keys::TTS_INTERRUPTED, Expected::Bool(true))];
        match capabilities.spoken_text {
            SpokenTextSource::PlayedWords => {
                facts.push(attribute(keys::OUTPUT_VALUE, Expected::PrefixOf(reply)));
            }
            SpokenTextSource::SynthesisInput => facts.extend([
                attribute(keys::OUTPUT_VALUE, Expected::Absent),
                attribute(keys::TTS_PLAYED_DURATION, Expected::LessThan(keys::TTS_AUDIO_DURATION)),
            ]),
        }
        Self::synthesis(facts).ok()
    }

    pub(super) fn failed_tts(message: &'static str) -> Self {
        Self::synthesis(vec![attribute(keys::TTS_INTERRUPTED, Expected::Absent)]).failed(message)
    }

    /// Expects a synthesis of text that the framework may change.
    pub(super) fn tts_of_any_text(capabilities: Capabilities) -> Self {
        Self::synthesis(vec![attribute(keys::INPUT_VALUE, Expected::Present)]).timed(capabilities).ok()
    }

    /// Expects a tool call that the LLM call at `llm_index` requested.
    pub(super) fn tool(call: &ScriptedToolCall, llm_index: usize) -> Self {
        let facts = vec![
            text(keys::TOOL_NAME, call.name),
            text(keys::TOOL_CALL_ID, call.id),
            attribute(keys::TOOL_PARAMETERS, Expected::Json(call.arguments.clone())),
            attribute(keys::TOOL_CANCELLED, Expected::Absent),
            // The framework's clock may be coarser than ours.
            Fact { property: Property::Duration, expected: Expected::AtLeast(call.duration.mul_f64(0.8)) },
        ];
        let mut tool = Self { kind: SpanKind::Tool, parent: Parent::Span(llm_index), facts };
        match &call.outcome {
            ToolOutcome::Success(result) => {
                tool.facts.push(attribute(keys::TOOL_RESULT, Expected::Json(result.clone())));
                tool.ok()
            }
            ToolOutcome::Failure(message) => tool.failed(message),
        }
    }
}

fn input_and_usage(capabilities: Capabilities, input: Option<&str>, usage: &LlmUsage) -> Vec<Fact> {
    let mut facts: Vec<Fact> = input.map(|input| text(keys::INPUT_VALUE, input)).into_iter().collect();
    facts.extend([
        if_reported(capabilities.tokens, keys::LLM_TOKENS_PROMPT, Expected::Number(usage.prompt)),
        if_reported(capabilities.tokens, keys::LLM_TOKENS_COMPLETION, Expected::Number(usage.completion)),
        if_reported(capabilities.tokens, keys::LLM_TOKENS_TOTAL, Expected::Number(usage.total)),
    ]);
    facts
}
