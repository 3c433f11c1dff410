//! The destinations of the spans: this terminal, and a backend if the environment names one.

use std::error::Error;
use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Span, SpanData, SpanProcessor};
use pipecat_instrument::console::{Color, SpanTree, TreeStyle, shorten};
use pipecat_instrument::opentelemetry::{Context, Value};
use pipecat_instrument::setup::{self, Setup};

/// Width of the line that summarizes a turn.
const COLUMNS: usize = 100;

/// The tracing of this process.
pub(crate) struct Traces {
    setup: Setup,
    terminal: Terminal,
}

impl Traces {
    /// Collects the spans of the program `name`, and sends them to the backend that the environment names.
    pub(crate) fn start(name: &'static str) -> Result<Self, Box<dyn Error>> {
        let terminal = Terminal::default();
        let setup = setup::builder()
            .fallback_exporters([]) // without a backend in the environment, the terminal is the only destination
            .service_name(name)
            .span_processor(terminal.clone())
            .build()?;
        let traces = Self { setup, terminal };
        if traces.has_backend() {
            print_line(&traces.setup);
            print_line(traces.setup.check()?);
        }
        Ok(traces)
    }

    /// Returns the provider, and the settings that suit the backend.
    pub(crate) fn setup(&self) -> &Setup {
        &self.setup
    }

    /// Prints every conversation so far as a tree.
    pub(crate) fn print_trees(&self) {
        let color = if io::stdout().is_terminal() { Color::Always } else { Color::Never };
        let style = TreeStyle { color, ..TreeStyle::default() };
        let tree = SpanTree::from_spans(&self.terminal.spans()).render(style);
        print_line(format_args!("\n{}", tree.trim_end()));
    }

    /// Sends the remaining spans, and prints the delivery report.
    pub(crate) fn shutdown(self) -> Result<(), Box<dyn Error>> {
        let has_backend = self.has_backend();
        let report = self.setup.shutdown(Duration::from_secs(10)).complete()?;
        if has_backend {
            print_line(format_args!("\n{report}"));
        }
        Ok(())
    }

    fn has_backend(&self) -> bool {
        !self.setup.report().destinations().is_empty()
    }
}

/// Prints to standard output. Unlike `println!`, it does not panic when the output is closed.
pub(crate) fn print_line(text: impl Display) {
    let _ = writeln!(io::stdout().lock(), "{text}");
}

/// Prints a line for each turn as it ends, and keeps every span for the tree.
#[derive(Debug, Clone, Default)]
struct Terminal {
    spans: Arc<Mutex<Vec<SpanData>>>,
}

impl Terminal {
    fn spans(&self) -> Vec<SpanData> {
        self.spans.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl SpanProcessor for Terminal {
    fn on_start(&self, _span: &mut Span, _context: &Context) {}

    fn on_end(&self, span: SpanData) {
        if span.name == "pipecat.conversation.turn" {
            print_line(summarize(&span));
        }
        self.spans.lock().unwrap_or_else(PoisonError::into_inner).push(span);
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _timeout: Duration) -> OTelSdkResult {
        Ok(())
    }
}

/// Describes a turn in one line.
fn summarize(turn: &SpanData) -> String {
    let text = |key| attribute(turn, key).map(|value| value.as_str().into_owned());
    let speech =
        |speaker: &str, key| text(key).map(|text| format!("  {speaker}: {text}")).unwrap_or_default();
    let seconds = turn.end_time.duration_since(turn.start_time).unwrap_or_default().as_secs_f64();
    let line = format!(
        "turn {:<2} {seconds:4.1} s  {:<11}{}{}",
        text("conversation.turn_number").unwrap_or_default(),
        text("conversation.end_reason").unwrap_or_default(),
        speech("user", "input.value"),
        speech("bot", "output.value"),
    );
    shorten(&line, COLUMNS)
}

fn attribute<'a>(span: &'a SpanData, key: &str) -> Option<&'a Value> {
    span.attributes.iter().find(|attribute| attribute.key.as_str() == key).map(|attribute| &attribute.value)
}
