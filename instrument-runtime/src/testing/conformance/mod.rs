//! Conformance suite for adapters: plays scripted conversations in a framework's own pipeline, and checks their spans.
//!
//! The author of an adapter implements [`Framework`]. Its [`play`](Framework::play) runs a conversation in a real
//! pipeline of the framework, observed through the adapter. The services of the pipeline take their actions from the
//! [`Harness`]. The [`Capabilities`] of the framework determine the expected spans. Scripts that the framework cannot
//! play are [skipped](Suite::skip), with a reason:
//!
//! ```no_run
//! use std::error::Error;
//!
//! use pipecat_instrument_runtime::observer::Observer;
//! use pipecat_instrument_runtime::testing::conformance::{Framework, Script, Harness, Suite, Capabilities, Reported};
//!
//! struct MyFramework;
//!
//! impl Framework for MyFramework {
//!     fn capabilities(&self) -> Capabilities {
//!         Capabilities { voice: Reported::Yes, ..Capabilities::MINIMAL }
//!     }
//!
//!     fn play(&self, harness: &Harness, observer: Observer) -> Result<(), Box<dyn Error>> {
//!         // Build the pipeline: speech-to-text sends the transcripts in `harness.user_action()`, the model responds with
//!         // `harness.llm_response()`, tools return what `harness.tool_call(name)` says, synthesis makes the audio of
//!         // `harness.synthesize(text)`, and the transport reports to `harness.on_audio_sent(duration)`.
//!         // Run it with the observer until the user hangs up, cancels or drops the task.
//!         # let (_, _) = (harness, observer);
//!         Ok(())
//!     }
//! }
//!
//! // In a #[test]:
//! Suite::new(MyFramework)
//!     .skip(Script::InterruptedResponse, "a reply is synthesized in one piece")
//!     .run()
//!     .assert_passed();
//! ```
//!
//! The user of a script waits for cues as a real user does, so a slow machine makes a slow conversation with the same
//! course. Services take the scripted time in real time, as observers use the real clock. All scripts run at once on one
//! provider; the suite takes about two seconds for flowcat.
//!
//! | file | subject |
//! |---|---|
//! | `scenario` | the scripts, and the course of each |
//! | `harness` | actions of user and services while a script runs |
//! | `expectations` | expected spans, by capabilities |
//! | `check` | checks of exported spans, and the report |

mod check;
mod expectations;
mod harness;
mod scenario;
#[cfg(test)]
mod tests;

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::{Duration, SystemTime};

use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};

use self::check::{Checks, ExportedSpan};
use self::harness::{now, system_now};
use self::scenario::Scenario;
use crate::emit::{Tracers, keys};
use crate::observer::{ObserveOptions, Observer, ObserverProvider, TracingContext};
use crate::privacy::TraceConfig;

pub use check::{FailedCheck, Report};
pub use harness::{
    Harness, LlmResponse, LlmResponseContent, POLL_INTERVAL, ResponseChunk, ScriptedToolCall,
    SynthesisResult, ToolDeclaration, ToolOutcome, UserAction,
};
pub use scenario::Script;

/// The time within which a conversation must close after its end.
const MAX_CLOSE_TIME: Duration = Duration::from_secs(3);

/// A framework with its adapter.
pub trait Framework: Sync {
    /// Returns the facts that the framework reports in its frames.
    fn capabilities(&self) -> Capabilities;

    /// Runs the conversation of `harness` in a pipeline of the framework, observed by `observer` through the adapter. Blocks
    /// until the conversation has ended, on a runtime of its own.
    ///
    /// # Errors
    ///
    /// Returns an error of the framework that is not part of the script.
    fn play(&self, harness: &Harness, observer: Observer) -> Result<(), Box<dyn std::error::Error>>;
}

