//! The harness of a script: directs the services and the user, and observes the playback.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use serde_json::{Value, json};

use super::scenario::{Cue, Scenario, Script, Step};
use crate::engine::frame::LlmUsage;

/// The interval at which to call [`Harness::user_action`].
pub const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// The longest wait of the user for a cue, after which the user hangs up.
const MAX_WAIT: Duration = Duration::from_secs(6);
/// The user's pause after a reply.
const PAUSE_AFTER_REPLY: Duration = Duration::from_millis(120);
/// Half the user's pause after a failure or silence, and the time into an LLM call at which the user continues.
const REACTION_TIME: Duration = Duration::from_millis(120);

/// An action of the user, or of the program around the conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UserAction {
    /// The user does nothing.
    None,
    /// The user starts speaking, and interrupts the bot if it speaks.
    StartSpeaking,
    /// The user stops speaking.
    StopSpeaking,
    /// Speech to text has an interim transcript.
    InterimTranscript(String),
    /// Speech to text has a final transcript.
    FinalTranscript(String),
    /// The user ends the conversation.
    HangUp,
    /// The program cancels the conversation.
    Cancel,
    /// The program drops the running task.
    DropTask,
}

/// The response to an LLM call.
#[derive(Debug, Clone, PartialEq)]
pub struct LlmResponse {
    /// The content.
    pub content: LlmResponseContent,
    /// The usage to report, if the framework reports it; zero for a failure.
    pub usage: LlmUsage,
}

/// The content of an [`LlmResponse`].
#[derive(Debug, Clone, PartialEq)]
pub enum LlmResponseContent {
    /// A streamed text. Without chunks, the response is empty.
    Text(Vec<ResponseChunk>),
    /// Tool calls, in one response.
    ToolCalls(Vec<ScriptedToolCall>),
    /// The call fails with this message.
    Failure(&'static str),
}

/// A chunk of a streamed response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResponseChunk {
    /// The time since the chunk before.
    pub delay: Duration,
    /// The text to append, including white space.
    pub text: &'static str,
}

/// A tool call of a script.
#[derive(Debug, Clone, PartialEq)]
pub struct ScriptedToolCall {
    /// The id of the call.
    pub id: &'static str,
    /// The name of the tool.
    pub name: &'static str,
    /// The arguments.
    pub arguments: Value,
    /// The running time of the tool.
    pub duration: Duration,
    /// The outcome.
    pub outcome: ToolOutcome,
}

/// The outcome of a tool call.
#[derive(Debug, Clone, PartialEq)]
pub enum ToolOutcome {
    /// The tool returns this value.
    Success(Value),
    /// The tool fails with this message, in the framework's usual way.
    Failure(&'static str),
}

/// The result of a synthesis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SynthesisResult {
    /// Audio of this duration.
    Audio(Duration),
    /// The synthesis fails with this message.
    Failure(&'static str),
}

/// The declaration of a tool, as models get it.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolDeclaration {
    /// The name.
    pub name: &'static str,
    /// The description.
    pub description: &'static str,
    /// The JSON schema of the parameters.
    pub parameters: Value,
}

/// A running script. Clones share its state, so each service of a pipeline can have one.
///
/// ```
/// use std::time::{Duration, Instant, SystemTime};
///
/// use pipecat_instrument_runtime::testing::conformance::{LlmResponseContent, Script, Harness, Capabilities, UserAction};
///
/// let harness = Harness::new(Script::OneTurn, Capabilities::MINIMAL);
/// let start = Instant::now();
/// let question = loop {
///     // The transport polls the user every ten milliseconds.
///     if let UserAction::FinalTranscript(text) = harness.user_action() {
///         break text;
///     }
///     assert!(start.elapsed() < Duration::from_secs(5));
/// };
/// assert_eq!(question, "When are you open?");
///
/// // The model responds, synthesis makes audio of the text, and the transport plays it.
/// assert!(matches!(harness.llm_response().content, LlmResponseContent::Text(_)));
/// harness.on_audio_sent(Duration::from_millis(200));
/// ```
#[derive(Debug, Clone)]
pub struct Harness {
    script: Script,
    state: Arc<Mutex<HarnessState>>,
}

#[derive(Debug)]
struct HarnessState {
    scenario: Scenario,
    steps: VecDeque<Step>,
    /// The user's next actions, with their times.
    actions: VecDeque<(Instant, UserAction)>,
    /// The time of the user's last action.
    idle_since: Instant,
    responses: VecDeque<LlmResponse>,
    tool_calls: Vec<ScriptedToolCall>,
    bot: BotActivity,
    problems: Vec<String>,
}

/// The activity of the bot since the user's last step.
#[derive(Debug, Default)]
struct BotActivity {
    llm_called_at: Option<Instant>,
    failed_at: Option<Instant>,
    playing_since: Option<Instant>,
    playing_until: Option<Instant>,
}

#[allow(clippy::disallowed_methods, reason = "scripts run in real time, as observers use the real clock")]
pub(super) fn now() -> Instant {
    Instant::now()
}

#[allow(clippy::disallowed_methods, reason = "it is compared with the times of spans")]
pub(super) fn system_now() -> SystemTime {
    SystemTime::now()
}

impl Harness {
    /// Creates a harness for `script`, in a framework with `capabilities`.
    pub fn new(script: Script, capabilities: super::Capabilities) -> Self {
        let scenario = Scenario::of(script, capabilities);
        let state = HarnessState {
            steps: scenario.steps.clone().into(),
            actions: VecDeque::new(),
            idle_since: now(),
            responses: scenario.responses.clone().into(),
            tool_calls: Vec::new(),
            scenario,
            bot: BotActivity::default(),
            problems: Vec::new(),
        };
        Self { script, state: Arc::new(Mutex::new(state)) }
    }

