//! Where a script is played: who plays what asks here.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use serde_json::json;

use super::parts::{
    LlmResponse, LlmResponseContent, ScriptedToolCall, SynthesisResult, ToolDeclaration, UserAction,
};
use super::plot::{Cue, Plot, Step};
use super::script::Script;
use crate::engine::frame::LlmUsage;

/// How often the user should be asked what they do.
pub const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// How long the user waits for what does not come.
const PATIENCE: Duration = Duration::from_secs(6);
/// A breath between the bot's last word and the user's first.
const BREATH: Duration = Duration::from_millis(120);
/// How long the model is given before the user goes on, and a failure before the user asks again.
const A_MOMENT: Duration = Duration::from_millis(120);

/// One conversation of a script, as it is played. Clones are the same one: each service of a pipeline has its own.
///
/// ```
/// use std::time::{Duration, Instant, SystemTime};
///
/// use pipecat_instrument_runtime::testing::conformance::{LlmResponseContent, Script, Harness, Capabilities, UserAction};
///
/// let harness = Harness::new(Script::OneTurn, Capabilities::MINIMAL);
/// let begun = Instant::now();
/// let said = loop {
///     // Every ten milliseconds, the transport asks what the user does.
///     if let UserAction::FinalTranscript(text) = harness.user_action() {
///         break text;
///     }
///     assert!(begun.elapsed() < Duration::from_secs(5));
/// };
/// assert_eq!(said, "When are you open?");
///
/// // The model answers, the synthesis makes audio of that, and the transport plays it.
/// assert!(matches!(harness.llm_response().content, LlmResponseContent::Text(_)));
/// harness.on_audio_sent(Duration::from_millis(200));
/// ```
#[derive(Debug, Clone)]
pub struct Harness {
    script: Script,
    scene: Arc<Mutex<Scene>>,
}

#[derive(Debug)]
struct Scene {
    steps: VecDeque<Step>,
    /// What the user does next, and when.
    doing: VecDeque<(Instant, UserAction)>,
    /// When the user last did something.
    idle_since: Instant,
    answers: VecDeque<LlmResponse>,
    called: Vec<ScriptedToolCall>,
    plot: Plot,
    bot: Bot,
    surprises: Vec<String>,
}

/// What the bot has done since the user last began to speak.
#[derive(Debug, Default)]
struct Bot {
    asked: Option<Instant>,
    failed: Option<Instant>,
    speaks_since: Option<Instant>,
    plays_until: Option<Instant>,
}

/// The time of whoever plays: services and users take theirs.
#[allow(clippy::disallowed_methods, reason = "a script is played in real time, as the observer watches it")]
pub(super) fn now() -> Instant {
    Instant::now()
}

/// The same, as spans tell it.
#[allow(clippy::disallowed_methods, reason = "it is held against the times of spans")]
pub(super) fn time_of_day() -> SystemTime {
    SystemTime::now()
}

impl Harness {
    /// A harness for `script`, in a framework that tells what `tells` says.
    pub fn new(script: Script, tells: super::Capabilities) -> Self {
        Self::of(script, Plot::of(script, tells))
    }

    pub(super) fn of(script: Script, plot: Plot) -> Self {
        let scene = Scene {
            steps: plot.steps.clone().into(),
            doing: VecDeque::new(),
            idle_since: now(),
            answers: plot.answers.clone().into(),
            called: Vec::new(),
            plot,
            bot: Bot::default(),
            surprises: Vec::new(),
        };
        Self { script, scene: Arc::new(Mutex::new(scene)) }
    }

    /// Which script it is.
    pub fn script(&self) -> Script {
        self.script
    }

    /// What the user does now. To be asked every [`POLL_INTERVAL`], until the user leaves.
    pub fn user_action(&self) -> UserAction {
        self.scene().user(now())
    }

    /// What the model does that is asked now.
    pub fn llm_response(&self) -> LlmResponse {
        self.scene().answer(now())
    }

    /// The newest call of the tool `name` that the model has asked for.
    pub fn tool_call(&self, name: &str) -> Option<ScriptedToolCall> {
        self.scene().called.iter().rev().find(|call| call.name == name).cloned()
    }