/// The facts that a framework reports of a conversation, as far as spans depend on them. See [Frameworks with fewer frames].
///
/// ```
/// use pipecat_instrument_runtime::testing::conformance::{Capabilities, Reported, SpokenTextSource};
///
/// // A framework that reports the spoken words, but neither metrics nor voice detection.
/// let capabilities =
///     Capabilities { spoken_text: SpokenTextSource::PlayedWords, ..Capabilities::MINIMAL };
/// assert_eq!(capabilities.voice, Reported::No);
/// ```
///
/// [Frameworks with fewer frames]: https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#frameworks-with-fewer-frames
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// Start and stop of the user's voice.
    pub voice: Reported,
    /// The source of the spoken text.
    pub spoken_text: SpokenTextSource,
    /// The tokens of an LLM call.
    pub tokens: Reported,
    /// The number of synthesized characters.
    pub characters: Reported,
    /// Times to first byte. Times that are not reported are measured.
    pub times: Reported,
    /// The first speaker.
    pub first_speaker: FirstSpeaker,
    /// When the model is called again after several tool calls.
    pub follow_up: FollowUp,
}

/// Whether a framework reports something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reported {
    /// The framework reports it.
    Yes,
    /// The framework does not report it.
    No,
}

/// The source of the spoken text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpokenTextSource {
    /// Each word is reported when it is played. Of an interrupted reply, the played words are known.
    PlayedWords,
    /// Only the input of synthesis is known. Of an interrupted reply, the played duration is known.
    SynthesisInput,
}

/// The first speaker of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FirstSpeaker {
    /// The bot. Every script then begins with a greeting.
    Bot,
    /// The user.
    User,
}

/// When the model is called again after a response with several tool calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FollowUp {
    /// After all tools have returned.
    AfterAllTools,
    /// After each tool that returns.
    AfterEachTool,
}

impl Capabilities {
    /// Everything is reported, as by Pipecat.
    pub const ALL: Self = Self {
        voice: Reported::Yes,
        spoken_text: SpokenTextSource::PlayedWords,
        tokens: Reported::Yes,
        characters: Reported::Yes,
        times: Reported::Yes,
        first_speaker: FirstSpeaker::User,
        follow_up: FollowUp::AfterAllTools,
    };

    /// Only transcripts, contexts, responses and audio are reported, as by every framework.
    pub const MINIMAL: Self = Self {
        voice: Reported::No,
        spoken_text: SpokenTextSource::SynthesisInput,
        tokens: Reported::No,
        characters: Reported::No,
        times: Reported::No,
        first_speaker: FirstSpeaker::User,
        follow_up: FollowUp::AfterAllTools,
    };
}

/// The conformance suite for one framework.
#[derive(Debug)]
pub struct Suite<F> {
    framework: F,
    skipped: Vec<(Script, &'static str)>,
    only: Option<Vec<Script>>,
}

impl<F: Framework> Suite<F> {
    /// Creates a suite of all scripts.
    pub fn new(framework: F) -> Self {
        Self { framework, skipped: Vec::new(), only: None }
    }

    /// Skips a script that the framework cannot play. The report contains the reason.
    pub fn skip(mut self, script: Script, reason: &'static str) -> Self {
        self.skipped.push((script, reason));
        self
    }

    /// Plays only these scripts, for debugging.
    pub fn only(mut self, scripts: impl IntoIterator<Item = Script>) -> Self {
        self.only = Some(scripts.into_iter().collect());
        self
    }

    /// Plays the scripts, each on its own thread, and all on one provider: no conversation may affect another.
    pub fn run(&self) -> Report {
        let start = now();
        let capabilities = self.framework.capabilities();
        let mut skipped = self.skipped.clone();
        let is_skipped = |skipped: &[(Script, _)], script| skipped.iter().any(|(other, _)| *other == script);
        if capabilities.first_speaker == FirstSpeaker::User && !is_skipped(&skipped, Script::Greeting) {
            skipped.push((Script::Greeting, "the user speaks first"));
        }
        let is_selected = |script: &Script| self.only.as_ref().is_none_or(|only| only.contains(script));
        let mut played = Script::ALL.to_vec();
        played.retain(|script| is_selected(script) && !is_skipped(&skipped, *script));

        let provider = TestProvider::new();
        let conversations = thread::scope(|scope| {
            let play = |&script| {
                let provider = &provider;
                scope.spawn(move || self.play(script, capabilities, provider))
            };
            let threads: Vec<_> = played.iter().map(play).collect();
            threads.into_iter().filter_map(|thread| thread.join().ok()).collect::<Vec<_>>()
        });
        let checks = check_all(&conversations, capabilities, &provider.spans());
        Report { played, skipped, checks, duration: now().duration_since(start) }
    }

