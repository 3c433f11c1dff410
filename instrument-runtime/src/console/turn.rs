//! One turn, as lines.

use opentelemetry_sdk::trace::SpanData;

use super::build::Node;
use super::format_duration::{format_duration, format_seconds};
use super::line::Line;
use super::row::{self, GAP};
use super::span_attributes::{self, Kind};
use super::style::{Paint, TreeStyle};
use crate::console::terminal_text::{columns, shorten};
use crate::emit::keys;

/// Below this width there is no room to say when each span began.
const ROOM_FOR_OFFSETS: usize = 80;
/// Columns for who did it, at most: what was said needs more.
const WIDEST_WHO: usize = 36;

/// What stands before the text under a span.
#[derive(Debug, Clone, Copy)]
struct Guides {
    /// Before a span that others follow, and before what is under it.
    more: (&'static str, &'static str),
    /// Before the last span, and before what is under it.
    last: (&'static str, &'static str),
}

const GUIDES: Guides = Guides { more: ("├─ ", "│  "), last: ("└─ ", "   ") };

/// The turn `node`, or any other span that stands under none, and all that is under it.
pub(super) fn render(node: &Node, style: TreeStyle) -> String {
    let mut text = title(&node.span, style);
    let guide = if node.children.is_empty() { GUIDES.last.1 } else { GUIDES.more.1 };
    for (who, key) in [("user", keys::INPUT_VALUE), ("bot ", keys::OUTPUT_VALUE)] {
        if let Some(said) = span_attributes::text(&node.span, key) {
            text += &speech(guide, who, said, style);
        }
    }
    text += &waiting(guide, &node.span, style);
    text += &errors(guide, &node.span, style);
    let table = Table::of(node, style);
    for row in &table.rows {
        text += &table.line(row);
        text += &errors(&row.below, row.span, style);
    }
    text
}

fn title(span: &SpanData, style: TreeStyle) -> String {
    let mut line = Line::new(style);
    let name = match span_attributes::kind(span) {
        Kind::Turn(number) => format!("turn {number}"),
        Kind::Service(_) | Kind::Tool | Kind::Other => row::who(span),
    };
    line.add(Paint::Heading, &name);
    line.gap(GAP);
    line.add(Paint::Plain, &format_duration(span_attributes::duration(span)));
    if let Some(reason) = span_attributes::text(span, keys::END_REASON) {
        line.gap(GAP);
        // Only a turn that is completed says nothing about itself that needs a second look.
        line.add(if reason == "completed" { Paint::Plain } else { Paint::Cut }, reason);
    }
    if let Some(latency) = span_attributes::number(span, keys::USER_TO_BOT_LATENCY).and_then(format_seconds) {
        line.gap(GAP);
        line.add(Paint::Plain, &format!("user→bot {latency}"));
    }
    line.finish()
}

fn speech(guide: &str, who: &str, said: &str, style: TreeStyle) -> String {
    let mut line = Line::new(style);
    line.add(Paint::Guide, guide);
    line.add(Paint::Kind, who);
    line.gap(1);
    line.quote(said);
    line.finish()
}

/// What the user waited for, where that was worth a twentieth of the time.
fn waiting(guide: &str, span: &SpanData, style: TreeStyle) -> String {
    let stages = [
        ("stt", keys::LATENCY_STT),
        ("llm", keys::LATENCY_LLM),
        ("tools", keys::LATENCY_TOOLS),
        ("aggregation", keys::LATENCY_AGGREGATION),
        ("tts", keys::LATENCY_TTS),
        ("output", keys::LATENCY_OUTPUT),
    ];
    let whole = span_attributes::number(span, keys::USER_TO_BOT_LATENCY).unwrap_or_default();
    let worth_telling = |(stage, key)| {
        let seconds = span_attributes::number(span, key).filter(|seconds| *seconds > whole / 20.0)?;
        Some(format!("{stage} {}", format_seconds(seconds)?))
    };
    let told: Vec<String> = stages.into_iter().filter_map(worth_telling).collect();
    if told.is_empty() {
        return String::new();
    }
    let mut line = Line::new(style);
    line.add(Paint::Guide, guide);
    line.add(Paint::Kind, "wait");
    line.gap(1);
    line.add(Paint::Plain, &told.join(" · "));
    line.finish()
}

fn errors(guide: &str, span: &SpanData, style: TreeStyle) -> String {
    let lines = span_attributes::errors(span).into_iter().map(|error| {
        let mut line = Line::new(style);
        line.add(Paint::Guide, guide);
        line.add(Paint::Error, &format!("✗ {error}"));
        line.finish()
    });
    lines.collect()
}

/// The spans under a turn, one a row, in columns.
struct Table<'a> {
    turn: &'a SpanData,
    style: TreeStyle,
    rows: Vec<Row<'a>>,
    widths: Widths,
}

/// One span.
struct Row<'a> {
    span: &'a SpanData,
    /// What stands before its label.
    guide: String,
    /// What stands before the text under it.
    below: String,
    offset: String,
    duration: String,
    who: String,
}

/// How wide the columns are.
#[derive(Debug, Clone, Copy, Default)]
struct Widths {
    tree: usize,
    offset: usize,
    duration: usize,
    who: usize,
}

impl<'a> Table<'a> {
    fn of(turn: &'a Node, style: TreeStyle) -> Self {
        let mut table = Self { turn: &turn.span, style, rows: Vec::new(), widths: Widths::default() };
        table.add_children(turn, "");
        let width = |cell: fn(&Row<'_>) -> usize| table.rows.iter().map(cell).max().unwrap_or_default();
        table.widths = Widths {
            tree: width(|row| columns(&row.guide) + columns(row::label(row.span))),
            offset: width(|row| columns(&row.offset)),
            duration: width(|row| columns(&row.duration)),
            who: width(|row| columns(&row.who)).min(WIDEST_WHO),
        };
        table
    }

    fn add_children(&mut self, parent: &'a Node, before: &str) {
        for (index, child) in parent.children.iter().enumerate() {
            let is_last = index + 1 == parent.children.len();
            let (guide, below) = if is_last { GUIDES.last } else { GUIDES.more };
            let below = format!("{before}{below}");
            self.rows.push(Row {
                span: &child.span,
                guide: format!("{before}{guide}"),
                below: below.clone(),
                offset: format!(
                    "+{}",
                    format_duration(span_attributes::since(child.span.start_time, self.turn.start_time))
                ),
                duration: format_duration(span_attributes::duration(&child.span)),
                who: shorten(&row::who(&child.span), WIDEST_WHO),
            });
            self.add_children(child, &below);
        }
    }

    fn line(&self, row: &Row<'_>) -> String {
        let mut line = Line::new(self.style);
        let label = row::label(row.span);
        line.add(Paint::Guide, &row.guide);
        line.add(Paint::Kind, label);
        line.gap(self.widths.tree.saturating_sub(columns(&row.guide) + columns(label)) + GAP);
        if self.style.width >= ROOM_FOR_OFFSETS {
            line.gap(self.widths.offset - columns(&row.offset));
            line.add(Paint::Guide, &row.offset);
            line.gap(GAP);
        }
        line.gap(self.widths.duration - columns(&row.duration));
        line.add(Paint::Plain, &row.duration);
        line.gap(GAP);
        line.add(Paint::Plain, &row.who);
        line.gap(self.widths.who - columns(&row.who) + GAP);
        row::add_details(row.span, self.turn, &mut line);
        line.finish()
    }
}
