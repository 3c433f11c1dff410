//! What a span of each kind must say.

use super::expected::{Fact, Kind, Parent, SpanFacts, Want, What, attribute, if_reported, text};
use super::parts::{ScriptedToolCall, ToolOutcome};
use super::tells::{Capabilities, Reported, SpokenTextSource};
use crate::emit::keys::{self, MessageField, MessageKeys, MessageList};
use crate::engine::frame::LlmUsage;

impl SpanFacts {
    fn service(kind: Kind, facts: Vec<Fact>) -> Self {
        let kind_of_service = match kind {
            Kind::Stt => "stt",
            Kind::Llm => "llm",
            Kind::Tts | Kind::Tool => "tts",
        };
        let mut all =
            vec![text(keys::SERVICE_TYPE, kind_of_service), attribute(keys::SERVICE_NAME, Want::There)];
        all.extend(facts);
        Self { kind, parent: Parent::Turn, facts: all }
    }

    fn succeeded(mut self) -> Self {
        self.facts.push(Fact { what: What::Status, want: Want::Ok });
        self
    }

    fn failed(mut self, message: &'static str) -> Self {
        self.facts.extend([
            Fact { what: What::Status, want: Want::Error(message) },
            Fact { what: What::Exception, want: Want::Saying(message) },
            attribute(keys::ERROR_TYPE, Want::There),
        ]);
        self
    }

    fn timed(mut self, tells: Capabilities) -> Self {
        let source = if tells.times == Reported::Yes { "reported" } else { "measured" };
        self.facts
            .extend([attribute(keys::SERVICE_TTFB, Want::There), text(keys::SERVICE_TTFB_SOURCE, source)]);
        self
    }

    pub(super) fn stt(tells: Capabilities, heard: &str) -> Self {
        let facts = vec![
            text(keys::INPUT_VALUE, heard),
            text(keys::OUTPUT_VALUE, heard),
            text(keys::AUDIO_TRANSCRIPT, heard),
            attribute(keys::STT_IS_FINAL, Want::True),
            if_reported(tells.voice, keys::STT_TIME_TO_LAST_TRANSCRIPTION, Want::There),
        ];
        Self::service(Kind::Stt, facts).succeeded()
    }

    /// A call that was answered with `said`, be it empty.
    pub(super) fn llm(tells: Capabilities, asked: Option<&str>, said: &str, usage: &LlmUsage) -> Self {
        let answer = MessageKeys::new(MessageList::Output, 0);
        let mut facts = asked_and_used(tells, asked, usage);
        facts.push(attribute(keys::LLM_INTERRUPTED, Want::Absent));
        if said.is_empty() {
            facts.push(attribute(keys::OUTPUT_VALUE, Want::Absent));
            return Self::service(Kind::Llm, facts).succeeded();
        }
        facts.push(text(keys::OUTPUT_VALUE, said));
        facts.push(text(answer.key(MessageField::Role), "assistant"));
        facts.push(text(answer.key(MessageField::Content), said));
        Self::service(Kind::Llm, facts).timed(tells).succeeded()
    }

    pub(super) fn calling_llm(
        tells: Capabilities,
        asked: Option<&str>,
        calls: &[ScriptedToolCall],
        usage: &LlmUsage,
    ) -> Self {
        let answer = MessageKeys::new(MessageList::Output, 0);
        let mut facts = asked_and_used(tells, asked, usage);
        for (place, call) in calls.iter().enumerate() {
            facts.push(text(answer.key(MessageField::CallId(place)), call.id));
            facts.push(text(answer.key(MessageField::CallName(place)), call.name));
            let arguments = Want::Json(call.arguments.clone());
            facts.push(attribute(answer.key(MessageField::CallArguments(place)), arguments));
        }
        facts.push(attribute(keys::LLM_INTERRUPTED, Want::Absent));
        Self::service(Kind::Llm, facts).succeeded()
    }

    /// A call that was cut after `said`. That the user spoke shows where the voice is told.
    pub(super) fn cut_llm(tells: Capabilities, asked: Option<&str>, said: Option<&str>) -> Self {
        let said = said.map_or(Want::Absent, |said| Want::Text(said.to_owned()));
        let mut facts: Vec<Fact> = asked.map(|asked| text(keys::INPUT_VALUE, asked)).into_iter().collect();
        facts.push(attribute(keys::OUTPUT_VALUE, said));
        if tells.voice == Reported::Yes {
            facts.push(attribute(keys::LLM_INTERRUPTED, Want::True));
        }
        Self::service(Kind::Llm, facts).succeeded()
    }

