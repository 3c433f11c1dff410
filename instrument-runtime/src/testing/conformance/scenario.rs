//! The scripts, each as a scenario: actions of user and services, and the expected spans.

use std::fmt;
use std::time::Duration;

use serde_json::json;

use super::expectations::{ExpectedSpan, ExpectedTurn};
use super::harness::{
    LlmResponse, LlmResponseContent, ResponseChunk, ScriptedToolCall, ToolOutcome, UserAction,
};
use super::{Capabilities, FirstSpeaker, FollowUp};
use crate::engine::frame::LlmUsage;

const REPLY_DURATION: Duration = Duration::from_millis(200);
/// The duration of a reply that is interrupted. Long enough for the interruption.
const LONG_REPLY_DURATION: Duration = Duration::from_secs(3);
const TOOL_DURATION: Duration = Duration::from_millis(120);
/// The part of a reply that is played before it is interrupted.
const PLAYED_BEFORE_INTERRUPTION: Duration = Duration::from_millis(250);
/// The delay of a response that is interrupted before it arrives.
const NEVER: Duration = Duration::from_secs(4);

macro_rules! scripts {
    ($($(#[doc = $doc:literal])+ $script:ident = $name:literal,)*) => {
        /// A scripted conversation of the suite.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Script {
            $($(#[doc = $doc])+ $script,)*
        }

        impl Script {
            /// Every script.
            pub const ALL: &'static [Self] = &[$(Self::$script,)*];
        }

        impl fmt::Display for Script {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self {
                    $(Self::$script => $name,)*
                })
            }
        }
    };
}

scripts! {
    /// The bot speaks first, and the user hangs up. For frameworks whose bot speaks first.
    Greeting = "greeting",
    /// A question and its answer.
    OneTurn = "one turn",
    /// Two questions and their answers.
    TwoTurns = "two turns",
    /// A response in chunks of every kind: empty, repeated, white space, parts of words.
    OddChunks = "odd chunks",
    /// The user interrupts the bot's speech after the LLM response has ended.
    InterruptedSpeech = "interrupted speech",
    /// The user interrupts the bot's speech during the LLM response.
    InterruptedResponse = "interrupted response",
    /// The user continues before the bot has made a sound, which causes another LLM call.
    UserContinues = "user continues",
    /// The model calls a tool, and answers with its result.
    Tool = "tool",
    /// The model calls two tools at once.
    TwoTools = "two tools",
    /// A tool fails, and the model says so.
    FailingTool = "failing tool",
    /// An LLM call fails, and the user asks again.
    FailingModel = "failing model",
    /// A synthesis fails, and the user asks again.
    FailingSynthesis = "failing synthesis",
    /// A voice without words, between two turns.
    Noise = "noise",
    /// The conversation is cancelled while the bot speaks.
    Cancel = "cancel",
    /// The task is dropped while the bot speaks.
    Dropped = "dropped",
}

/// The course of a script, and the expected turns.
#[derive(Debug, Clone)]
pub(super) struct Scenario {
    pub(super) steps: Vec<Step>,
    /// The responses of the model, one per LLM call.
    pub(super) responses: Vec<LlmResponse>,
    /// The reply that plays long enough to be interrupted.
    long_reply: Option<&'static str>,
    /// The reply whose synthesis fails, and the error message.
    pub(super) failing_reply: Option<(&'static str, &'static str)>,
    pub(super) turns: Vec<ExpectedTurn>,
    pub(super) empty_utterances: EmptyUtterances,
}

/// Whether there may be STT spans without text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EmptyUtterances {
    Unexpected,
    Allowed,
}

/// Actions of the user after a cue.
#[derive(Debug, Clone)]
pub(super) struct Step {
    pub(super) cue: Cue,
    /// The actions, each with its delay from the start of the step.
    pub(super) actions: Vec<(Duration, UserAction)>,
}

/// An event that the user waits for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Cue {
    /// The reply has been played.
    AfterReply,
    /// This much of the reply has been played.
    DuringReply(Duration),
    /// The LLM call is in progress.
    DuringLlmCall,
    /// A service has failed.
    AfterFailure,
    /// The user has been silent for a while.
    AfterSilence,
}