    /// The tools that the model may ask for.
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

    /// What the synthesis makes of `text`.
    pub fn synthesize(&self, text: &str) -> SynthesisResult {
        let mut scene = self.scene();
        match scene.plot.fails_to_say {
            Some((of_this, message)) if of_this.contains(text.trim()) => {
                scene.bot.failed = Some(now());
                SynthesisResult::Failure(message)
            }
            _ => SynthesisResult::Audio(scene.plot.length_of(text)),
        }
    }

    /// So much audio has been sent to the user, and is played from now on, behind what was sent before.
    pub fn on_audio_sent(&self, audio: Duration) {
        let (mut scene, now) = (self.scene(), now());
        scene.bot.speaks_since.get_or_insert(now);
        let until = scene.bot.plays_until.map_or(now, |until| until.max(now));
        scene.bot.plays_until = Some(until + audio);
    }

    /// What has been sent and not been played is dropped: the bot is silent.
    pub fn on_playback_cleared(&self) {
        self.scene().bot.plays_until = Some(now());
    }

    /// Whether the user hears the bot.
    pub fn is_bot_audible(&self) -> bool {
        self.scene().bot.plays_until.is_some_and(|until| until > now())
    }

    /// What happened that is not in the script.
    pub(super) fn surprises(&self) -> Vec<String> {
        let scene = self.scene();
        let left = scene.answers.len();
        let unasked = (left > 0).then(|| format!("{left} answers of the model were not asked for"));
        scene.surprises.iter().cloned().chain(unasked).collect()
    }

    fn scene(&self) -> MutexGuard<'_, Scene> {
        self.scene.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Scene {
    fn user(&mut self, now: Instant) -> UserAction {
        if let Some((due, _)) = self.doing.front() {
            if *due > now {
                return UserAction::None;
            }
            self.idle_since = now;
            return self.doing.pop_front().map_or(UserAction::None, |(_, does)| does);
        }
        let Some(next) = self.steps.front() else { return UserAction::None };
        if !self.has_come(next.when, now) {
            return if now - self.idle_since < PATIENCE { UserAction::None } else { self.give_up() };
        }
        let Some(step) = self.steps.pop_front() else { return UserAction::None };
        self.doing = step.does.into_iter().map(|(after, does)| (now + after, does)).collect();
        self.bot = Bot { plays_until: self.bot.plays_until, ..Bot::default() };
        self.user(now)
    }

    fn has_come(&self, cue: Cue, now: Instant) -> bool {
        let Bot { asked, failed, speaks_since, plays_until } = self.bot;
        let past = |then: Option<Instant>, wait| then.is_some_and(|then| now >= then + wait);
        match cue {
            Cue::AfterReply => asked.is_some() && speaks_since.is_some() && past(plays_until, BREATH),
            Cue::IntoReply(heard) => past(speaks_since, heard),
            Cue::WhileAsked => past(asked, A_MOMENT),
            Cue::AfterFailure => past(failed, A_MOMENT * 2),
            Cue::AfterSilence => past(Some(self.idle_since), A_MOMENT * 2),
        }
    }

    /// A user who has waited for too long hangs up.
    fn give_up(&mut self) -> UserAction {
        let waited_for = self.steps.front().map(|step| step.when.to_string()).unwrap_or_default();
        self.surprises.push(format!("the user waited in vain {waited_for}, and hung up"));
        self.steps.clear();
        UserAction::HangUp
    }

    fn answer(&mut self, now: Instant) -> LlmResponse {
        let answer = self.answers.pop_front().unwrap_or_else(|| {
            self.surprises.push("the model was asked more often than the script says".to_owned());
            LlmResponse { content: LlmResponseContent::Text(Vec::new()), usage: LlmUsage::default() }
        });
        // What is played from now on answers this.
        self.bot = Bot { asked: Some(now), speaks_since: None, ..self.bot };
        match &answer.content {
            LlmResponseContent::Failure(_) => self.bot.failed = Some(now),
            LlmResponseContent::ToolCalls(calls) => self.called.extend(calls.iter().cloned()),
            LlmResponseContent::Text(_) => {}
        }
        answer
    }
}
