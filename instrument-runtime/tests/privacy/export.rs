//! Records, emitted to an exporter.

use std::fmt::Write;
use std::sync::Arc;

use opentelemetry::KeyValue;
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};
use pipecat_instrument_runtime::emit::{Conventions, EmitSettings, Emitter, Session, Tracers};
use pipecat_instrument_runtime::engine::record::{
    SpanDetails, SpanKey, SpanKind, SpanRecord, SpanSink, SpanStart, Status, TurnNumber,
};
use pipecat_instrument_runtime::engine::time::Time;
use pipecat_instrument_runtime::privacy::{Privacy, TraceConfig};

use crate::TestResult;

/// Returns a record without errors.
pub(crate) fn record(details: SpanDetails) -> SpanRecord {
    SpanRecord {
        key: SpanKey(1),
        start: Time::from_unix_nanos(1_000_000_000),
        end: Time::from_unix_nanos(2_500_000_000),
        status: Status::Ok,
        events: Vec::new(),
        user_id: None,
        details,
    }
}

/// Emits `records` with the privacy settings `config`, and returns the spans.
pub(crate) fn exported(
    records: Vec<SpanRecord>,
    conventions: Conventions,
    config: TraceConfig,
) -> TestResult<Vec<SpanData>> {
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
    let settings = EmitSettings { conventions, ..EmitSettings::default() };
    let session = Session::new("call-42")
        .attribute(KeyValue::new("tenant", "«tenant»"))
        .attribute(KeyValue::new("metadata", r#"{"plan":"«metadata»"}"#));
    let mut emitter =
        Emitter::new(&Tracers::new(&provider), Arc::new(settings), session).privacy(Privacy::new(config));
    for record in records {
        emitter.start(start_of(&record));
        emitter.end(record);
    }
    Ok(exporter.get_finished_spans()?)
}

/// Returns the attributes whose keys begin with one of `prefixes`, one per line, sorted by key.
pub(crate) fn lines(span: &SpanData, prefixes: &[&str]) -> TestResult<String> {
    let mut attributes: Vec<&KeyValue> = span
        .attributes
        .iter()
        .filter(|attribute| prefixes.iter().any(|prefix| attribute.key.as_str().starts_with(prefix)))
        .collect();
    attributes.sort_by(|one, other| one.key.as_str().cmp(other.key.as_str()));
    let mut lines = String::new();
    for attribute in attributes {
        writeln!(lines, "{} = {}", attribute.key, attribute.value)?;
    }
    Ok(lines)
}

/// Returns the start of the span that ends with `record`.
pub(crate) fn start_of(record: &SpanRecord) -> SpanStart {
    let (kind, name) = match &record.details {
        SpanDetails::Turn(_) => (SpanKind::Turn, String::new()),
        SpanDetails::Stt(stt) => (SpanKind::Stt, stt.service.class.clone()),
        SpanDetails::Llm(llm) => (SpanKind::Llm, llm.service.class.clone()),
        SpanDetails::Tts(tts) => (SpanKind::Tts, tts.service.class.clone()),
        SpanDetails::Tool(tool) => (SpanKind::Tool, tool.name.clone()),
    };
    SpanStart { key: record.key, kind, parent: None, at: record.start, name, turn: TurnNumber(1) }
}