impl fmt::Display for Cue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AfterReply => "an LLM call and the end of its reply",
            Self::DuringReply(_) => "the reply to be played",
            Self::DuringLlmCall => "an LLM call",
            Self::AfterFailure => "the failure of a service",
            Self::AfterSilence => "silence",
        })
    }
}

impl Scenario {
    /// Returns how long `text` plays.
    pub(super) fn playing_time(&self, text: &str) -> Duration {
        let is_long = self.long_reply.is_some_and(|reply| reply.contains(text.trim()));
        if is_long { LONG_REPLY_DURATION } else { REPLY_DURATION }
    }

    /// Returns the scenario of `script` for a framework with `capabilities`.
    pub(super) fn of(script: Script, capabilities: Capabilities) -> Self {
        let scenario = ScenarioBuilder::new(capabilities);
        match script {
            Script::Greeting => scenario,
            Script::OneTurn => scenario.user("When are you open?").bot("From eight to six."),
            Script::TwoTurns => scenario
                .user("When are you open?")
                .bot("From eight to six.")
                .user("And on Sunday?")
                .bot("We are closed on Sunday."),
            Script::OddChunks => scenario.user("What is the number?").bot_chunks(&[
                "",
                "The num",
                "ber",
                " is",
                " ",
                "1",
                "1",
                "1",
                ", ",
                "ha",
                " ha",
                "",
                " ha, naïve 🦷",
                ".",
            ]),
            Script::InterruptedSpeech => scenario
                .user("How much is whitening?")
                .bot_interrupted("It is two hundred and forty with a first visit.")
                .user_interrupting("When are you open?")
                .bot("From eight to six."),
            Script::InterruptedResponse => scenario
                .user("How much is whitening?")
                .response_interrupted("It is two hundred and forty. ", "That includes a first visit.")
                .user_interrupting("When are you open?")
                .bot("From eight to six."),
            Script::UserContinues => scenario
                .user("I would like an appointment.")
                .response_discarded("Certainly, when?")
                .user_continuing("On Tuesday, please.")
                .bot("On Tuesday at nine."),
            Script::Tool => scenario
                .user("Is Tuesday free?")
                .tool_calls(vec![calendar(ToolOutcome::Success(json!({ "free": ["09:30", "14:00"] })))])
                .bot("Half past nine is free."),
            Script::TwoTools => scenario
                .user("Is Tuesday free, and will it rain?")
                .tool_calls(vec![
                    calendar(ToolOutcome::Success(json!({ "free": ["09:30"] }))),
                    ScriptedToolCall {
                        id: "call_weather",
                        name: "check_weather",
                        ..calendar(ToolOutcome::Success(json!({ "rain": true })))
                    },
                ])
                .bot("Half past nine is free, and it will rain."),
            Script::FailingTool => scenario
                .user("Is Tuesday free?")
                .tool_calls(vec![calendar(ToolOutcome::Failure("the calendar is closed"))])
                .bot("I cannot see the calendar."),
            Script::FailingModel => scenario
                .user("Is Tuesday free?")
                .llm_failure("the engine is overloaded")
                .user_retrying("Are you there?")
                .bot("I am back."),
            Script::FailingSynthesis => scenario
                .user("Is Tuesday free?")
                .tts_failure("Tuesday is free.", "the voice is hoarse")
                .user_retrying("Are you there?")
                .bot("I am back."),
            Script::Noise => scenario
                .user("When are you open?")
                .bot("From eight to six.")
                .noise()
                .user_after_silence("And on Sunday?")
                .bot("We are closed on Sunday."),
            Script::Cancel => {
                return scenario.user("How much is whitening?").end_during_reply(UserAction::Cancel);
            }
            Script::Dropped => {
                return scenario.user("How much is whitening?").end_during_reply(UserAction::DropTask);
            }
        }
        .hang_up()
    }
}

fn calendar(outcome: ToolOutcome) -> ScriptedToolCall {
    ScriptedToolCall {
        id: "call_calendar",
        name: "check_calendar",
        arguments: json!({ "day": "Tuesday" }),
        duration: TOOL_DURATION,
        outcome,
    }
}

/// Adds steps and responses, each with the spans that must result.
struct ScenarioBuilder {
    capabilities: Capabilities,
    scenario: Scenario,
    /// The last words of the user.
    question: Option<&'static str>,
}

