//! Spans as a tree of text, one line per span.

use std::fmt::Write as _;
use std::time::Duration;

use super::support::{LLM, Pipeline};
use crate::engine::record::{
    EndReason, LlmRecord, SpanBuffer, SpanDetails, SpanEventKind, SpanKey, SpanRecord, Status,
    UserToBotLatency,
};
use crate::engine::time::Time;

/// Asserts that the spans of a pipeline are as drawn; indentation of the drawing does not count.
pub(super) fn assert_tree(pipeline: &Pipeline, drawn: &str) {
    let indent = drawn
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| line.len() - line.trim_start().len())
        .min();
    let drawn: Vec<&str> = drawn
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| &line[indent.unwrap_or(0)..])
        .collect();
    let tree = pipeline.tree();
    assert_eq!(tree.lines().collect::<Vec<_>>(), drawn, "\n{tree}");
}

impl Pipeline {
    /// Returns the latency of each turn that has one.
    pub(super) fn latencies(&self) -> Vec<UserToBotLatency> {
        let of = |record: &SpanRecord| match &record.details {
            SpanDetails::Turn(turn) => turn.latency.clone(),
            _ => None,
        };
        self.spans.ended.iter().filter_map(of).collect()
    }

    /// Returns the time to first byte of each synthesis, in seconds.
    pub(super) fn tts_ttfbs(&self) -> Vec<Option<f64>> {
        let of = |record: &SpanRecord| match &record.details {
            SpanDetails::Tts(tts) => Some(tts.times.ttfb.map(|(seconds, _)| seconds)),
            _ => None,
        };
        self.spans.ended.iter().filter_map(of).collect()
    }

    /// Returns the exception events of each span.
    pub(super) fn errors(&self) -> Vec<String> {
        let of = |record: &SpanRecord| {
            let name = name_of(record);
            let errors = record.events.iter().filter_map(move |event| match &event.kind {
                SpanEventKind::Exception { message, .. } => Some(format!("{name}: {message}")),
                _ => None,
            });
            errors.collect::<Vec<_>>()
        };
        self.spans.ended.iter().flat_map(of).collect()
    }

    /// Returns the records of the LLM calls, by their ends.
    pub(super) fn llm_records(&self) -> impl Iterator<Item = &LlmRecord> {
        self.spans.ended.iter().filter_map(|record| match &record.details {
            SpanDetails::Llm(llm) => Some(&**llm),
            _ => None,
        })
    }

    /// Returns the events of each span with their times.
    pub(super) fn moments(&self) -> Vec<String> {
        let of = |record: &SpanRecord| {
            let name = name_of(record);
            let told = record.events.iter().map(move |event| {
                format!("{name} {:?} {}", event.kind, event.at.as_unix_nanos() / 1_000_000)
            });
            told.collect::<Vec<_>>()
        };
        self.spans.ended.iter().flat_map(of).collect()
    }
}

pub(super) fn tree_of(spans: &SpanBuffer) -> String {
    let mut text = String::new();
    for start in spans.started.iter().filter(|start| start.parent.is_none()) {
        write_span(&mut text, spans, start.key, 0);
    }
    text
}

fn write_span(text: &mut String, spans: &SpanBuffer, key: SpanKey, depth: usize) {
    let Some(record) = spans.ended.iter().find(|record| record.key == key) else { return };
    let indent = "  ".repeat(depth);
    let millis = |time: Time| time.as_unix_nanos() / 1_000_000;
    let _ = write!(text, "{indent}{} {}..{}", name_of(record), millis(record.start), millis(record.end));
    write_facts(text, record);
    text.push('\n');
    let mut children: Vec<SpanKey> =
        spans.started.iter().filter(|start| start.parent == Some(key)).map(|start| start.key).collect();
    children
        .sort_by_key(|key| spans.ended.iter().find(|record| record.key == *key).map(|record| record.start));
    for child in children {
        write_span(text, spans, child, depth + 1);
    }
}

fn name_of(record: &SpanRecord) -> String {
    match &record.details {
        SpanDetails::Turn(turn) => format!("turn {}", turn.number.0),
        SpanDetails::Stt(_) => "stt".to_owned(),
        SpanDetails::Llm(llm) if llm.service.name == LLM => "llm".to_owned(),
        SpanDetails::Llm(llm) => format!("llm {}", llm.service.name),
        SpanDetails::Tts(_) => "tts".to_owned(),
        SpanDetails::Tool(tool) => format!("tool {}", tool.name),
    }
}

fn write_facts(text: &mut String, record: &SpanRecord) {
    let quote = |said: &Option<String>| said.as_deref().map_or("-".to_owned(), |said| format!("{said:?}"));
    let seconds = |duration: Duration| duration.as_secs_f64();
    let mut fact = |fact: String| {
        let _ = write!(text, " {fact}");
    };
    match &record.details {
        SpanDetails::Turn(turn) => {
            fact(format!("{} {} {}", reason(turn.end_reason), quote(&turn.input), quote(&turn.output)));
            turn.latency.iter().for_each(|latency| fact(format!("after {:.3}", latency.seconds)));
            turn.start_missed.then(|| fact("start missed".to_owned()));
        }
        SpanDetails::Stt(stt) => {
            fact(quote(&stt.transcript));
            stt.audio_seconds.iter().for_each(|seconds| fact(format!("audio {seconds}")));
        }
        SpanDetails::Llm(llm) => {
            fact(quote(&llm.user_transcript.clone().or(llm.request.last_user_message.clone())));
            fact(quote(&llm.text));
            llm.usage.iter().for_each(|usage| fact(format!("tokens {}", usage.total)));
            llm.times.ttfb.iter().for_each(|(seconds, _)| fact(format!("ttfb {seconds:.3}")));
            llm.interrupted.then(|| fact("interrupted".to_owned()));
            llm.withdrawn.then(|| fact("withdrawn".to_owned()));
        }
        SpanDetails::Tts(tts) => {
            fact(quote(&tts.input));
            fact(quote(&tts.output));
            tts.characters.iter().for_each(|characters| fact(format!("characters {characters}")));
            tts.played_duration.iter().for_each(|played| fact(format!("played {:.3}", seconds(*played))));
            tts.interrupted.then(|| fact("interrupted".to_owned()));
        }
        SpanDetails::Tool(tool) => {
            fact(quote(&tool.result));
            tool.cancelled.then(|| fact("cancelled".to_owned()));
            tool.unfinished.then(|| fact("unfinished".to_owned()));
        }
    }
    if let Status::Error { message, error_type } = &record.status {
        fact(format!("error {error_type}: {message}"));
    }
    if matches!(record.details, SpanDetails::Turn(_)) {
        for event in &record.events {
            if let SpanEventKind::Exception { message, .. } = &event.kind {
                fact(format!("event: {message}"));
            }
        }
    }
}

fn reason(reason: EndReason) -> &'static str {
    match reason {
        EndReason::Completed => "completed",
        EndReason::Interrupted => "interrupted",
        EndReason::Ended => "ended",
        EndReason::Cancelled => "cancelled",
    }
}
