//! Renders a conversation: its heading, its turns and its totals.
//!
//! ```text
//! conversation call-1 · 2 turns · 9.31 s
//!
//! turn 1 · 4.31 s · completed · user→bot 758 ms, 321 ms by DeepgramSTTService
//!             wait  transcription 321 ms · llm 254 ms · tts 183 ms
//!   0:00.120  user  When are you open?
//!   0:02.540  bot   From eight to six, Monday to Friday.
//! ```

use anstyle::Style;
use pipecat_instrument_runtime::console::{columns, one_line};
use textwrap::Options;

use super::style::{ASIDE, BOT, ERROR, HEADING, INTERRUPTION, TOOL, USER, format_clock, format_ms, paint};
use super::totals;
use crate::conversation_view::{
    ConversationView, ErrorView, Interruption, Lane, LatencyView, Ms, RepeatsView, SpanView, Speaker,
    StageView, TranscriptLine, TurnEnd, TurnView,
};

/// The width of the column of times and of the column of speakers.
const CLOCK_WIDTH: usize = 11;
const SPEAKER_WIDTH: usize = 4;
const GAP: &str = "  ";

/// Text is not wrapped to fewer columns than this.
const MIN_TEXT_WIDTH: usize = 20;

const NO_BREAK_SPACE: &str = "\u{a0}";

/// Stages shorter than this, in milliseconds, are omitted: they would round to 0.
const MIN_SHOWN_MS: f64 = 0.05;

/// Renders `view` in lines of `width` columns.
pub(super) fn render(view: &ConversationView, width: usize) -> String {
    let mut text = heading(view);
    for turn in &view.turns {
        text.push('\n');
        text += &render_turn(turn, width);
    }
    text.push('\n');
    text += &totals::render(view);
    text
}

fn heading(view: &ConversationView) -> String {
    let turns =
        if view.turns.len() == 1 { "1 turn".to_owned() } else { format!("{} turns", view.turns.len()) };
    let name = paint(HEADING, format!("conversation {}", one_line(&view.id)));
    format!("{name} · {turns} · {}\n", format_ms(view.duration))
}

fn render_turn(turn: &TurnView, width: usize) -> String {
    let ended = match turn.ended {
        TurnEnd::Completed => turn.ended.as_str().to_owned(),
        other => paint(INTERRUPTION, other.as_str()),
    };
    let title = paint(HEADING, format!("turn {}", turn.number));
    let latency = turn.latency.as_ref().map(render_latency).unwrap_or_default();
    let began = if turn.initiator == "bot" { " · bot began" } else { "" };
    let repeats = turn.repeats.as_ref().map(render_repeats).unwrap_or_default();
    let mut text =
        format!("{title} · {} · {ended}{began}{repeats}{latency}\n", format_ms(turn.end - turn.start));
    if let Some(wait) = turn.latency.as_ref().and_then(wait_entry) {
        // Only the spaces between stages may end a line.
        text += &wait.render(width).replace(NO_BREAK_SPACE, " ");
    }
    for entry in entries(turn) {
        text += &entry.render(width);
    }
    text
}

/// Renders the wait for the bot, and the longest stage of it with its owner.
fn render_latency(latency: &LatencyView) -> String {
    let longest = latency.longest_stage();
    let longest = longest.and_then(|stage| Some((format_ms(stage.time), stage.owner.as_ref()?)));
    let longest = longest.map(|(time, owner)| paint(ASIDE, format!(", {time} by {}", one_line(owner))));
    format!(" · user→bot {}{}", format_ms(latency.total), longest.unwrap_or_default())
}

/// Returns the stages of the wait; `None` if there are none.
fn wait_entry(latency: &LatencyView) -> Option<Entry> {
    let stages = latency.stages.iter().filter(|stage| stage.time.0.abs() >= MIN_SHOWN_MS);
    let render_stage = |stage: &StageView| {
        let stage = format!("{} {}", stage.name.replace('_', " "), format_ms(stage.time));
        stage.replace(' ', NO_BREAK_SPACE)
    };
    let stages: Vec<String> = stages.map(render_stage).collect();
    let separator = format!("{NO_BREAK_SPACE}· ");
    (!stages.is_empty())
        .then(|| Entry { text_style: ASIDE, ..Entry::new(None, "wait", ASIDE, stages.join(&separator)) })
}