impl ScenarioBuilder {
    fn new(capabilities: Capabilities) -> Self {
        let scenario = Scenario {
            steps: Vec::new(),
            responses: Vec::new(),
            long_reply: None,
            failing_reply: None,
            turns: Vec::new(),
            empty_utterances: EmptyUtterances::Unexpected,
        };
        let builder = Self { capabilities, scenario, question: None };
        match capabilities.first_speaker {
            FirstSpeaker::User => builder,
            FirstSpeaker::Bot => builder.turn(ExpectedTurn::of_bot()).bot("Hello, how can I help?"),
        }
    }

    /// Adds user speech after the previous reply, if there was one.
    fn user(self, text: &'static str) -> Self {
        let cue = if self.scenario.responses.is_empty() { Cue::AfterSilence } else { Cue::AfterReply };
        self.user_turn(cue, text)
    }

    fn user_after_silence(self, text: &'static str) -> Self {
        self.user_turn(Cue::AfterSilence, text)
    }

    fn user_interrupting(self, text: &'static str) -> Self {
        self.user_turn(Cue::DuringReply(PLAYED_BEFORE_INTERRUPTION), text)
    }

    fn user_turn(self, cue: Cue, text: &'static str) -> Self {
        let turn = ExpectedTurn::of_user(self.capabilities);
        self.turn(turn).utterance(cue, text)
    }

    fn user_continuing(self, text: &'static str) -> Self {
        self.utterance(Cue::DuringLlmCall, text)
    }

    fn user_retrying(self, text: &'static str) -> Self {
        self.utterance(Cue::AfterFailure, text)
    }

    fn utterance(mut self, cue: Cue, text: &'static str) -> Self {
        let millis = Duration::from_millis;
        let first_word = text.split(' ').next().unwrap_or(text);
        let actions = vec![
            (millis(0), UserAction::StartSpeaking),
            (millis(40), UserAction::InterimTranscript(first_word.to_owned())),
            (millis(80), UserAction::StopSpeaking),
            (millis(120), UserAction::FinalTranscript(text.to_owned())),
        ];
        self.scenario.steps.push(Step { cue, actions });
        self.question = Some(text);
        let capabilities = self.capabilities;
        self.last_turn().add_utterance(text, capabilities);
        self
    }

    fn noise(mut self) -> Self {
        self.scenario.empty_utterances = EmptyUtterances::Allowed;
        let actions = vec![
            (Duration::ZERO, UserAction::StartSpeaking),
            (Duration::from_millis(80), UserAction::StopSpeaking),
        ];
        self.scenario.steps.push(Step { cue: Cue::AfterReply, actions });
        self
    }

    fn hang_up(self) -> Scenario {
        self.end(Cue::AfterReply, UserAction::HangUp)
    }

    fn end_during_reply(mut self, action: UserAction) -> Scenario {
        const TEXT: &str = "It is two hundred and forty with a first visit.";
        self.scenario.long_reply = Some(TEXT);
        let tts = match action {
            UserAction::Cancel => ExpectedSpan::interrupted_tts(self.capabilities, TEXT),
            _ => ExpectedSpan::tts_of_any_text(self.capabilities),
        };
        let mut builder = self.response(&[TEXT], TEXT);
        builder.last_turn().end_reason = "cancelled";
        builder.expect(tts).end(Cue::DuringReply(PLAYED_BEFORE_INTERRUPTION), action)
    }

    fn end(mut self, cue: Cue, action: UserAction) -> Scenario {
        self.scenario.steps.push(Step { cue, actions: vec![(Duration::ZERO, action)] });
        self.scenario
    }

    /// Adds a reply that is not interrupted.
    fn bot(self, text: &'static str) -> Self {
        let tts = ExpectedSpan::tts(self.capabilities, text);
        let mut builder = self.response(&[text], text);
        builder.last_turn().output = Some(text);
        builder.expect(tts)
    }

