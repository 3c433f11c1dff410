//! Spans as they reach an exporter.

mod annotations;
mod layouts;

use std::sync::Arc;

use opentelemetry::trace::{SpanId, Status as SpanStatus, TraceContextExt};
use opentelemetry_sdk::trace::{InMemorySpanExporter, Sampler, SdkTracerProvider, SpanData};

use super::Emitter;
use crate::emit::otel::to_system_time;
use crate::emit::test_records::{llm, record, text, tool, turn};
use crate::emit::{Conventions, EmitSettings, Session, SpanNaming, TraceLayout, Tracers, keys};
use crate::engine::record::{
    Recording, SpanDetails, SpanEvent, SpanEventKind, SpanKey, SpanKind, SpanRecord, SpanSink, SpanStart,
    Status, TurnNumber,
};
use crate::engine::time::Time;

const TURN: SpanKey = SpanKey(1);
const LLM: SpanKey = SpanKey(2);
const TOOL: SpanKey = SpanKey(3);

/// An emitter and its exporter.
struct Fixture {
    emitter: Emitter,
    exporter: InMemorySpanExporter,
    _provider: SdkTracerProvider,
}

impl Fixture {
    fn new(sampler: Sampler) -> Self {
        Self::with(sampler, EmitSettings::default().conventions(Conventions::OPENINFERENCE))
    }

    fn per_conversation(names: SpanNaming) -> Self {
        let settings = EmitSettings::default().layout(TraceLayout::PerConversation).span_names(names);
        Self::with(Sampler::ParentBased(Box::new(Sampler::AlwaysOn)), settings)
    }

    fn with(sampler: Sampler, settings: EmitSettings) -> Self {
        let exporter = InMemorySpanExporter::default();
        let provider =
            SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).with_sampler(sampler).build();
        let emitter = Emitter::new(&Tracers::new(&provider), Arc::new(settings), Session::new("call-42"));
        Self { emitter, exporter, _provider: provider }
    }

    fn start(&mut self, key: SpanKey, kind: SpanKind, parent: Option<SpanKey>, name: &str) -> Recording {
        let at = Time::from_unix_nanos(1_000_000_000);
        self.emitter.start(SpanStart { key, kind, parent, at, name: name.into(), turn: TurnNumber(3) })
    }

    fn start_turn_llm_and_tool(&mut self) {
        self.start(TURN, SpanKind::Turn, None, "");
        self.start(LLM, SpanKind::Llm, Some(TURN), "OpenAILLMService");
        self.start(TOOL, SpanKind::Tool, Some(LLM), "clock");
    }

    /// Ends the conversation and returns the exported spans.
    fn finish(self) -> Vec<SpanData> {
        self.emitter.finish();
        self.exporter.get_finished_spans().unwrap()
    }

    fn end(&mut self, key: SpanKey, details: SpanDetails) {
        self.emitter.end(SpanRecord { key, ..record(details) });
    }

    fn exported(&self) -> Vec<SpanData> {
        self.exporter.get_finished_spans().unwrap()
    }
}

/// Returns name, parent's name and status of each span, one per line.
fn tree(spans: &[SpanData]) -> String {
    let name_of = |id: SpanId| {
        spans.iter().find(|span| span.span_context.span_id() == id).map_or("none", |span| &span.name)
    };
    spans.iter().fold(String::new(), |tree, span| {
        tree + &format!("{} of {}: {:?}\n", span.name, name_of(span.parent_span_id), span.status)
    })
}

#[test]
fn a_turn_is_the_root_of_its_trace_and_the_parent_of_its_services() {
    let mut fixture = Fixture::new(Sampler::AlwaysOn);
    fixture.start_turn_llm_and_tool();
    fixture.end(TOOL, SpanDetails::Tool(tool()));
    fixture.end(LLM, SpanDetails::Llm(Box::new(llm())));
    fixture.end(TURN, SpanDetails::Turn(turn()));

    let spans = fixture.exported();
    assert_eq!(
        tree(&spans),
        "\
pipecat.tool.clock of pipecat.llm: Ok
pipecat.llm of pipecat.conversation.turn: Ok
pipecat.conversation.turn of none: Ok
"
    );
    for span in &spans {
        assert_eq!(span.span_context.trace_id(), spans[2].span_context.trace_id());
        assert_eq!(span.start_time, to_system_time(Time::from_unix_nanos(1_000_000_000)));
        assert_eq!(span.end_time, to_system_time(Time::from_unix_nanos(2_500_000_000)));
        assert_eq!(span.instrumentation_scope.name(), "pipecat-instrument");
        assert_eq!(span.instrumentation_scope.version(), Some(env!("CARGO_PKG_VERSION")));
        assert_eq!(span.dropped_attributes_count, 0);
    }
}