fn render_repeats(repeats: &RepeatsView) -> String {
    let times =
        if repeats.count == 1 { "once more".to_owned() } else { format!("{} more times", repeats.count) };
    let wait = repeats.wait.map(|wait| format!(", waited {}", format_ms(wait))).unwrap_or_default();
    format!(" · {}", paint(INTERRUPTION, format!("user spoke {times}{wait}")))
}

/// One line of a turn, before it is wrapped.
struct Entry {
    /// `None` for what is not at one moment.
    at: Option<Ms>,
    label: &'static str,
    label_style: Style,
    text: String,
    text_style: Style,
    /// A note below the text, in the style of interruptions.
    note: Option<String>,
}

impl Entry {
    fn new(at: Option<Ms>, label: &'static str, label_style: Style, text: String) -> Self {
        Self { at, label, label_style, text, text_style: Style::new(), note: None }
    }

    fn render(&self, width: usize) -> String {
        let indent = " ".repeat(CLOCK_WIDTH + GAP.len() + SPEAKER_WIDTH + GAP.len());
        let text_width = width.saturating_sub(indent.len()).max(MIN_TEXT_WIDTH);
        let at = self.at.map(format_clock).unwrap_or_default();
        let clock = format!("{}{at}", " ".repeat(CLOCK_WIDTH.saturating_sub(columns(&at))));
        let label =
            format!("{}{}", self.label, " ".repeat(SPEAKER_WIDTH.saturating_sub(columns(self.label))));
        let mut lead = format!("{}{GAP}{}{GAP}", paint(ASIDE, clock), paint(self.label_style, label));
        let mut text = String::new();
        let note = self.note.iter().map(|note| (INTERRUPTION, note));
        for (style, line) in std::iter::once((self.text_style, &self.text)).chain(note) {
            for piece in textwrap::wrap(line, Options::new(text_width)) {
                text += &lead;
                text += &paint(style, piece);
                text.push('\n');
                lead.clone_from(&indent);
            }
        }
        text
    }
}

fn entries(turn: &TurnView) -> Vec<Entry> {
    let lines = turn.lines.iter().map(transcript_entry);
    let tools = turn.spans.iter().filter(|span| span.lane == Lane::Tool).map(tool_entry);
    let errors = turn.errors.iter().map(error_entry);
    let mut entries: Vec<Entry> = lines.chain(tools).chain(errors).collect();
    let at = |entry: &Entry| entry.at.map_or(0.0, |at| at.0);
    entries.sort_by(|a, b| at(a).total_cmp(&at(b)));
    entries
}

fn transcript_entry(line: &TranscriptLine) -> Entry {
    let (label, style) = match line.who {
        Speaker::User => ("user", USER),
        Speaker::Bot => ("bot", BOT),
    };
    let is_partly_played =
        line.interruption.as_ref().is_some_and(|interruption| interruption.played.is_some());
    let placeholder = if is_partly_played { "(words not reported)" } else { "(not heard)" };
    let text = line.text.as_deref().map_or_else(|| placeholder.to_owned(), one_line);
    let note = line.interruption.as_ref().map(interruption_note);
    Entry { note, ..Entry::new(Some(line.at), label, style, text) }
}

fn interruption_note(interruption: &Interruption) -> String {
    let played = interruption
        .played
        .map(|(played, total)| format!(", {} of {} heard", format_ms(played), format_ms(total)));
    let intended = interruption.intended.as_deref().map(|intended| format!(" of: {}", one_line(intended)));
    let unheard =
        interruption.unheard.as_deref().map(|unheard| format!(", not heard: {}", one_line(unheard)));
    let details: String = [played, intended, unheard].into_iter().flatten().collect();
    format!("✂ cut at {}{details}", format_clock(interruption.at))
}

fn tool_entry(span: &SpanView) -> Entry {
    let arguments = one_line(span.input.as_deref().unwrap_or("()"));
    // A call that is cancelled or unfinished may have an intermediate result.
    let result = span.output.as_deref().map(|result| format!(" → {}", one_line(result))).unwrap_or_default();
    let state = if span.interrupted_at.is_some() { Some("cancelled") } else { span.state() };
    let state = state.map(|state| format!(" {state}")).unwrap_or_default();
    let time = format_ms(span.end - span.start);
    let text = format!("{} {arguments}{result}{state} · {time}", one_line(&span.name));
    Entry::new(Some(span.start), "tool", TOOL, text)
}

fn error_entry(error: &ErrorView) -> Entry {
    let text = one_line(&format!("{}: {}", error.kind, error.message));
    Entry { text_style: ERROR, ..Entry::new(Some(error.at), "✗", ERROR, text) }
}
