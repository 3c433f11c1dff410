//! One span of a turn, as the cells of one row.

use opentelemetry_sdk::trace::SpanData;

use super::format_duration::format_seconds;
use super::line::Line;
use super::span_attributes::{self, Kind};
use super::style::Paint;
use crate::console::service_label::service_label;
use crate::console::terminal_text::{columns, one_line, shorten};
use crate::emit::keys;

/// Columns between two cells, and between two details.
pub(super) const GAP: usize = 2;

/// What a span is: the word at the beginning of its row.
pub(super) fn label(span: &SpanData) -> &str {
    match span_attributes::kind(span) {
        Kind::Turn(_) => "turn",
        Kind::Service(service_type) => service_type,
        Kind::Tool => "tool",
        Kind::Other => "span",
    }
}

/// Who did it: a service and its model, a function, or the span's own name.
pub(super) fn who(span: &SpanData) -> String {
    let who = match span_attributes::kind(span) {
        Kind::Service(service_type) => service(span, service_type),
        Kind::Tool => span_attributes::text(span, keys::TOOL_NAME).unwrap_or_default().to_owned(),
        Kind::Turn(_) | Kind::Other => span.name.to_string(),
    };
    one_line(&who)
}

/// Adds how it went: what was cut, times and counts, and what was said, where the turn does not already say so.
pub(super) fn add_details(span: &SpanData, turn: &SpanData, line: &mut Line) {
    for cut in cuts(span) {
        line.add(Paint::Cut, cut);
        line.gap(GAP);
    }
    for measure in measures(span) {
        line.add(Paint::Plain, &measure);
        line.gap(GAP);
    }
    match span_attributes::kind(span) {
        Kind::Tool => add_call(span, line),
        Kind::Service(_) => add_speech(span, turn, line),
        Kind::Turn(_) | Kind::Other => {}
    }
}

/// A service without the words that its row already begins with, and its model.
fn service(span: &SpanData, service_type: &str) -> String {
    let class = span_attributes::text(span, keys::SERVICE_NAME).unwrap_or_default();
    let model = span_attributes::text(span, keys::LLM_MODEL_NAME).unwrap_or_default();
    let label = service_label(class, span_attributes::text(span, keys::SERVICE_INSTANCE), service_type);
    format!("{label} {model}")
}

fn cuts(span: &SpanData) -> impl Iterator<Item = &'static str> {
    let marks = [
        (keys::LLM_INTERRUPTED, "interrupted"),
        (keys::TTS_INTERRUPTED, "interrupted"),
        (keys::TOOL_CANCELLED, "cancelled"),
    ];
    marks.into_iter().filter(|(key, _)| span_attributes::is_true(span, key)).map(|(_, mark)| mark)
}

fn measures(span: &SpanData) -> impl Iterator<Item = String> {
    let ttfb = span_attributes::number(span, keys::SERVICE_TTFB)
        .and_then(format_seconds)
        .map(|ttfb| format!("ttfb {ttfb}"));
    let characters =
        span_attributes::whole(span, keys::TTS_CHARACTER_COUNT).map(|count| format!("{count} characters"));
    [ttfb, heard(span), tokens(span), characters].into_iter().flatten()
}

fn tokens(span: &SpanData) -> Option<String> {
    let sent = span_attributes::whole(span, keys::LLM_TOKENS_PROMPT)?;
    let received = span_attributes::whole(span, keys::LLM_TOKENS_COMPLETION)?;
    let cached = span_attributes::whole(span, keys::LLM_TOKENS_CACHE_READ).filter(|cached| *cached > 0);
    let cached = cached.map(|cached| format!(" ({cached} cached)")).unwrap_or_default();
    Some(format!("{sent}→{received} tokens{cached}"))
}

/// How much was heard of a reply that was cut, where nobody told its words.
fn heard(span: &SpanData) -> Option<String> {
    if !span_attributes::is_true(span, keys::TTS_INTERRUPTED) {
        return None;
    }
    let played = span_attributes::number(span, keys::TTS_PLAYED_DURATION).and_then(format_seconds)?;
    let sent = span_attributes::number(span, keys::TTS_AUDIO_DURATION).and_then(format_seconds)?;
    Some(format!("heard {played} of {sent}"))
}

/// What a service heard, answered or said; an answer that is only calls by the names of their functions.
fn add_speech(span: &SpanData, turn: &SpanData, line: &mut Line) {
    if span_attributes::text(span, keys::OUTPUT_MIME_TYPE).is_some() {
        line.add(
            Paint::Plain,
            &format!("calls {}", one_line(&span_attributes::functions_asked_for(span).join(", "))),
        );
        return;
    }
    let said_by_the_turn =
        [keys::INPUT_VALUE, keys::OUTPUT_VALUE].map(|key| span_attributes::text(turn, key));
    let said = span_attributes::text(span, keys::OUTPUT_VALUE);
    if let Some(said) = said.filter(|_| !said_by_the_turn.contains(&said)) {
        line.quote(said);
    }
}

/// What a function was called with, and what it returned. Where both are long, each has half of the room.
fn add_call(span: &SpanData, line: &mut Line) {
    const ARROW: &str = " → ";
    let arguments = one_line(span_attributes::text(span, keys::TOOL_PARAMETERS).unwrap_or("()"));
    let Some(result) = span_attributes::text(span, keys::TOOL_RESULT).map(one_line) else {
        line.add(Paint::Plain, &arguments);
        return;
    };
    let room = line.room().saturating_sub(columns(ARROW));
    let left_over = room.saturating_sub(columns(&result));
    line.add(Paint::Plain, &shorten(&arguments, left_over.max(room / 2)));
    line.add(Paint::Guide, ARROW);
    line.add(Paint::Plain, &result);
}
