//! The totals of a conversation, as a table at its end.

use super::style::{ASIDE, ERROR, INTERRUPTION, format_ms, paint};
use crate::conversation_view::ConversationView;

/// Renders the totals. Apart from turns and events, a row is omitted if its number is zero.
pub(super) fn render(view: &ConversationView) -> String {
    let totals = &view.totals;
    let mut rows = vec![("turns", turns(totals.turns, totals.interrupted))];
    if let Some(spread) = totals.latency {
        let [median, p95, max] = [spread.median, spread.p95, spread.max].map(format_ms);
        rows.push(("user→bot", format!("median {median} · p95 {p95} · max {max}")));
    }
    if totals.tokens_in + totals.tokens_out > 0 {
        let cached = match totals.tokens_cached {
            0 => String::new(),
            cached => format!(" ({cached} cached)"),
        };
        rows.push(("tokens", format!("{} in{cached} · {} out", totals.tokens_in, totals.tokens_out)));
    }
    if totals.characters > 0 {
        rows.push(("characters", totals.characters.to_string()));
    }
    if totals.tool_calls > 0 {
        rows.push(("tool calls", totals.tool_calls.to_string()));
    }
    if totals.errors > 0 {
        rows.push(("errors", paint(ERROR, totals.errors)));
    }
    rows.push(("log", log(view)));
    let row = |(name, value): (&str, String)| format!("{}  {value}\n", paint(ASIDE, format!("{name:<10}")));
    rows.into_iter().map(row).collect()
}

fn turns(turns: usize, interrupted: usize) -> String {
    match interrupted {
        0 => turns.to_string(),
        some => format!("{turns} · {}", paint(INTERRUPTION, format!("{some} interrupted"))),
    }
}

fn log(view: &ConversationView) -> String {
    let log = &view.log;
    let mut text = format!("{} events", log.events);
    if log.dropped > 0 {
        text += &paint(ERROR, format!(" · {} dropped", log.dropped));
    }
    match log.bad_lines.len() {
        0 => {}
        1 => text += &paint(ERROR, " · 1 bad line"),
        several => text += &paint(ERROR, format!(" · {several} bad lines")),
    }
    if let Some(part) = log.missing_part {
        text += &paint(ERROR, format!(" · part {part} is missing"));
    } else if log.broken_off {
        text += &paint(INTERRUPTION, " · breaks off");
    }
    text
}
