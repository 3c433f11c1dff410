//! Annotations as they reach an exporter.

use std::sync::Arc;

use opentelemetry::KeyValue;
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};

use crate::emit::annotations::Annotations;
use crate::emit::emitter::Emitter;
use crate::emit::otel::to_system_time;
use crate::emit::test_records::{record, text, turn};
use crate::emit::{Annotation, EmitSettings, Session, Tracers};
use crate::engine::record::{SpanDetails, SpanKey, SpanKind, SpanRecord, SpanSink, SpanStart, TurnNumber};
use crate::engine::time::Time;

const TURN: SpanKey = SpanKey(1);
const NEXT: SpanKey = SpanKey(2);

/// An emitter for turns from 1 s to 2.5 s, and its exporter.
struct Fixture {
    emitter: Emitter,
    spans: InMemorySpanExporter,
    _provider: SdkTracerProvider,
}

impl Fixture {
    fn new(settings: EmitSettings) -> Self {
        let spans = InMemorySpanExporter::default();
        let provider = SdkTracerProvider::builder().with_simple_exporter(spans.clone()).build();
        let session = Session::new("call-42").attribute(KeyValue::new("tenant", "acme"));
        let emitter = Emitter::new(&Tracers::new(&provider), Arc::new(settings), session);
        Self { emitter, spans, _provider: provider }
    }

    fn start(&mut self, key: SpanKey) {
        self.emitter.start(SpanStart {
            key,
            kind: SpanKind::Turn,
            parent: None,
            at: Time::from_unix_nanos(1_000_000_000),
            name: String::new(),
            turn: TurnNumber(1),
        });
    }

    fn end(&mut self, key: SpanKey) -> SpanData {
        self.emitter.end(SpanRecord { key, ..record(SpanDetails::Turn(turn())) });
        self.spans.get_finished_spans().unwrap().pop().unwrap()
    }
}

/// Returns the attributes of `span` whose keys begin with `prefix`, as text.
fn written(span: &SpanData, prefix: &str) -> String {
    let attributes: Vec<KeyValue> = span
        .attributes
        .iter()
        .filter(|attribute| attribute.key.as_str().starts_with(prefix))
        .cloned()
        .collect();
    text(&attributes)
}

#[test]
fn an_attribute_is_on_its_turn_once_with_its_last_value() {
    let mut fixture = Fixture::new(EmitSettings::default());
    fixture.emitter.outbox.set_attribute(None, KeyValue::new("tier", "silver"));
    fixture.start(TURN);
    fixture.start(NEXT);
    fixture.emitter.outbox.set_attribute(Some(TURN), KeyValue::new("tier", "gold"));
    fixture.emitter.outbox.set_attribute(Some(TURN), KeyValue::new("tier", "platinum"));
    assert_eq!(written(&fixture.end(TURN), "tier"), "tier = platinum\n");
    assert_eq!(written(&fixture.end(NEXT), "tier"), "");
}

#[test]
fn span_keys_win_over_the_turns_and_those_over_the_conversations() {
    let mut fixture = Fixture::new(EmitSettings::default());
    fixture.start(TURN);
    for key in ["session.id", "input", "input.value.more", "tenant"] {
        fixture.emitter.outbox.set_attribute(Some(TURN), KeyValue::new(key, "mine"));
    }
    let span = fixture.end(TURN);
    assert_eq!(written(&span, "session.id"), "session.id = call-42\n");
    assert_eq!(written(&span, "input"), "input.value = What time is it?\n");
    assert_eq!(written(&span, "tenant"), "tenant = mine\n");
}

#[test]
fn attributes_beyond_the_limit_are_ignored() {
    let mut fixture = Fixture::new(EmitSettings { attribute_limit: 20, ..EmitSettings::default() });
    fixture.start(TURN);
    for number in 0..100 {
        fixture.emitter.outbox.set_attribute(Some(TURN), KeyValue::new(format!("own.{number}"), number));
    }
    let mut annotations = Annotations::default();
    (0..100).for_each(|number| annotations.set_attribute(KeyValue::new(format!("own.{number}"), number), 20));
    assert_eq!(annotations.apply_to(&Session::new("call-42")).attributes.len(), 20);
    let span = fixture.end(TURN);
    assert_eq!((span.attributes.len(), span.dropped_attributes_count), (20, 0));
}

#[test]
fn notes_and_scores_are_events_within_the_newest_turn() {
    let mut fixture = Fixture::new(EmitSettings::default());
    let at = |seconds: u64| Time::from_unix_nanos(seconds * 1_000_000_000);
    fixture.start(TURN);
    fixture
        .emitter
        .outbox
        .annotate(at(2), Annotation::Note { name: "handed over".into(), value: "front desk".into() });
    fixture
        .emitter
        .outbox
        .annotate(at(9), Annotation::Score { name: "booked".into(), value: 0.5, comment: "a call".into() });
    fixture
        .emitter
        .outbox
        .annotate(at(9), Annotation::Score { name: "polite".into(), value: 1.0, comment: "".into() });

    let span = fixture.end(TURN);
    let events: Vec<_> = span
        .events
        .iter()
        .map(|event| (event.name.as_ref(), event.timestamp, text(&event.attributes)))
        .collect();
    let end = to_system_time(Time::from_unix_nanos(2_500_000_000));
    assert_eq!(
        events,
        [
            ("note", to_system_time(at(2)), "note.name = handed over\nnote.value = front desk\n".to_owned()),
            (
                "gen_ai.evaluation.result",
                end,
                "gen_ai.evaluation.name = booked\ngen_ai.evaluation.score.value = 0.5\n\
                 gen_ai.evaluation.explanation = a call\n"
                    .to_owned()
            ),
            (
                "gen_ai.evaluation.result",
                end,
                "gen_ai.evaluation.name = polite\ngen_ai.evaluation.score.value = 1\n".to_owned()
            ),
        ]
    );
}

#[test]
fn a_note_between_turns_goes_to_the_next_turn() {
    let mut fixture = Fixture::new(EmitSettings::default());
    fixture
        .emitter
        .outbox
        .annotate(Time::default(), Annotation::Note { name: "ring".into(), value: 3.into() });
    fixture.start(TURN);
    let span = fixture.end(TURN);
    assert_eq!(span.events[0].timestamp, to_system_time(Time::from_unix_nanos(1_000_000_000)));
    assert_eq!(span.events.len(), 1);
}
