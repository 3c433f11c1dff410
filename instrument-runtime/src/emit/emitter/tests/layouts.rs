//! Conversations as one trace: `TraceLayout::PerConversation`.

use opentelemetry::trace::Status as SpanStatus;
use opentelemetry_sdk::trace::{Sampler, SpanData};

use super::{Fixture, LLM, TOOL, TURN, tree};
use crate::emit::otel::to_system_time;
use crate::emit::test_records::{llm, record, text, tool, turn};
use crate::emit::{EmitSettings, SpanNaming, TraceLayout};
use crate::engine::record::{SpanDetails, SpanKey, SpanKind, SpanRecord, SpanSink, Status};
use crate::engine::time::Time;

const NEXT_TURN: SpanKey = SpanKey(4);

/// The conversation's own span, which is the last to end.
fn conversation(spans: &[SpanData]) -> &SpanData {
    let conversation = spans.last().unwrap();
    assert_eq!(conversation.name, "pipecat.conversation");
    conversation
}

fn failed(message: &str) -> SpanRecord {
    let status = Status::Error { message: message.into(), error_type: "RuntimeError".into() };
    SpanRecord { status, ..record(SpanDetails::Turn(turn())) }
}

#[test]
fn a_conversation_is_the_root_and_its_turns_are_its_children() {
    let mut fixture = Fixture::per_conversation(SpanNaming::OpenInference);
    fixture.start_turn_llm_and_tool();
    fixture.end(TOOL, SpanDetails::Tool(tool()));
    fixture.end(LLM, SpanDetails::Llm(Box::new(llm())));
    fixture.end(TURN, SpanDetails::Turn(turn()));
    fixture.start(NEXT_TURN, SpanKind::Turn, None, "");
    fixture.end(NEXT_TURN, SpanDetails::Turn(turn()));

    let spans = fixture.finish();
    assert_eq!(
        tree(&spans),
        "\
pipecat.tool.clock of pipecat.llm: Ok
pipecat.llm of pipecat.conversation.turn: Ok
pipecat.conversation.turn of pipecat.conversation: Ok
pipecat.conversation.turn of pipecat.conversation: Ok
pipecat.conversation of none: Ok
"
    );
    let root = conversation(&spans).span_context.trace_id();
    assert!(spans.iter().all(|span| span.span_context.trace_id() == root));
    assert!(text(&conversation(&spans).attributes).contains("session.id = call-42\n"));
}

#[test]
fn pipecat_names_carry_id_number_and_class() {
    let mut fixture = Fixture::per_conversation(SpanNaming::Pipecat);
    fixture.start_turn_llm_and_tool();
    assert_eq!(
        tree(&fixture.finish()),
        "\
pipecat.tool.clock of llm_openaillmservice: Ok
llm_openaillmservice of turn-3: Ok
turn-3 of conversation-call-42: Ok
conversation-call-42 of none: Ok
"
    );
}

#[test]
fn a_conversation_lasts_from_its_first_turn_to_its_last() {
    let mut fixture = Fixture::per_conversation(SpanNaming::OpenInference);
    fixture.start(TURN, SpanKind::Turn, None, "");
    fixture.start(NEXT_TURN, SpanKind::Turn, None, "");
    let late = Time::from_unix_nanos(7_000_000_000);
    fixture.emitter.end(SpanRecord { key: NEXT_TURN, end: late, ..record(SpanDetails::Turn(turn())) });
    fixture.end(TURN, SpanDetails::Turn(turn()));

    let spans = fixture.finish();
    assert_eq!(conversation(&spans).start_time, to_system_time(Time::from_unix_nanos(1_000_000_000)));
    assert_eq!(conversation(&spans).end_time, to_system_time(late));
}

#[test]
fn a_conversation_is_exported_once_when_it_ends() {
    let mut fixture = Fixture::per_conversation(SpanNaming::OpenInference);
    fixture.start(TURN, SpanKind::Turn, None, "");
    fixture.end(TURN, SpanDetails::Turn(turn()));
    assert_eq!(fixture.exported().len(), 1);
    assert_eq!(fixture.finish().len(), 2);
}

#[test]
fn a_conversation_without_turns_is_not_exported() {
    assert!(Fixture::per_conversation(SpanNaming::OpenInference).finish().is_empty());
}

#[test]
fn a_dropped_conversation_is_exported_with_its_open_spans() {
    let mut fixture = Fixture::per_conversation(SpanNaming::OpenInference);
    fixture.start(TURN, SpanKind::Turn, None, "");
    let Fixture { emitter, exporter, _provider } = fixture;
    drop(emitter);
    assert_eq!(
        tree(&exporter.get_finished_spans().unwrap()),
        "\
pipecat.conversation.turn of pipecat.conversation: Ok
pipecat.conversation of none: Ok
"
    );
}

#[test]
fn a_conversation_has_the_error_of_its_first_failed_turn() {
    let mut fixture = Fixture::per_conversation(SpanNaming::OpenInference);
    fixture.start_turn_llm_and_tool();
    // A failed LLM call does not fail the conversation: the user may ask again.
    fixture.emitter.end(SpanRecord {
        key: LLM,
        details: SpanDetails::Llm(Box::new(llm())),
        ..failed("no answer")
    });
    fixture.emitter.end(SpanRecord { key: TURN, ..failed("the line is dead") });
    fixture.start(NEXT_TURN, SpanKind::Turn, None, "");
    fixture.emitter.end(SpanRecord { key: NEXT_TURN, ..failed("still dead") });

    let spans = fixture.finish();
    assert_eq!(conversation(&spans).status, SpanStatus::error("the line is dead"));
    assert!(text(&conversation(&spans).attributes).contains("error.type = RuntimeError\n"));
}

#[test]
fn a_conversation_has_the_user_id_of_any_turn() {
    let mut fixture = Fixture::per_conversation(SpanNaming::OpenInference);
    for (key, user_id) in [(TURN, Some("ann".into())), (NEXT_TURN, None)] {
        fixture.start(key, SpanKind::Turn, None, "");
        fixture.emitter.end(SpanRecord { key, user_id, ..record(SpanDetails::Turn(turn())) });
    }
    assert!(text(&conversation(&fixture.finish()).attributes).contains("user.id = ann\n"));
}

#[test]
fn no_span_is_exported_if_the_sampler_drops_the_conversation() {
    let sampler = Sampler::ParentBased(Box::new(Sampler::AlwaysOff));
    let settings = EmitSettings::default().layout(TraceLayout::PerConversation);
    let mut fixture = Fixture::with(sampler, settings);
    fixture.start_turn_llm_and_tool();
    fixture.end(TURN, SpanDetails::Turn(turn()));
    assert!(fixture.finish().is_empty());
}