    fn bot_chunks(self, chunks: &[&'static str]) -> Self {
        let text = chunks.concat();
        let tts = ExpectedSpan::tts_of_any_text(self.capabilities);
        self.response(chunks, text.trim()).expect(tts)
    }

    /// Adds a reply that the user interrupts after its LLM response has ended.
    fn bot_interrupted(mut self, text: &'static str) -> Self {
        self.scenario.long_reply = Some(text);
        let tts = ExpectedSpan::interrupted_tts(self.capabilities, text);
        let mut builder = self.response(&[text], text);
        builder.last_turn().end_reason = "interrupted";
        builder.expect(tts)
    }

    /// Adds a reply that the user interrupts during its LLM response.
    fn response_interrupted(mut self, spoken: &'static str, unspoken: &'static str) -> Self {
        self.scenario.long_reply = Some(spoken);
        let llm = ExpectedSpan::interrupted_llm(self.capabilities, self.question, Some(spoken.trim()));
        let tts = ExpectedSpan::interrupted_tts(self.capabilities, spoken.trim());
        let chunks = vec![
            ResponseChunk { delay: Duration::ZERO, text: spoken },
            ResponseChunk { delay: NEVER, text: unspoken },
        ];
        self.add_response(LlmResponseContent::Text(chunks));
        self.last_turn().end_reason = "interrupted";
        self.expect(llm).expect(tts)
    }

    /// Adds an LLM call that the user interrupts before the response arrives.
    fn response_discarded(mut self, text: &'static str) -> Self {
        let llm = ExpectedSpan::interrupted_llm(self.capabilities, self.question, None);
        self.add_response(LlmResponseContent::Text(vec![ResponseChunk { delay: NEVER, text }]));
        self.expect(llm)
    }

    fn tool_calls(mut self, calls: Vec<ScriptedToolCall>) -> Self {
        let llm = ExpectedSpan::llm_with_tool_calls(self.capabilities, self.question, &calls, &self.usage());
        let llm_index = self.last_turn().spans.len();
        let tools: Vec<ExpectedSpan> = calls.iter().map(|call| ExpectedSpan::tool(call, llm_index)).collect();
        // A model that is called after each tool has nothing to say until the last.
        let empty_responses = match self.capabilities.follow_up {
            FollowUp::AfterAllTools => 0,
            FollowUp::AfterEachTool => calls.len() - 1,
        };
        self.add_response(LlmResponseContent::ToolCalls(calls));
        let builder = tools.into_iter().fold(self.expect(llm), Self::expect);
        (0..empty_responses).fold(builder, |builder, _| builder.response(&[], ""))
    }

    fn llm_failure(mut self, message: &'static str) -> Self {
        let llm = ExpectedSpan::failed_llm(self.question, message);
        let content = LlmResponseContent::Failure(message);
        self.scenario.responses.push(LlmResponse { content, usage: LlmUsage::default() });
        self.expect(llm)
    }

    fn tts_failure(mut self, text: &'static str, message: &'static str) -> Self {
        self.scenario.failing_reply = Some((text, message));
        self.response(&[text], text).expect(ExpectedSpan::failed_tts(message))
    }

    /// Adds a response of `chunks`, which together are `text`.
    fn response(mut self, chunks: &[&'static str], text: &str) -> Self {
        let llm = ExpectedSpan::llm(self.capabilities, self.question, text, &self.usage());
        let chunks = chunks.iter().map(|text| ResponseChunk { delay: Duration::from_millis(2), text });
        self.add_response(LlmResponseContent::Text(chunks.collect()));
        self.expect(llm)
    }

    fn add_response(&mut self, content: LlmResponseContent) {
        let usage = self.usage();
        self.scenario.responses.push(LlmResponse { content, usage });
    }

    /// Returns the usage of the next LLM call, different for each.
    fn usage(&self) -> LlmUsage {
        let index = self.scenario.responses.len() as u64;
        let (prompt, completion) = (100 + index, 10 + index);
        LlmUsage { prompt, completion, total: prompt + completion, ..LlmUsage::default() }
    }

    fn turn(mut self, turn: ExpectedTurn) -> Self {
        self.scenario.turns.push(turn);
        self
    }

    fn expect(mut self, span: ExpectedSpan) -> Self {
        self.last_turn().spans.push(span);
        self
    }

    fn last_turn(&mut self) -> &mut ExpectedTurn {
        if self.scenario.turns.is_empty() {
            self.scenario.turns.push(ExpectedTurn::of_bot());
        }
        let last = self.scenario.turns.len() - 1;
        &mut self.scenario.turns[last]
    }
}
