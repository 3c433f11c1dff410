//! A whole conversation: its heading, its turns, its figures.
//!
//! ```text
//! conversation call-1 · 2 turns · 9.31 s
//!
//! turn 1 · 4.31 s · completed · user→bot 909 ms (stt 321 ms, llm 254 ms, aggregation 152 ms, tts 183 ms)
//!   0:00.120  user  When are you open?
//!   0:02.540  bot   From eight to six, Monday to Friday.
//! ```

use std::time::Duration;

use anstyle::Style;
use pipecat_instrument_runtime::console::format_seconds;
use pipecat_instrument_runtime::console::{columns, one_line};
use textwrap::Options;

use super::style::{ASIDE, BOT, CUT, ERROR, HEADING, TOOL, USER, paint};
use super::totals;
use crate::conversation_view::{Call, Cut, Fault, Lane, Latency, Line, Ms, Span, Speaker, Turn, TurnEnd};

/// Columns before what was said: a clock, and who.
const CLOCK: usize = 11;
const WHO: usize = 4;
const GAP: &str = "  ";

/// `call` as text, in lines of so many columns.
pub(super) fn page(call: &Call, width: usize) -> String {
    let mut text = heading(call);
    for turn in &call.turns {
        text.push('\n');
        text += &self::turn(turn, width);
    }
    text.push('\n');
    text += &totals::table(call);
    text
}

fn heading(call: &Call) -> String {
    let turns =
        if call.turns.len() == 1 { "1 turn".to_owned() } else { format!("{} turns", call.turns.len()) };
    let name = paint(HEADING, format!("conversation {}", one_line(&call.id)));
    format!("{name} · {turns} · {}\n", length(call.duration))
}

fn turn(turn: &Turn, width: usize) -> String {
    let ended = match turn.ended {
        TurnEnd::Completed => turn.ended.as_str().to_owned(),
        other => paint(CUT, other.as_str()),
    };
    let title = paint(HEADING, format!("turn {}", turn.number));
    let time = length(Ms(turn.end.0 - turn.start.0));
    let latency = turn.latency.as_ref().map(latency).unwrap_or_default();
    let mut text = format!("{title} · {time} · {ended}{latency}\n");
    for entry in entries(turn) {
        text += &entry.print(width);
    }
    text
}

fn latency(latency: &Latency) -> String {
    // What rounds to nothing is not worth a word.
    let told = latency.stages.iter().filter(|stage| stage.time.0.abs() >= 0.05);
    let stages: Vec<String> = told.map(|stage| format!("{} {}", stage.name, length(stage.time))).collect();
    let stages =
        if stages.is_empty() { String::new() } else { paint(ASIDE, format!(" ({})", stages.join(", "))) };
    format!(" · user→bot {}{stages}", length(latency.whole))
}

/// Something that happened, when, and to whom.
struct Entry {
    at: Ms,
    who: &'static str,
    style: Style,
    text: String,
    /// Lines under it, in their own color.
    below: Vec<(Style, String)>,
}

fn entries(turn: &Turn) -> Vec<Entry> {
    let said = turn.lines.iter().map(said);
    let tools = turn.spans.iter().filter(|span| span.lane == Lane::Tool).map(tool);
    let errors = turn.errors.iter().map(error);
    let mut entries: Vec<Entry> = said.chain(tools).chain(errors).collect();
    entries.sort_by(|a, b| a.at.0.total_cmp(&b.at.0));
    entries
}

fn said(line: &Line) -> Entry {
    let (who, style) = match line.who {
        Speaker::User => ("user", USER),
        Speaker::Bot => ("bot", BOT),
    };
    let below = line.cut.iter().map(|cut| (CUT, cut_note(cut)));
    let words_are_unknown = line.cut.as_ref().is_some_and(|cut| cut.played.is_some());
    let unknown = if words_are_unknown { "(words not told)" } else { "(not heard)" };
    let text = line.text.as_deref().map_or_else(|| unknown.to_owned(), one_line);
    Entry { at: line.at, who, style, text, below: below.collect() }
}

fn cut_note(cut: &Cut) -> String {
    let at = clock(cut.at);
    let played = cut.played.map(|(played, whole)| format!(", {} of {} heard", length(played), length(whole)));
    let of = cut.of.as_deref().map(|of| format!(" of: {}", one_line(of)));
    let unheard = cut.unheard.as_deref().map(|unheard| format!(", not heard: {}", one_line(unheard)));
    let notes: String = [played, of, unheard].into_iter().flatten().collect();
    format!("✂ cut at {at}{notes}")
}

fn tool(span: &Span) -> Entry {
    let arguments = one_line(span.input.as_deref().unwrap_or("()"));
    let result = match (&span.output, span.cut) {
        (Some(result), _) => format!(" → {}", one_line(result)),
        (None, Some(_)) => " called off".to_owned(),
        (None, None) => String::new(),
    };
    let time = length(Ms(span.end.0 - span.start.0));
    let text = format!("{} {arguments}{result} · {time}", one_line(&span.who));
    Entry { at: span.start, who: "tool", style: TOOL, text, below: Vec::new() }
}

fn error(fault: &Fault) -> Entry {
    let text = one_line(&format!("{}: {}", fault.kind, fault.message));
    Entry { at: fault.at, who: "✗", style: ERROR, text, below: Vec::new() }
}

impl Entry {
    fn print(&self, width: usize) -> String {
        let indent = " ".repeat(CLOCK + GAP.len() + WHO + GAP.len());
        let room = width.saturating_sub(indent.len()).max(20);
        let at = clock(self.at);
        let clock = format!("{}{at}", " ".repeat(CLOCK.saturating_sub(columns(&at))));
        let who = format!("{}{}", self.who, " ".repeat(WHO.saturating_sub(columns(self.who))));
        let mut lead = format!("{}{GAP}{}{GAP}", paint(ASIDE, clock), paint(self.style, who));
        let mut text = String::new();
        // What went wrong is red as a whole; of what was said, the speaker is colored.
        let own = if self.who == "✗" { ERROR } else { Style::new() };
        let below = self.below.iter().map(|(style, line)| (*style, line.as_str()));
        for (style, line) in std::iter::once((own, self.text.as_str())).chain(below) {
            for piece in textwrap::wrap(line, Options::new(room)) {
                text += &lead;
                text += &paint(style, piece);
                text.push('\n');
                lead.clone_from(&indent);
            }
        }
        text
    }
}

/// A length of time, as people read it.
pub(super) fn length(time: Ms) -> String {
    format_seconds(time.seconds()).unwrap_or_else(|| "?".to_owned())
}

/// A moment of the call: `1:02.345`.
fn clock(at: Ms) -> String {
    let ms = Duration::try_from_secs_f64(at.seconds().max(0.0)).unwrap_or_default().as_millis();
    let (minutes, seconds, rest) = (ms / 60_000, ms / 1000 % 60, ms % 1000);
    match minutes / 60 {
        0 => format!("{minutes}:{seconds:02}.{rest:03}"),
        hours => format!("{hours}:{:02}:{seconds:02}.{rest:03}", minutes % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::{Ms, clock};

    #[test]
    fn moments_are_read_like_a_clock() {
        for (ms, read) in [
            (0.0, "0:00.000"),
            (62_345.4, "1:02.345"),
            (3_723_004.0, "1:02:03.004"),
            (-3.0, "0:00.000"),
            (f64::NAN, "0:00.000"),
        ] {
            assert_eq!(clock(Ms(ms)), read);
        }
    }
}
