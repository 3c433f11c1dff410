//! A span exporter that prints turns.

use std::collections::HashSet;
use std::fmt;
use std::io::Write;
use std::sync::{Mutex, PoisonError};

use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{SpanData, SpanExporter};

use super::span_attributes::{self as attributes, RowKind};
use super::{SpanTree, TreeStyle, conversation_line};
use crate::emit::keys;

/// Spans that wait for their turn to end. The oldest are discarded first, as their turn may never end.
const MAX_WAITING_SPANS: usize = 2048;

/// Prints each turn as a [tree](super) when it ends, below the name of its conversation.
///
/// Spans without a turn are not printed. Add it to a provider as a batch exporter, so that the voice pipeline never waits for
/// a terminal:
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
    /// Creates an exporter that prints to `out`.
    pub fn new(out: impl Write + Send + 'static, style: TreeStyle) -> Self {
        let console = Console { out: Box::new(out), waiting: Vec::new(), last_conversation: None };
        Self { style, console: Mutex::new(console) }
    }

    /// Creates an exporter that prints to standard output.
    pub fn stdout(style: TreeStyle) -> Self {
        Self::new(std::io::stdout(), style)
    }

    /// Creates an exporter that prints to standard error.
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
        // A panic leaves the list of spans intact.
        let mut console = self.console.lock().unwrap_or_else(PoisonError::into_inner);
        console.waiting.extend(batch);
        let text = console.render_finished_turns(self.style);
        console
            .print(&text)
            .map_err(|error| OTelSdkError::InternalFailure(format!("cannot print a turn: {error}")))
    }
}

struct Console {
    out: Box<dyn Write + Send>,
    /// Spans whose turn has not ended, in the order in which they ended.
    waiting: Vec<SpanData>,
    last_conversation: Option<String>,
}

impl Console {
    /// Renders the turns that have ended, and keeps the spans of the others.
    fn render_finished_turns(&mut self, style: TreeStyle) -> String {
        let mut text = String::new();
        while let Some(turn) =
            self.waiting.iter().position(|span| matches!(attributes::kind(span), RowKind::Turn(_)))
        {
            let turn = self.waiting.remove(turn);
            text += &self.heading_if_new(&turn, style);
            let spans = self.take_descendants(turn);
            text += &SpanTree::from_spans(&spans).render_turns(style);
            text.push('\n');
        }
        self.waiting.drain(..self.waiting.len().saturating_sub(MAX_WAITING_SPANS));
        text
    }

    /// Returns the heading of the turn's conversation, unless the turn before was of the same conversation.
    fn heading_if_new(&mut self, turn: &SpanData, style: TreeStyle) -> String {
        let conversation = attributes::text(turn, keys::SESSION_ID).map(str::to_owned);
        if conversation == self.last_conversation {
            return String::new();
        }
        let heading = conversation_line(conversation.as_deref(), style).finish() + "\n";
        self.last_conversation = conversation;
        heading
    }

    /// Removes and returns `turn` and all waiting spans below it. A span may end before its parent or after.
    fn take_descendants(&mut self, turn: SpanData) -> Vec<SpanData> {
        let mut ids = HashSet::from([turn.span_context.span_id()]);
        let mut spans = vec![turn];
        loop {
            let (children, waiting): (Vec<_>, Vec<_>) = std::mem::take(&mut self.waiting)
                .into_iter()
                .partition(|span| ids.contains(&span.parent_span_id));
            self.waiting = waiting;
            if children.is_empty() {
                return spans;
            }
            ids.extend(children.iter().map(|span| span.span_context.span_id()));
            spans.extend(children);
        }
    }

    fn print(&mut self, text: &str) -> std::io::Result<()> {
        self.out.write_all(text.as_bytes())?;
        self.out.flush()
    }
}

#[cfg(test)]
mod tests;
