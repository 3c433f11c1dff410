//! Conversations whose spans are exported as in production, for tests.

use std::sync::Arc;

use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};

use crate::emit::{EmitSettings, Emitter, Session, Tracers};
use crate::engine::record::{
    SpanDetails, SpanKey, SpanKind, SpanRecord, SpanSink, SpanStart, Status, TurnNumber,
};
use crate::engine::time::Time;

/// A conversation, and an exporter with its spans.
pub(super) struct TestConversation {
    emitter: Emitter,
    exporter: InMemorySpanExporter,
    _provider: SdkTracerProvider,
    started: Vec<Time>,
    turn: TurnNumber,
}

impl TestConversation {
    pub(super) fn new(id: &str) -> Self {
        let exporter = InMemorySpanExporter::default();
        let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
        let emitter =
            Emitter::new(&Tracers::new(&provider), Arc::new(EmitSettings::default()), Session::new(id));
        Self { emitter, exporter, _provider: provider, started: Vec::new(), turn: TurnNumber(1) }
    }

    /// Starts the turn `number`, `ms` after the start of the conversation.
    pub(super) fn start_turn(&mut self, number: u32, ms: u64) -> SpanKey {
        self.turn = TurnNumber(number);
        self.start(SpanKind::Turn, None, ms)
    }

    /// Starts a span, `ms` after the start of the conversation.
    pub(super) fn start(&mut self, kind: SpanKind, parent: Option<SpanKey>, ms: u64) -> SpanKey {
        let key = SpanKey(self.started.len() as u64);
        self.started.push(at(ms));
        let (name, turn) = ("clock".to_owned(), self.turn);
        self.emitter.start(SpanStart { key, kind, parent, at: at(ms), name, turn });
        key
    }

    /// Ends a span without errors, `ms` after the start of the conversation.
    pub(super) fn end(&mut self, key: SpanKey, ms: u64, details: SpanDetails) {
        self.end_with(self.record(key, ms, details));
    }

    /// Returns the record that [`end`](Self::end) ends a span with.
    pub(super) fn record(&self, key: SpanKey, ms: u64, details: SpanDetails) -> SpanRecord {
        let start = self.started[usize::try_from(key.0).unwrap()];
        let (status, events) = (Status::Ok, Vec::new());
        SpanRecord { key, start, end: at(ms), status, events, user_id: None, details }
    }

    /// Ends a span with `record`.
    pub(super) fn end_with(&mut self, record: SpanRecord) {
        self.emitter.end(record);
    }

    /// Returns the spans exported since the last call.
    pub(super) fn spans(&self) -> Vec<SpanData> {
        let spans = self.exporter.get_finished_spans().unwrap();
        self.exporter.reset();
        spans
    }
}

/// Returns the time `ms` after the start of the conversation.
pub(super) fn at(ms: u64) -> Time {
    Time::from_unix_nanos(1_000_000_000_000 + ms * 1_000_000)
}
