//! Turns, printed as they end.

use std::collections::HashSet;
use std::fmt;
use std::io::Write;
use std::sync::{Mutex, PoisonError};

use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{SpanData, SpanExporter};

use super::span_attributes::{self, Kind};
use super::{SpanTree, TreeStyle, name};
use crate::emit::keys;

/// How many spans wait for their turn, at most. The oldest give way: they may never have had one.
const MOST_WAITING: usize = 2048;

/// Prints each turn as a [tree](super) when it ends, under its conversation's name.
///
/// Spans that belong to no turn are not printed. Give it to a provider's batch processor, so that the voice pipeline
/// never waits for a terminal:
///
/// ```
/// use opentelemetry_sdk::trace::SdkTracerProvider;
/// use pipecat_instrument_runtime::console::ConsoleExporter;
/// use pipecat_instrument_runtime::console::TreeStyle;
///
/// let exporter = ConsoleExporter::stdout(TreeStyle::default());
/// let provider = SdkTracerProvider::builder().with_batch_exporter(exporter).build();
/// # drop(provider);
/// ```
pub struct ConsoleExporter {
    style: TreeStyle,
    console: Mutex<Console>,
}

impl ConsoleExporter {
    /// Prints to `out`.
    pub fn new(out: impl Write + Send + 'static, style: TreeStyle) -> Self {
        let console = Console { out: Box::new(out), waiting: Vec::new(), last_conversation: None };
        Self { style, console: Mutex::new(console) }
    }

    /// Prints to standard output.
    pub fn stdout(style: TreeStyle) -> Self {
        Self::new(std::io::stdout(), style)
    }

    /// Prints to standard error.
    pub fn stderr(style: TreeStyle) -> Self {
        Self::new(std::io::stderr(), style)
    }
}

impl fmt::Debug for ConsoleExporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConsoleExporter").field("style", &self.style).finish_non_exhaustive()
    }
}

impl SpanExporter for ConsoleExporter {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        // What a panic left behind is still a list of spans.
        let mut console = self.console.lock().unwrap_or_else(PoisonError::into_inner);
        console.take_in(batch);
        let text = console.finished_turns(self.style);
        console
            .print(&text)
            .map_err(|error| OTelSdkError::InternalFailure(format!("cannot print a turn: {error}")))
    }
}

struct Console {
    out: Box<dyn Write + Send>,
    /// Spans whose turn is still to come, in the order in which they ended.
    waiting: Vec<SpanData>,
    last_conversation: Option<String>,
}

impl Console {
    fn take_in(&mut self, batch: Vec<SpanData>) {
        self.waiting.extend(batch);
    }

    /// The turns among the spans that wait, as text. What is then left waits on, if it is not too much.
    fn finished_turns(&mut self, style: TreeStyle) -> String {
        let mut text = String::new();
        while let Some(turn) =
            self.waiting.iter().position(|span| matches!(span_attributes::kind(span), Kind::Turn(_)))
        {
            let turn = self.waiting.remove(turn);
            text += &self.name_if_another(&turn, style);
            let spans = self.take_all_under(turn);
            text += &SpanTree::from_spans(&spans).render_turns(style);
            text.push('\n');
        }
        self.waiting.drain(..self.waiting.len().saturating_sub(MOST_WAITING));
        text
    }

    /// The heading of the turn's conversation, unless the turn before it had the same.
    fn name_if_another(&mut self, turn: &SpanData, style: TreeStyle) -> String {
        let conversation = span_attributes::text(turn, keys::SESSION_ID).map(str::to_owned);
        if conversation == self.last_conversation {
            return String::new();
        }
        let heading = name(conversation.as_deref(), style) + "\n";
        self.last_conversation = conversation;
        heading
    }

    /// `turn` and all that waits under it. A span may have ended before its parent or after it.
    fn take_all_under(&mut self, turn: SpanData) -> Vec<SpanData> {
        let mut ids = HashSet::from([turn.span_context.span_id()]);
        let mut taken = vec![turn];
        loop {
            let (under, waiting): (Vec<_>, Vec<_>) = std::mem::take(&mut self.waiting)
                .into_iter()
                .partition(|span| ids.contains(&span.parent_span_id));
            self.waiting = waiting;
            if under.is_empty() {
                return taken;
            }
            ids.extend(under.iter().map(|span| span.span_context.span_id()));
            taken.extend(under);
        }
    }

    fn print(&mut self, text: &str) -> std::io::Result<()> {
        self.out.write_all(text.as_bytes())?;
        self.out.flush()
    }
}

#[cfg(test)]
mod tests;
