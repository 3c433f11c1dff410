//! Conversations for tests: spans as they really are when they are exported.

use std::sync::Arc;

use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};

use crate::emit::{EmitSettings, Emitter, Session, Tracers};
use crate::engine::record::{
    SpanDetails, SpanKey, SpanKind, SpanRecord, SpanSink, SpanStart, Status, TurnNumber,
};
use crate::engine::time::Time;

/// One conversation and the spans that it has exported.
pub(super) struct TestConversation {
    emitter: Emitter,
    exporter: InMemorySpanExporter,
    _provider: SdkTracerProvider,
    started: Vec<Time>,
}

impl TestConversation {
    pub(super) fn new(id: &str) -> Self {
        let exporter = InMemorySpanExporter::default();
        let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
        let emitter =
            Emitter::new(&Tracers::new(&provider), Arc::new(EmitSettings::default()), Session::new(id));
        Self { emitter, exporter, _provider: provider, started: Vec::new() }
    }

    /// A span begins, `ms` after the conversation.
    pub(super) fn start(&mut self, kind: SpanKind, parent: Option<SpanKey>, ms: u64) -> SpanKey {
        let key = SpanKey(self.started.len() as u64);
        self.started.push(at(ms));
        let (name, turn) = ("clock".to_owned(), TurnNumber(1));
        self.emitter.start(SpanStart { key, kind, parent, at: at(ms), name, turn });
        key
    }

    /// It ends, `ms` after the conversation began, with nothing wrong in it.
    pub(super) fn end(&mut self, key: SpanKey, ms: u64, details: SpanDetails) {
        self.end_with(self.record(key, ms, details));
    }

    /// What [`end`](Self::end) ends it with.
    pub(super) fn record(&self, key: SpanKey, ms: u64, details: SpanDetails) -> SpanRecord {
        let start = self.started[usize::try_from(key.0).unwrap()];
        let (status, events) = (Status::Ok, Vec::new());
        SpanRecord { key, start, end: at(ms), status, events, user_id: None, details }
    }

    /// It ends as `record` says.
    pub(super) fn end_with(&mut self, record: SpanRecord) {
        self.emitter.end(record);
    }

    /// What was exported since this was last asked.
    pub(super) fn spans(&self) -> Vec<SpanData> {
        let spans = self.exporter.get_finished_spans().unwrap();
        self.exporter.reset();
        spans
    }
}

/// The moment `ms` after the conversation began.
pub(super) fn at(ms: u64) -> Time {
    Time::from_unix_nanos(1_000_000_000_000 + ms * 1_000_000)
}
