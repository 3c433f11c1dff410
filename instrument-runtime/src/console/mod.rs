//! Finished spans as trees, to be read by people.
//!
//! ```text
//! conversation call-42 · 2 turns · 5.12 s
//!
//! turn 1  1.94 s  completed  user→bot 640 ms
//! │  user "What is the weather in Paris?"
//! │  bot  "It is 21 degrees in Paris."
//! ├─ stt       +0.0 ms  310 ms  Deepgram nova-2   ttfb 120 ms
//! ├─ llm       +320 ms  410 ms  OpenAI gpt-4o     ttfb 320 ms  120→20 tokens  calls get_weather
//! │  └─ tool   +735 ms   30 ms  get_weather       {"city":"Paris"} → {"temp_c":21}
//! ├─ llm       +770 ms  380 ms  OpenAI gpt-4o     ttfb 290 ms  180→9 tokens (64 cached)
//! └─ tts       +1.12 s  820 ms  Cartesia sonic-2  ttfb 64 ms  26 characters
//! ```
//!
//! A row says what a span is, when in its turn it began, how long it took, who did it and how it went. What was said
//! stands in the row of a service only where the turn does not already say it: what was generated and never spoken,
//! one of several utterances.

mod build;
mod exporter;
mod format_duration;
mod line;
mod row;
mod service_label;
mod span_attributes;
mod style;
mod terminal_text;
#[cfg(test)]
mod test_support;
mod turn;

pub use exporter::ConsoleExporter;
pub use format_duration::{format_duration, format_seconds};
pub use service_label::service_label;
pub use style::{Color, TreeStyle};
pub use terminal_text::{ELLIPSIS, columns, one_line, shorten};

use opentelemetry_sdk::trace::SpanData;

use build::Conversation;
use line::Line;
use style::Paint;

/// The spans of some conversations, as trees.
///
/// ```
/// use opentelemetry::KeyValue;
/// use opentelemetry::trace::{Span, Tracer, TracerProvider};
/// use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
/// use pipecat_instrument_runtime::emit::keys;
/// use pipecat_instrument_runtime::console::{SpanTree, TreeStyle};
///
/// let exporter = InMemorySpanExporter::default();
/// let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
/// let mut span = provider.tracer("example").start("pipecat.conversation.turn");
/// span.set_attribute(KeyValue::new(keys::SESSION_ID, "call-42"));
/// span.set_attribute(KeyValue::new(keys::TURN_NUMBER, 1));
/// span.end();
///
/// let spans = exporter.get_finished_spans()?;
/// let text = SpanTree::from_spans(&spans).render(TreeStyle::default());
/// assert!(text.starts_with("conversation call-42 · 1 turn · "));
/// # Ok::<(), opentelemetry_sdk::error::OTelSdkError>(())
/// ```
#[derive(Debug)]
pub struct SpanTree {
    conversations: Vec<Conversation>,
}

impl SpanTree {
    /// The trees of `spans`, which may come in any order and from any number of conversations. A span whose parent is
    /// not among them has a tree of its own.
    pub fn from_spans(spans: &[SpanData]) -> Self {
        Self { conversations: build::arrange(spans) }
    }

    /// All conversations as text, one after another, each with its turns. Ends with a line break, unless empty.
    pub fn render(&self, style: TreeStyle) -> String {
        let conversations: Vec<String> = self
            .conversations
            .iter()
            .map(|conversation| heading(conversation, style) + "\n" + &turns(conversation, style))
            .collect();
        conversations.join("\n")
    }

    /// The same without the conversations' headings, for an output that goes on turn by turn.
    pub fn render_turns(&self, style: TreeStyle) -> String {
        let conversations: Vec<String> =
            self.conversations.iter().map(|conversation| turns(conversation, style)).collect();
        conversations.join("\n")
    }
}

fn turns(conversation: &Conversation, style: TreeStyle) -> String {
    let roots: Vec<String> = conversation.roots.iter().map(|root| turn::render(root, style)).collect();
    roots.join("\n")
}

fn heading(conversation: &Conversation, style: TreeStyle) -> String {
    let mut line = begin_heading(conversation.id.as_deref(), style);
    let turns = match conversation.turn_count() {
        1 => "1 turn".to_owned(),
        several => format!("{several} turns"),
    };
    let duration =
        conversation.end().zip(conversation.start()).map(|(end, start)| span_attributes::since(end, start));
    line.add(Paint::Plain, &format!(" · {turns} · {}", format_duration(duration.unwrap_or_default())));
    line.finish()
}

/// The heading of the conversation `id` before anything more is known of it.
pub(super) fn name(id: Option<&str>, style: TreeStyle) -> String {
    begin_heading(id, style).finish()
}

fn begin_heading(id: Option<&str>, style: TreeStyle) -> Line {
    let mut line = Line::new(style);
    line.add(
        Paint::Heading,
        &id.map_or_else(|| "no conversation".into(), |id| format!("conversation {}", one_line(id))),
    );
    line
}

#[cfg(test)]
mod tests;
