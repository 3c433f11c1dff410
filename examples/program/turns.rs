//! Says each turn in one line as it ends, and keeps every span for later.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Span, SpanData, SpanProcessor};
use pipecat_instrument::opentelemetry::{Context, Value};

use super::terminal::say;

const TURN: &str = "pipecat.conversation.turn";
/// Columns of a line.
const WIDTH: usize = 100;

/// Prints turns as they end, and gathers spans.
#[derive(Debug, Clone, Default)]
pub(crate) struct Turns {
    spans: Arc<Mutex<Vec<SpanData>>>,
}

impl Turns {
    /// Every span that has ended.
    pub(crate) fn spans(&self) -> Vec<SpanData> {
        self.spans.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl SpanProcessor for Turns {
    fn on_start(&self, _span: &mut Span, _context: &Context) {}

    fn on_end(&self, span: SpanData) {
        if span.name == TURN {
            say(line(&span));
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

fn line(turn: &SpanData) -> String {
    let text = |key| attribute(turn, key).map(|value| value.as_str().into_owned());
    let seconds = turn.end_time.duration_since(turn.start_time).unwrap_or_default().as_secs_f64();
    let said = |who: &str, key| text(key).map(|text| format!("  {who}: {text}")).unwrap_or_default();
    let line = format!(
        "turn {:<2} {seconds:4.1} s  {:<11}{}{}",
        text("conversation.turn_number").unwrap_or_default(),
        text("conversation.end_reason").unwrap_or_default(),
        said("user", "input.value"),
        said("bot", "output.value"),
    );
    shortened(line)
}

fn attribute<'a>(span: &'a SpanData, key: &str) -> Option<&'a Value> {
    span.attributes.iter().find(|attribute| attribute.key.as_str() == key).map(|attribute| &attribute.value)
}

fn shortened(line: String) -> String {
    if line.chars().count() <= WIDTH {
        return line;
    }
    let start: String = line.chars().take(WIDTH - 1).collect();
    start + "…"
}
