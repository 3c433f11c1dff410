//! Prints one turn: its heading, the words of user and bot, and a table of its spans.

use opentelemetry_sdk::trace::SpanData;

use super::build::SpanNode;
use super::format_duration::{format_duration, format_seconds};
use super::line::{Paint, TreeLine, TreeStyle};
use super::span_attributes::{self as attributes, RowKind};
use super::terminal_text::{columns, one_line, shorten};
use crate::emit::keys;
use crate::engine::record::LatencyStage;

/// Columns between two cells, and between two details.
const GAP: usize = 2;
/// A narrower tree omits start times.
const MIN_WIDTH_WITH_START_TIMES: usize = 80;
/// Columns for a service and its model. The rest is for details and speech.
const MAX_NAME_COLUMNS: usize = 36;

/// The branches drawn before a span, and before the lines below it.
type Branches = (&'static str, &'static str);

const BRANCHES: Branches = ("├─ ", "│  ");
const LAST_BRANCHES: Branches = ("└─ ", "   ");

/// Prints a turn, or any other root span, with everything below it.
pub(super) fn render(node: &SpanNode, style: TreeStyle) -> String {
    let mut text = heading(&node.span, style);
    let guide = if node.children.is_empty() { LAST_BRANCHES.1 } else { BRANCHES.1 };
    for (speaker, key) in [("user", keys::INPUT_VALUE), ("bot ", keys::OUTPUT_VALUE)] {
        if let Some(speech) = attributes::text(&node.span, key) {
            text += &speech_line(guide, speaker, speech, style);
        }
    }
    text += &latency_line(guide, &node.span, style);
    text += &error_lines(guide, &node.span, style);
    let table = SpanTable::new(node, style);
    for row in &table.rows {
        text += &table.line(row);
        text += &error_lines(&row.guide_below, row.span, style);
    }
    text
}

fn heading(span: &SpanData, style: TreeStyle) -> String {
    let mut line = TreeLine::new(style);
    let name = match attributes::kind(span) {
        RowKind::Turn(number) => format!("turn {number}"),
        RowKind::Service(_) | RowKind::Tool | RowKind::Other => name(span),
    };
    line.add(Paint::Heading, &name);
    line.add_gap(GAP);
    line.add(Paint::Plain, &format_duration(attributes::duration(span)));
    if let Some(reason) = attributes::text(span, keys::END_REASON) {
        line.add_gap(GAP);
        line.add(if reason == "completed" { Paint::Plain } else { Paint::Warning }, reason);
    }
    if attributes::text(span, keys::INITIATOR) == Some("bot") {
        line.add_gap(GAP);
        line.add(Paint::Plain, "bot began");
    }
    if let Some(repeats) = attributes::integer(span, keys::USER_REPEATS) {
        line.add_gap(GAP);
        line.add(Paint::Warning, &format_repeats(repeats, attributes::float(span, keys::USER_WAIT)));
    }
    if let Some(latency) = attributes::float(span, keys::USER_TO_BOT_LATENCY).and_then(format_seconds) {
        line.add_gap(GAP);
        line.add(Paint::Plain, &format!("user→bot {latency}{}", format_owner(span).unwrap_or_default()));
    }
    line.finish()
}

/// Formats the longest stage of the wait, with the service or setting that is responsible for it.
fn format_owner(span: &SpanData) -> Option<String> {
    let (stage, seconds) = stages(span).max_by(|(_, a), (_, b)| a.total_cmp(b))?;
    let owner = attributes::text(span, keys::latency_owner(stage)?)?;
    Some(format!(", {} by {}", format_seconds(seconds)?, one_line(owner)))
}

/// Returns the known stages of the wait, in seconds.
fn stages(span: &SpanData) -> impl Iterator<Item = (LatencyStage, f64)> {
    let seconds_of = |stage| attributes::float(span, keys::latency(stage));
    LatencyStage::ALL.into_iter().filter_map(move |stage| Some((stage, seconds_of(stage)?)))
}

/// Formats the number of times that the user spoke again, and the wait since the first words.
fn format_repeats(repeats: i64, wait: Option<f64>) -> String {
    let times = if repeats == 1 { "once more".to_owned() } else { format!("{repeats} more times") };
    match wait.and_then(format_seconds) {
        Some(wait) => format!("user spoke {times}, waited {wait}"),
        None => format!("user spoke {times}"),
    }
}

fn speech_line(guide: &str, speaker: &str, speech: &str, style: TreeStyle) -> String {
    let mut line = TreeLine::new(style);
    line.add(Paint::Guide, guide);
    line.add(Paint::Label, speaker);
    line.add_gap(1);
    line.add_quote(speech);
    line.finish()
}

