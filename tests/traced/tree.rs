//! Spans as text: one line per span, children under their parent.

use opentelemetry::trace::Status;
use opentelemetry_sdk::trace::SpanData;

use super::support::attribute;

/// The labels and keys of the attributes in a line.
const COLUMNS: [(&str, &str); 13] = [
    ("", "service.name"),
    ("", "llm.model_name"),
    ("by ", "llm.provider"),
    ("voice ", "audio.voice"),
    ("in ", "input.value"),
    ("out ", "output.value"),
    ("sent ", "llm.token_count.prompt"),
    ("got ", "llm.token_count.completion"),
    ("characters ", "tts.character_count"),
    ("seconds ", "stt.audio_seconds"),
    ("ttfb ", "service.ttfb_source"),
    ("interrupted ", "llm.interrupted"),
    ("interrupted ", "tts.interrupted"),
];

/// Returns the trees of `spans`, in order of their start.
pub(crate) fn tree(spans: &[SpanData]) -> String {
    let mut spans: Vec<&SpanData> = spans.iter().collect();
    spans.sort_by_key(|span| span.start_time);
    let mut text = String::from("\n");
    let is_root =
        |span: &&SpanData| spans.iter().all(|other| other.span_context.span_id() != span.parent_span_id);
    for root in spans.iter().filter(|span| is_root(span)) {
        push_tree(root, &spans, 0, &mut text);
    }
    text
}

fn push_tree(span: &SpanData, spans: &[&SpanData], depth: usize, text: &mut String) {
    text.push_str(&"  ".repeat(depth));
    text.push_str(&line(span));
    text.push('\n');
    let id = span.span_context.span_id();
    for child in spans.iter().filter(|child| child.parent_span_id == id) {
        assert_eq!(child.span_context.trace_id(), span.span_context.trace_id());
        push_tree(child, spans, depth + 1, text);
    }
}

fn line(span: &SpanData) -> String {
    let mut parts = vec![span.name.clone().into_owned()];
    for (label, key) in COLUMNS {
        parts.extend(attribute(span, key).map(|value| format!("{label}{value}")));
    }
    if let Status::Error { description } = &span.status {
        let class = attribute(span, "error.type").unwrap_or_default();
        parts.push(format!("✗ {class}: {description}"));
    }
    let events: Vec<&str> = span.events.iter().map(|event| event.name.as_ref()).collect();
    if !events.is_empty() {
        parts.push(format!("[{}]", events.join(", ")));
    }
    parts.join(" · ")
}
