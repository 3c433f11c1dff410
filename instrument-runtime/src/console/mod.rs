//! Finished spans, printed as trees.
//!
//! [`ConsoleExporter`] prints each turn when it ends; [`SpanTree`] prints spans that were collected.
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
//! A row shows the kind of the span, its start relative to the turn, its duration, the service with its model, and
//! measurements. It shows the text of a service only if the turn does not: text that was generated but not spoken, or
//! one of several utterances.

mod build;
mod exporter;
mod format_duration;
mod line;
mod span_attributes;
mod terminal_text;
#[cfg(test)]
mod test_support;
mod turn;

pub use exporter::ConsoleExporter;
pub use format_duration::{format_duration, format_seconds};
pub use line::{Color, TreeStyle};
pub use terminal_text::{ELLIPSIS, columns, one_line, shorten};
pub use turn::service_label;

use opentelemetry_sdk::trace::SpanData;

use self::build::ConversationTree;
use self::line::{Paint, TreeLine};

/// The spans of conversations, as trees.
///
/// ```
/// use opentelemetry::KeyValue;
/// use opentelemetry::trace::{Span, Tracer, TracerProvider};
/// use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
/// use pipecat_instrument_runtime::console::{SpanTree, TreeStyle};
/// use pipecat_instrument_runtime::emit::keys;
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
    conversations: Vec<ConversationTree>,
}

impl SpanTree {
    /// Builds the trees of `spans`, in any order and from any number of conversations.
    ///
    /// A span whose parent is missing is the root of a tree. Conversations are in order of start, turns in order of number.
    pub fn from_spans(spans: &[SpanData]) -> Self {
        Self { conversations: build::build_trees(spans) }
    }

    /// Renders every conversation with a heading. The text ends with a line break, unless it is empty.
    pub fn render(&self, style: TreeStyle) -> String {
        let conversations: Vec<String> = self
            .conversations
            .iter()
            .map(|conversation| heading(conversation, style) + "\n" + &turns(conversation, style))
            .collect();
        conversations.join("\n")
    }

    /// Renders the turns without the headings of their conversations, for output that continues turn by turn.
    pub fn render_turns(&self, style: TreeStyle) -> String {
        let conversations: Vec<String> =
            self.conversations.iter().map(|conversation| turns(conversation, style)).collect();
        conversations.join("\n")
    }
}

fn turns(conversation: &ConversationTree, style: TreeStyle) -> String {
    let roots: Vec<String> = conversation.roots.iter().map(|root| turn::render(root, style)).collect();
    roots.join("\n")
}

fn heading(conversation: &ConversationTree, style: TreeStyle) -> String {
    let mut line = conversation_line(conversation.id.as_deref(), style);
    let turns = match conversation.turn_count() {
        1 => "1 turn".to_owned(),
        count => format!("{count} turns"),
    };
    let times = conversation.end().zip(conversation.start());
    let duration = times.map(|(end, start)| span_attributes::since(end, start)).unwrap_or_default();
    line.add(Paint::Plain, &format!(" · {turns} · {}", format_duration(duration)));
    line.finish()
}

/// Starts a heading with the name of a conversation.
fn conversation_line(id: Option<&str>, style: TreeStyle) -> TreeLine {
    let mut line = TreeLine::new(style);
    let name = id.map_or_else(|| "no conversation".into(), |id| format!("conversation {}", one_line(id)));
    line.add(Paint::Heading, &name);
    line
}

#[cfg(test)]
mod tests;