    /// Returns the script.
    pub fn script(&self) -> Script {
        self.script
    }

    /// Returns the user's next action. To be called every [`POLL_INTERVAL`] until the conversation ends.
    pub fn user_action(&self) -> UserAction {
        self.state().user_action(now())
    }

    /// Returns the response to an LLM call that starts now.
    pub fn llm_response(&self) -> LlmResponse {
        self.state().llm_response(now())
    }

    /// Returns the newest call of the tool `name` in a response.
    pub fn tool_call(&self, name: &str) -> Option<ScriptedToolCall> {
        self.state().tool_calls.iter().rev().find(|call| call.name == name).cloned()
    }

    /// Returns the tools that the model may call.
    pub fn tool_declarations(&self) -> Vec<ToolDeclaration> {
        let day = json!({ "type": "object", "properties": { "day": { "type": "string" } } });
        vec![
            ToolDeclaration {
                name: "check_calendar",
                description: "The times that are free on a day",
                parameters: day.clone(),
            },
            ToolDeclaration {
                name: "check_weather",
                description: "What the weather will be on a day",
                parameters: day,
            },
        ]
    }

    /// Returns the result of synthesizing `text`.
    pub fn synthesize(&self, text: &str) -> SynthesisResult {
        let mut state = self.state();
        match state.scenario.failing_reply {
            Some((reply, message)) if reply.contains(text.trim()) => {
                state.bot.failed_at = Some(now());
                SynthesisResult::Failure(message)
            }
            _ => SynthesisResult::Audio(state.scenario.playing_time(text)),
        }
    }

    /// Reports that audio was sent to the user. It is played after the audio sent before.
    pub fn on_audio_sent(&self, duration: Duration) {
        let (mut state, now) = (self.state(), now());
        state.bot.playing_since.get_or_insert(now);
        let until = state.bot.playing_until.map_or(now, |until| until.max(now));
        state.bot.playing_until = Some(until + duration);
    }

    /// Reports that audio that was sent but not played was dropped.
    pub fn on_playback_cleared(&self) {
        self.state().bot.playing_until = Some(now());
    }

    /// Whether the bot is audible.
    pub fn is_bot_audible(&self) -> bool {
        self.state().bot.playing_until.is_some_and(|until| until > now())
    }

    /// Returns the deviations from the script.
    pub(super) fn problems(&self) -> Vec<String> {
        let state = self.state();
        let unused = state.responses.len();
        let unused = (unused > 0).then(|| format!("{unused} LLM responses were not requested"));
        state.problems.iter().cloned().chain(unused).collect()
    }

    fn state(&self) -> MutexGuard<'_, HarnessState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl HarnessState {
    fn user_action(&mut self, now: Instant) -> UserAction {
        if let Some((due, _)) = self.actions.front() {
            if *due > now {
                return UserAction::None;
            }
            self.idle_since = now;
            return self.actions.pop_front().map_or(UserAction::None, |(_, action)| action);
        }
        let Some(next) = self.steps.front() else { return UserAction::None };
        if !self.is_reached(next.cue, now) {
            return if now - self.idle_since < MAX_WAIT { UserAction::None } else { self.give_up() };
        }
        let Some(step) = self.steps.pop_front() else { return UserAction::None };
        self.actions = step.actions.into_iter().map(|(delay, action)| (now + delay, action)).collect();
        self.bot = BotActivity { playing_until: self.bot.playing_until, ..BotActivity::default() };
        self.user_action(now)
    }

    fn is_reached(&self, cue: Cue, now: Instant) -> bool {
        let BotActivity { llm_called_at, failed_at, playing_since, playing_until } = self.bot;
        let has_passed = |since: Option<Instant>, wait| since.is_some_and(|since| now >= since + wait);
        match cue {
            Cue::AfterReply => {
                llm_called_at.is_some()
                    && playing_since.is_some()
                    && has_passed(playing_until, PAUSE_AFTER_REPLY)
            }
            Cue::DuringReply(played) => has_passed(playing_since, played),
            Cue::DuringLlmCall => has_passed(llm_called_at, REACTION_TIME),
            Cue::AfterFailure => has_passed(failed_at, REACTION_TIME * 2),
            Cue::AfterSilence => has_passed(Some(self.idle_since), REACTION_TIME * 2),
        }
    }

    fn give_up(&mut self) -> UserAction {
        let cue = self.steps.front().map(|step| step.cue.to_string()).unwrap_or_default();
        self.problems.push(format!("the user waited in vain for {cue}, and hung up"));
        self.steps.clear();
        UserAction::HangUp
    }

    fn llm_response(&mut self, now: Instant) -> LlmResponse {
        let response = self.responses.pop_front().unwrap_or_else(|| {
            self.problems.push("the model was called more often than the script says".to_owned());
            LlmResponse { content: LlmResponseContent::Text(Vec::new()), usage: LlmUsage::default() }
        });
        // Audio from now on is the reply to this call.
        self.bot = BotActivity { llm_called_at: Some(now), playing_since: None, ..self.bot };
        match &response.content {
            LlmResponseContent::Failure(_) => self.bot.failed_at = Some(now),
            LlmResponseContent::ToolCalls(calls) => self.tool_calls.extend(calls.iter().cloned()),
            LlmResponseContent::Text(_) => {}
        }
        response
    }
}