/// Prints the latency stages of the user's wait, without those below a twentieth of it.
fn latency_line(guide: &str, span: &SpanData, style: TreeStyle) -> String {
    let total = attributes::float(span, keys::USER_TO_BOT_LATENCY).unwrap_or_default();
    let format_stage = |(stage, seconds): (LatencyStage, f64)| {
        Some(format!("{} {}", stage.as_str().replace('_', " "), format_seconds(seconds)?))
    };
    let stages: Vec<String> =
        stages(span).filter(|(_, seconds)| *seconds > total / 20.0).filter_map(format_stage).collect();
    if stages.is_empty() {
        return String::new();
    }
    let mut line = TreeLine::new(style);
    line.add(Paint::Guide, guide);
    line.add(Paint::Label, "wait");
    line.add_gap(1);
    line.add(Paint::Plain, &stages.join(" · "));
    line.finish()
}

fn error_lines(guide: &str, span: &SpanData, style: TreeStyle) -> String {
    let lines = attributes::errors(span).into_iter().map(|error| {
        let mut line = TreeLine::new(style);
        line.add(Paint::Guide, guide);
        line.add(Paint::Error, &format!("✗ {error}"));
        line.finish()
    });
    lines.collect()
}

/// The spans below a turn, one in each row, in columns.
struct SpanTable<'a> {
    turn: &'a SpanData,
    style: TreeStyle,
    rows: Vec<SpanRow<'a>>,
    widths: ColumnWidths,
}

struct SpanRow<'a> {
    span: &'a SpanData,
    /// The branches before the label.
    guide: String,
    /// The branches before the lines below.
    guide_below: String,
    start: String,
    duration: String,
    name: String,
}

#[derive(Debug, Clone, Copy, Default)]
struct ColumnWidths {
    tree: usize,
    start: usize,
    duration: usize,
    name: usize,
}

