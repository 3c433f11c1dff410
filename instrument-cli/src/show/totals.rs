//! The conversation in figures, at the end.

use super::style::{ASIDE, CUT, ERROR, paint};
use super::text::length;
use crate::conversation_view::Call;

/// The closing table of `call`. What there was none of has no row, but for turns and events.
pub(super) fn table(call: &Call) -> String {
    let totals = &call.totals;
    let mut rows = vec![("turns", turns(totals.turns, totals.interrupted))];
    if let Some(spread) = totals.latency {
        let [median, p95, max] = [spread.median, spread.p95, spread.max].map(length);
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
    rows.push(("log", log(call)));
    let row = |(what, how): (&str, String)| format!("{}  {how}\n", paint(ASIDE, format!("{what:<10}")));
    rows.into_iter().map(row).collect()
}

fn turns(turns: usize, interrupted: usize) -> String {
    match interrupted {
        0 => turns.to_string(),
        some => format!("{turns} · {}", paint(CUT, format!("{some} interrupted"))),
    }
}

fn log(call: &Call) -> String {
    let log = &call.log;
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
        text += &paint(CUT, " · breaks off");
    }
    text
}
