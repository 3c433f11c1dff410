//! Plays the scripts, all at once, and looks at what is exported.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::{Duration, SystemTime};

use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};

use super::check::check;
use super::found::Found;
use super::harness::{Harness, now, time_of_day};
use super::plot::Plot;
use super::report::{FailedCheck, Findings, Report};
use super::script::Script;
use super::tells::{Capabilities, FirstSpeaker};
use crate::emit::{Tracers, keys};
use crate::observer::{ObserveOptions, Observer, ObserverProvider, TracingContext};
use crate::privacy::TraceConfig;

/// How long a conversation may stay open after it is over.
const CLOSING: Duration = Duration::from_secs(3);

/// A framework with its adapter, as a suite plays on it.
pub trait Framework: Sync {
    /// What the framework tells.
    fn capabilities(&self) -> Capabilities;

    /// Holds the conversation of `harness` in the framework's own pipeline, with services that ask the harness what to do,
    /// watched by `observer` through the adapter. Returns when it is over; blocks till then, on a runtime of its own.
    ///
    /// # Errors
    ///
    /// What went wrong in the framework, if it is not part of the script.
    fn play(&self, harness: &Harness, observer: Observer) -> Result<(), Box<dyn std::error::Error>>;
}

/// The suite for one framework.
#[derive(Debug)]
pub struct Suite<F> {
    framework: F,
    cannot: Vec<(Script, &'static str)>,
    only: Option<Vec<Script>>,
}

impl<F: Framework> Suite<F> {
    /// Every script, for `framework`.
    pub fn new(framework: F) -> Self {
        Self { framework, cannot: Vec::new(), only: None }
    }

    /// Without a script that the framework cannot play. `why` stands in the report.
    pub fn skip(mut self, script: Script, why: &'static str) -> Self {
        self.cannot.push((script, why));
        self
    }

    /// With these scripts alone, while one looks for what is wrong.
    pub fn only(mut self, scripts: impl IntoIterator<Item = Script>) -> Self {
        self.only = Some(scripts.into_iter().collect());
        self
    }

    /// Plays the scripts, each on a thread of its own, all on one provider: what one conversation says must not be found
    /// in another.
    pub fn run(&self) -> Report {
        let begun = now();
        let tells = self.framework.capabilities();
        let mut skipped = self.cannot.clone();
        if tells.first_speaker == FirstSpeaker::User
            && !skipped.iter().any(|(script, _)| *script == Script::Greeting)
        {
            skipped.push((Script::Greeting, "the user speaks first"));
        }
        let chosen = |script: &Script| self.only.as_ref().is_none_or(|only| only.contains(script));
        let played: Vec<Script> = Script::ALL
            .into_iter()
            .filter(|script| chosen(script) && !skipped.iter().any(|(skipped, _)| skipped == script))
            .collect();
        let findings = self.play_all(&played, tells);
        Report { played, skipped, findings, took: now().duration_since(begun) }
    }

    fn play_all(&self, scripts: &[Script], tells: Capabilities) -> Findings {
        let house = House::new();
        let played: Vec<Played> = thread::scope(|scope| {
            let playing: Vec<_> = scripts
                .iter()
                .map(|&script| {
                    scope.spawn({
                        let house = &house;
                        move || self.play(script, tells, house)
                    })
                })
                .collect();
            playing.into_iter().filter_map(|playing| playing.join().ok()).collect()
        });

        let mut findings = Findings::default();
        for Played { script, problems, over } in played {
            let spans = house.spans_of(script);
            findings.add(check(script, &Plot::of(script, tells), &session(script), &spans));
            let late = spans.iter().filter(|span| span.start_time > over);
            let late = late.map(|span| format!("{} began after it was over", span.name));
            findings.broken.extend(problems.into_iter().chain(late).map(|found| of_the_play(script, found)));
        }
        findings.broken.extend(house.strangers(scripts));
        findings
    }

    fn play(&self, script: Script, tells: Capabilities, house: &House) -> Played {
        let harness = Harness::new(script, tells);
        let observer = house.group.observe(ObserveOptions::new().conversation_id(&session(script)));
        let tracing = observer.tracing_context();
        let outcome = catch_unwind(AssertUnwindSafe(|| self.framework.play(&harness, observer)));
        let over = time_of_day();
        let mut problems = harness.surprises();
        match outcome {
            Ok(Ok(())) => {}
            Ok(Err(error)) => problems.push(format!("the framework failed: {error}")),
            Err(panic) => problems.push(format!("the pipeline panicked: {}", message_of(&*panic))),
        }
        if !closes(&tracing) {
            problems.push(format!(
                "the conversation is open {} s after it was over: nobody told its end, and somebody keeps the observer",
                CLOSING.as_secs()
            ));
        }
        Played { script, problems, over }
    }
}

/// What came of one script, but for its spans.
struct Played {
    script: Script,
    problems: Vec<String>,
    /// When it was over.
    over: SystemTime,
}

/// What all conversations have in common.
struct House {
    exporter: InMemorySpanExporter,
    group: ObserverProvider,
}

impl House {
    fn new() -> Self {
        let exporter = InMemorySpanExporter::default();
        let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
        // Whatever the environment hides, and whatever else is in it.
        let everything = TraceConfig::default()
            .hide_inputs(false)
            .hide_outputs(false)
            .hide_input_messages(false)
            .hide_output_messages(false)
            .hide_input_text(false)
            .hide_output_text(false);
        Self { exporter, group: ObserverProvider::new(Tracers::new(&provider)).trace_config(everything) }
    }

    fn spans(&self) -> Vec<SpanData> {
        self.exporter.get_finished_spans().unwrap_or_default()
    }

    fn spans_of(&self, script: Script) -> Vec<SpanData> {
        let session = session(script);
        self.spans().into_iter().filter(|span| session_of(span) == session).collect()
    }

    /// Spans of no conversation that was held.
    fn strangers(&self, scripts: &[Script]) -> Vec<FailedCheck> {
        let known: Vec<String> = scripts.iter().map(|script| session(*script)).collect();
        let strangers = self.spans().into_iter().filter(|span| !known.contains(&session_of(span)));
        let found = strangers.map(|span| format!("{} of session {:?}", span.name, session_of(&span)));
        scripts.first().map_or_else(Vec::new, |script| {
            found.map(|found| of_the_play(*script, format!("a span of no conversation: {found}"))).collect()
        })
    }
}

fn session(script: Script) -> String {
    format!("conformance: {script}")
}

fn session_of(span: &SpanData) -> String {
    Found(span).text(keys::SESSION_ID).unwrap_or_default()
}

fn of_the_play(script: Script, found: String) -> FailedCheck {
    FailedCheck {
        script,
        place: "the conversation".to_owned(),
        what: "what happens in it".to_owned(),
        expected: "what the script says".to_owned(),
        found,
    }
}

/// Whether the conversation is over, or soon will be.
fn closes(tracing: &TracingContext) -> bool {
    let limit = now() + CLOSING;
    while tracing.is_observed() {
        if now() > limit {
            return false;
        }
        thread::sleep(Duration::from_millis(5));
    }
    true
}

fn message_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().map(str::to_owned);
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
}