    pub(super) fn failed_llm(asked: Option<&str>, message: &'static str) -> Self {
        let mut facts: Vec<Fact> = asked.map(|asked| text(keys::INPUT_VALUE, asked)).into_iter().collect();
        facts.push(attribute(keys::OUTPUT_VALUE, Want::Absent));
        facts.push(attribute(keys::LLM_INTERRUPTED, Want::Absent));
        Self::service(Kind::Llm, facts).failed(message)
    }

    pub(super) fn tts(tells: Capabilities, said: &str) -> Self {
        let characters = Want::Number(said.chars().count() as u64);
        let facts = vec![
            text(keys::INPUT_VALUE, said),
            text(keys::OUTPUT_VALUE, said),
            if_reported(tells.characters, keys::TTS_CHARACTER_COUNT, characters),
            attribute(keys::TTS_INTERRUPTED, Want::Absent),
        ];
        Self::service(Kind::Tts, facts).timed(tells).succeeded()
    }

    /// A synthesis of which the user heard a part.
    pub(super) fn cut_tts(tells: Capabilities, said: &'static str) -> Self {
        let mut facts = vec![text(keys::INPUT_VALUE, said), attribute(keys::TTS_INTERRUPTED, Want::True)];
        match tells.spoken_text {
            SpokenTextSource::PlayedWords => {
                facts.push(attribute(keys::OUTPUT_VALUE, Want::BeginningOf(said)))
            }
            SpokenTextSource::SynthesisInput => facts.extend([
                attribute(keys::OUTPUT_VALUE, Want::Absent),
                attribute(keys::TTS_PLAYED_DURATION, Want::LessThan(keys::TTS_AUDIO_DURATION)),
            ]),
        }
        Self::service(Kind::Tts, facts).succeeded()
    }

    pub(super) fn failed_tts(message: &'static str) -> Self {
        Self::service(Kind::Tts, vec![attribute(keys::TTS_INTERRUPTED, Want::Absent)]).failed(message)
    }

    /// A synthesis of text that a framework may have changed.
    pub(super) fn tts_of_any_text(tells: Capabilities) -> Self {
        Self::service(Kind::Tts, vec![attribute(keys::INPUT_VALUE, Want::There)]).timed(tells).succeeded()
    }

    /// A tool that the call at `asking` asked for.
    pub(super) fn tool(call: &ScriptedToolCall, asking: usize) -> Self {
        let facts = vec![
            text(keys::TOOL_NAME, call.name),
            text(keys::TOOL_CALL_ID, call.id),
            attribute(keys::TOOL_PARAMETERS, Want::Json(call.arguments.clone())),
            attribute(keys::TOOL_CANCELLED, Want::Absent),
            // A clock of the framework's may be coarser than ours.
            Fact { what: What::Duration, want: Want::AtLeast(call.duration.mul_f64(0.8)) },
        ];
        let mut tool = Self { kind: Kind::Tool, parent: Parent::Span(asking), facts };
        match &call.outcome {
            ToolOutcome::Success(result) => {
                tool.facts.push(attribute(keys::TOOL_RESULT, Want::Json(result.clone())));
                tool.succeeded()
            }
            ToolOutcome::Failure(message) => tool.failed(message),
        }
    }
}

fn asked_and_used(tells: Capabilities, asked: Option<&str>, usage: &LlmUsage) -> Vec<Fact> {
    let mut facts: Vec<Fact> = asked.map(|asked| text(keys::INPUT_VALUE, asked)).into_iter().collect();
    facts.extend([
        if_reported(tells.tokens, keys::LLM_TOKENS_PROMPT, Want::Number(usage.prompt)),
        if_reported(tells.tokens, keys::LLM_TOKENS_COMPLETION, Want::Number(usage.completion)),
        if_reported(tells.tokens, keys::LLM_TOKENS_TOTAL, Want::Number(usage.total)),
    ]);
    facts
}