impl<'a> SpanTable<'a> {
    fn new(turn: &'a SpanNode, style: TreeStyle) -> Self {
        let mut table = Self { turn: &turn.span, style, rows: Vec::new(), widths: ColumnWidths::default() };
        table.add_children(turn, "");
        let width = |cell: fn(&SpanRow<'_>) -> usize| table.rows.iter().map(cell).max().unwrap_or_default();
        table.widths = ColumnWidths {
            tree: width(|row| columns(&row.guide) + columns(label(row.span))),
            start: width(|row| columns(&row.start)),
            duration: width(|row| columns(&row.duration)),
            name: width(|row| columns(&row.name)),
        };
        table
    }

    fn add_children(&mut self, parent: &'a SpanNode, guide: &str) {
        for (index, child) in parent.children.iter().enumerate() {
            let is_last = index + 1 == parent.children.len();
            let (branch, branch_below) = if is_last { LAST_BRANCHES } else { BRANCHES };
            let guide_below = format!("{guide}{branch_below}");
            let start = attributes::since(child.span.start_time, self.turn.start_time);
            self.rows.push(SpanRow {
                span: &child.span,
                guide: format!("{guide}{branch}"),
                guide_below: guide_below.clone(),
                start: format!("+{}", format_duration(start)),
                duration: format_duration(attributes::duration(&child.span)),
                name: shorten(&name(&child.span), MAX_NAME_COLUMNS),
            });
            self.add_children(child, &guide_below);
        }
    }

    fn line(&self, row: &SpanRow<'_>) -> String {
        let mut line = TreeLine::new(self.style);
        let label = label(row.span);
        line.add(Paint::Guide, &row.guide);
        line.add(Paint::Label, label);
        line.add_gap(self.widths.tree - columns(&row.guide) - columns(label) + GAP);
        if self.style.width >= MIN_WIDTH_WITH_START_TIMES {
            line.add_gap(self.widths.start - columns(&row.start));
            line.add(Paint::Guide, &row.start);
            line.add_gap(GAP);
        }
        line.add_gap(self.widths.duration - columns(&row.duration));
        line.add(Paint::Plain, &row.duration);
        line.add_gap(GAP);
        line.add(Paint::Plain, &row.name);
        line.add_gap(self.widths.name - columns(&row.name) + GAP);
        self.add_details(row.span, &mut line);
        line.finish()
    }

    /// Adds interruptions, measurements, and speech that the turn does not already show.
    fn add_details(&self, span: &SpanData, line: &mut TreeLine) {
        let marks = [
            (keys::LLM_INTERRUPTED, "interrupted"),
            (keys::LLM_WITHDRAWN, "withdrawn"),
            (keys::TTS_INTERRUPTED, "interrupted"),
            (keys::TOOL_CANCELLED, "cancelled"),
            (keys::TOOL_UNFINISHED, "unfinished"),
        ];
        for (_, mark) in marks.into_iter().filter(|(key, _)| attributes::is_true(span, key)) {
            line.add(Paint::Warning, mark);
            line.add_gap(GAP);
        }
        for measurement in measurements(span) {
            line.add(Paint::Plain, &measurement);
            line.add_gap(GAP);
        }
        match attributes::kind(span) {
            RowKind::Tool => add_tool_call(span, line),
            RowKind::Service(_) => self.add_output(span, line),
            RowKind::Turn(_) | RowKind::Other => {}
        }
    }

    /// Adds the output of a service unless the turn shows it, or the names of the functions that it requested.
    fn add_output(&self, span: &SpanData, line: &mut TreeLine) {
        if attributes::text(span, keys::OUTPUT_MIME_TYPE).is_some() {
            let functions = attributes::requested_functions(span).join(", ");
            line.add(Paint::Plain, &format!("calls {}", one_line(&functions)));
            return;
        }
        let shown = [keys::INPUT_VALUE, keys::OUTPUT_VALUE].map(|key| attributes::text(self.turn, key));
        let output = attributes::text(span, keys::OUTPUT_VALUE);
        if let Some(output) = output.filter(|_| !shown.contains(&output)) {
            line.add_quote(output);
        }
    }
}

/// Returns the first word of a row.
fn label(span: &SpanData) -> &str {
    match attributes::kind(span) {
        RowKind::Turn(_) => "turn",
        RowKind::Service(service_type) => service_type,
        RowKind::Tool => "tool",
        RowKind::Other => "span",
    }
}

/// Returns a service and its model, the name of a function, or the name of the span.
fn name(span: &SpanData) -> String {
    let name = match attributes::kind(span) {
        RowKind::Service(service_type) => {
            let class = attributes::text(span, keys::SERVICE_NAME).unwrap_or_default();
            let instance = attributes::text(span, keys::SERVICE_INSTANCE);
            let model = attributes::text(span, keys::LLM_MODEL_NAME).unwrap_or_default();
            format!("{} {model}", service_label(class, instance, service_type))
        }
        RowKind::Tool => attributes::text(span, keys::TOOL_NAME).unwrap_or_default().to_owned(),
        RowKind::Turn(_) | RowKind::Other => span.name.to_string(),
    };
    one_line(&name)
}

/// Returns a short name for a service: its class without the words that follow from its type, and its number if it is not
/// the first of its class.
///
/// ```
/// use pipecat_instrument_runtime::console::service_label;
///
/// assert_eq!(service_label("OpenAILLMService", None, "llm"), "OpenAI");
/// assert_eq!(service_label("OpenAILLMService", Some("OpenAILLMService#1"), "llm"), "OpenAI#1");
/// ```
pub fn service_label(class: &str, name: Option<&str>, service_type: &str) -> String {
    let stem = class.strip_suffix("Service").unwrap_or(class);
    let stem = stem.strip_suffix(&service_type.to_uppercase()).unwrap_or(stem);
    let number = name.and_then(|name| name.strip_prefix(class)).filter(|number| *number != "#0");
    format!("{}{}", if stem.is_empty() { class } else { stem }, number.unwrap_or_default())
}

fn measurements(span: &SpanData) -> impl Iterator<Item = String> {
    let ttfb = attributes::float(span, keys::SERVICE_TTFB).and_then(format_seconds);
    let characters = attributes::integer(span, keys::TTS_CHARACTER_COUNT);
    let measurements = [
        ttfb.map(|ttfb| format!("ttfb {ttfb}")),
        played_audio(span),
        tokens(span),
        characters.map(|count| format!("{count} characters")),
    ];
    measurements.into_iter().flatten()
}

fn tokens(span: &SpanData) -> Option<String> {
    let input = attributes::integer(span, keys::LLM_TOKENS_PROMPT)?;
    let output = attributes::integer(span, keys::LLM_TOKENS_COMPLETION)?;
    let cached = attributes::integer(span, keys::LLM_TOKENS_CACHE_READ).filter(|cached| *cached > 0);
    let cached = cached.map(|cached| format!(" ({cached} cached)")).unwrap_or_default();
    Some(format!("{input}→{output} tokens{cached}"))
}

/// Returns how much of an interrupted reply was played.
fn played_audio(span: &SpanData) -> Option<String> {
    if !attributes::is_true(span, keys::TTS_INTERRUPTED) {
        return None;
    }
    let played = attributes::float(span, keys::TTS_PLAYED_DURATION).and_then(format_seconds)?;
    let sent = attributes::float(span, keys::TTS_AUDIO_DURATION).and_then(format_seconds)?;
    Some(format!("heard {played} of {sent}"))
}

/// Adds the arguments of a tool call and its result. If both are long, each gets half of the columns left.
fn add_tool_call(span: &SpanData, line: &mut TreeLine) {
    const ARROW: &str = " → ";
    let arguments = one_line(attributes::text(span, keys::TOOL_PARAMETERS).unwrap_or("()"));
    let Some(result) = attributes::text(span, keys::TOOL_RESULT).map(one_line) else {
        line.add(Paint::Plain, &arguments);
        return;
    };
    let left = line.columns_left().saturating_sub(columns(ARROW));
    let left_by_result = left.saturating_sub(columns(&result));
    line.add(Paint::Plain, &shorten(&arguments, left_by_result.max(left / 2)));
    line.add(Paint::Guide, ARROW);
    line.add(Paint::Plain, &result);
}