#[test]
fn the_next_turn_starts_a_trace_even_if_a_span_is_current() {
    let mut fixture = Fixture::new(Sampler::AlwaysOn);
    fixture.start(TURN, SpanKind::Turn, None, "");
    let first = fixture.emitter.context(TURN).unwrap();
    let _current = first.clone().attach();
    fixture.start(LLM, SpanKind::Turn, None, "");
    let second = fixture.emitter.context(LLM).unwrap();
    assert_ne!(first.span().span_context().trace_id(), second.span().span_context().trace_id());
}

#[test]
fn an_error_is_written_as_status_attribute_and_event() {
    let mut fixture = Fixture::new(Sampler::AlwaysOn);
    fixture.start_turn_llm_and_tool();
    let (message, error_type) = ("503 overloaded".to_owned(), "RuntimeError".to_owned());
    let at = Time::from_unix_nanos(2_000_000_000);
    let kind = SpanEventKind::Exception { message: message.clone(), error_type: error_type.clone() };
    fixture.emitter.end(SpanRecord {
        key: LLM,
        status: Status::Error { message, error_type },
        events: vec![SpanEvent { at, kind }],
        ..record(SpanDetails::Llm(Box::new(llm())))
    });

    let spans = fixture.exported();
    assert_eq!(spans[0].status, SpanStatus::error("503 overloaded"));
    assert!(text(&spans[0].attributes).contains("error.type = RuntimeError\n"));
    let event = &spans[0].events[0];
    assert_eq!((event.name.as_ref(), event.timestamp), ("exception", to_system_time(at)));
    assert_eq!(
        text(&event.attributes),
        "exception.type = RuntimeError\nexception.message = 503 overloaded\n"
    );
}

#[test]
fn a_span_dropped_by_the_sampler_has_a_context_but_no_export() {
    let mut fixture = Fixture::new(Sampler::AlwaysOff);
    assert_eq!(fixture.start(TURN, SpanKind::Turn, None, ""), Recording::No);
    let context = fixture.emitter.context(TURN).unwrap();
    assert!(context.span().span_context().is_valid());
    assert!(!context.span().span_context().is_sampled());
    fixture.end(TURN, SpanDetails::Turn(turn()));
    assert!(fixture.exported().is_empty());
}

#[test]
fn the_context_of_a_span_is_gone_after_its_end() {
    let mut fixture = Fixture::new(Sampler::AlwaysOn);
    assert!(fixture.emitter.context(TURN).is_none());
    assert_eq!(fixture.start(TURN, SpanKind::Turn, None, ""), Recording::Yes);
    assert!(fixture.emitter.context(TURN).is_some());
    fixture.end(TURN, SpanDetails::Turn(turn()));
    assert!(fixture.emitter.context(TURN).is_none());
}

#[test]
fn unknown_parents_and_repeated_ends_are_ignored() {
    let mut fixture = Fixture::new(Sampler::AlwaysOn);
    fixture.start(TOOL, SpanKind::Tool, Some(SpanKey(99)), "clock");
    fixture.end(SpanKey(98), SpanDetails::Tool(tool()));
    fixture.end(TOOL, SpanDetails::Tool(tool()));
    fixture.end(TOOL, SpanDetails::Tool(tool()));
    assert_eq!(tree(&fixture.exported()), "pipecat.tool.clock of none: Ok\n");
}

#[test]
fn open_spans_are_exported_when_the_emitter_is_dropped() {
    let Fixture { mut emitter, exporter, _provider } = {
        let mut fixture = Fixture::new(Sampler::AlwaysOn);
        fixture.start_turn_llm_and_tool();
        fixture
    };
    emitter.end(SpanRecord { key: TOOL, ..record(SpanDetails::Tool(tool())) });
    drop(emitter);

    let spans = exporter.get_finished_spans().unwrap();
    assert_eq!(
        tree(&spans),
        "\
pipecat.tool.clock of pipecat.llm: Ok
pipecat.llm of pipecat.conversation.turn: Ok
pipecat.conversation.turn of none: Ok
"
    );
    assert_eq!(spans[2].end_time, to_system_time(Time::from_unix_nanos(2_500_000_000)));
    assert!(text(&spans[2].attributes).contains(&format!("{} = cancelled", keys::END_REASON)));
}
