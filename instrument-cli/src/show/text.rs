//! Renders a conversation: its heading, its turns and its totals.
//!
//! ```text
//! conversation call-1 · 2 turns · 9.31 s
//!
//! turn 1 · 4.31 s · completed · user→bot 909 ms (transcription 321 ms by DeepgramSTTService, llm 254 ms, tts 183 ms)
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
    for entry in entries(turn) {
        text += &entry.render(width);
    }
    text
}

fn render_latency(latency: &LatencyView) -> String {
    let stages = latency.stages.iter().filter(|stage| stage.time.0.abs() >= MIN_SHOWN_MS);
    let longest = latency.longest_stage().map(|stage| stage.name);
    let render_stage = |stage: &StageView| {
        let owner = stage.owner.as_ref().filter(|_| longest == Some(stage.name));
        let owner = owner.map(|owner| format!(" by {}", one_line(owner))).unwrap_or_default();
        format!("{} {}{owner}", stage.name.replace('_', " "), format_ms(stage.time))
    };
    let stages: Vec<String> = stages.map(render_stage).collect();
    let stages =
        if stages.is_empty() { String::new() } else { paint(ASIDE, format!(" ({})", stages.join(", "))) };
    format!(" · user→bot {}{stages}", format_ms(latency.total))
}

fn render_repeats(repeats: &RepeatsView) -> String {
    let times =
        if repeats.count == 1 { "once more".to_owned() } else { format!("{} more times", repeats.count) };
    let wait = repeats.wait.map(|wait| format!(", waited {}", format_ms(wait))).unwrap_or_default();
    format!(" · {}", paint(INTERRUPTION, format!("user spoke {times}{wait}")))
}

/// One line of a turn, before it is wrapped.
struct Entry {
    at: Ms,
    label: &'static str,
    label_style: Style,
    text: String,
    text_style: Style,
    /// A note below the text, in the style of interruptions.
    note: Option<String>,
}

impl Entry {
    fn new(at: Ms, label: &'static str, label_style: Style, text: String) -> Self {
        Self { at, label, label_style, text, text_style: Style::new(), note: None }
    }

    fn render(&self, width: usize) -> String {
        let indent = " ".repeat(CLOCK_WIDTH + GAP.len() + SPEAKER_WIDTH + GAP.len());
        let text_width = width.saturating_sub(indent.len()).max(MIN_TEXT_WIDTH);
        let at = format_clock(self.at);
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
    entries.sort_by(|a, b| a.at.0.total_cmp(&b.at.0));
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
    Entry { note, ..Entry::new(line.at, label, style, text) }
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
    Entry::new(span.start, "tool", TOOL, text)
}

fn error_entry(error: &ErrorView) -> Entry {
    let text = one_line(&format!("{}: {}", error.kind, error.message));
    Entry { text_style: ERROR, ..Entry::new(error.at, "✗", ERROR, text) }
}