    fn play(&self, script: Script, capabilities: Capabilities, provider: &TestProvider) -> Played {
        let harness = Harness::new(script, capabilities);
        let options = ObserveOptions::new().conversation_id(&session(script));
        let observer = provider.observers.observe(options);
        let tracing = observer.tracing_context();
        let outcome = catch_unwind(AssertUnwindSafe(|| self.framework.play(&harness, observer)));
        let end = system_now();
        let mut problems = harness.problems();
        match outcome {
            Ok(Ok(())) => {}
            Ok(Err(error)) => problems.push(format!("the framework failed: {error}")),
            Err(panic) => problems.push(format!("the pipeline panicked: {}", panic_message(&*panic))),
        }
        if !wait_until_closed(&tracing) {
            problems.push(format!(
                "still open {} s after its end: no frame reported the end, and the observer was not dropped",
                MAX_CLOSE_TIME.as_secs()
            ));
        }
        Played { script, problems, end }
    }
}

/// A conversation that was played.
struct Played {
    script: Script,
    problems: Vec<String>,
    end: SystemTime,
}

fn check_all(conversations: &[Played], capabilities: Capabilities, spans: &[SpanData]) -> Checks {
    let mut checks = Checks::default();
    let mut unexpected: Vec<&SpanData> = spans.iter().collect();
    for Played { script, problems, end } in conversations {
        let session = session(*script);
        unexpected.retain(|span| session_of(span) != session);
        let spans: Vec<SpanData> = spans.iter().filter(|span| session_of(span) == session).cloned().collect();
        checks.append(check::check(*script, &Scenario::of(*script, capabilities), &session, &spans));
        let late = spans.iter().filter(|span| span.start_time > *end);
        let late = late.map(|span| format!("{} started after the end", span.name));
        problems
            .iter()
            .cloned()
            .chain(late)
            .for_each(|problem| checks.fail(*script, "conversation", problem));
    }
    if let Some(Played { script, .. }) = conversations.first() {
        for span in unexpected {
            let message = format!("unexpected span: {} of session {:?}", span.name, session_of(span));
            checks.fail(*script, "conversation", message);
        }
    }
    checks
}

/// The provider of all conversations of a suite.
struct TestProvider {
    exporter: InMemorySpanExporter,
    observers: ObserverProvider,
}

impl TestProvider {
    fn new() -> Self {
        let exporter = InMemorySpanExporter::default();
        let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
        // The environment must not hide the checked content.
        let config = TraceConfig::default()
            .hide_inputs(false)
            .hide_outputs(false)
            .hide_input_messages(false)
            .hide_output_messages(false)
            .hide_input_text(false)
            .hide_output_text(false);
        Self { exporter, observers: ObserverProvider::new(Tracers::new(&provider)).trace_config(config) }
    }

    fn spans(&self) -> Vec<SpanData> {
        self.exporter.get_finished_spans().unwrap_or_default()
    }
}

fn session(script: Script) -> String {
    format!("conformance: {script}")
}

fn session_of(span: &SpanData) -> String {
    ExportedSpan(span).text(keys::SESSION_ID).unwrap_or_default()
}

/// Waits for the conversation to close, and returns whether it did.
fn wait_until_closed(tracing: &TracingContext) -> bool {
    let limit = now() + MAX_CLOSE_TIME;
    while tracing.is_observed() {
        if now() > limit {
            return false;
        }
        thread::sleep(Duration::from_millis(5));
    }
    true
}

fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().map(str::to_owned);
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
}
