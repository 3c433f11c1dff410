//! Conversations as one trace.

use opentelemetry::trace::Status as SpanStatus;
use opentelemetry_sdk::trace::{Sampler, SpanData};

use super::{Fixture, LLM, TOOL, TURN, family_tree};
use crate::emit::emitter::system_time;
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
        family_tree(&spans),
        "\
pipecat.tool.clock of pipecat.llm: Ok
pipecat.llm of pipecat.conversation.turn: Ok
pipecat.conversation.turn of pipecat.conversation: Ok
pipecat.conversation.turn of pipecat.conversation: Ok
pipecat.conversation of nobody: Ok
"
    );
    let root = conversation(&spans).span_context.trace_id();
    assert!(spans.iter().all(|span| span.span_context.trace_id() == root));
    assert!(text(&conversation(&spans).attributes).contains("session.id = call-42\n"));
}

#[test]
fn the_names_of_pipecats_tracing_tell_who_and_which() {
    let mut fixture = Fixture::per_conversation(SpanNaming::Pipecat);
    fixture.start_turn_llm_and_tool();
    assert_eq!(
        family_tree(&fixture.finish()),
        "\
pipecat.tool.clock of llm_openaillmservice: Ok
llm_openaillmservice of turn-3: Ok
turn-3 of conversation-call-42: Ok
conversation-call-42 of nobody: Ok
"
    );
}

#[test]
fn a_conversation_goes_from_its_first_turn_to_the_end_of_its_last() {
    let mut fixture = Fixture::per_conversation(SpanNaming::OpenInference);
    fixture.start(TURN, SpanKind::Turn, None, "");
    fixture.start(NEXT_TURN, SpanKind::Turn, None, "");
    let late = Time::from_unix_nanos(7_000_000_000);
    fixture.emitter.end(SpanRecord { key: NEXT_TURN, end: late, ..record(SpanDetails::Turn(turn())) });
    fixture.end(TURN, SpanDetails::Turn(turn()));

    let spans = fixture.finish();
    assert_eq!(conversation(&spans).start_time, system_time(Time::from_unix_nanos(1_000_000_000)));
    assert_eq!(conversation(&spans).end_time, system_time(late));
}

#[test]
fn a_conversation_is_exported_once_and_not_before_it_is_over() {
    let mut fixture = Fixture::per_conversation(SpanNaming::OpenInference);
    fixture.start(TURN, SpanKind::Turn, None, "");
    fixture.end(TURN, SpanDetails::Turn(turn()));
    assert_eq!(fixture.exported().len(), 1);
    assert_eq!(fixture.finish().len(), 2);
}

#[test]
fn a_conversation_without_a_turn_is_nothing() {
    assert!(Fixture::per_conversation(SpanNaming::OpenInference).finish().is_empty());
}

#[test]
fn a_conversation_that_is_lost_is_exported_with_what_was_open_in_it() {
    let mut fixture = Fixture::per_conversation(SpanNaming::OpenInference);
    fixture.start(TURN, SpanKind::Turn, None, "");
    let Fixture { emitter, exporter, _provider } = fixture;
    drop(emitter);
    assert_eq!(
        family_tree(&exporter.get_finished_spans().unwrap()),
        "\
pipecat.conversation.turn of pipecat.conversation: Ok
pipecat.conversation of nobody: Ok
"
    );
}

#[test]
fn a_conversation_failed_if_a_turn_did_and_as_the_first_that_did() {
    let mut fixture = Fixture::per_conversation(SpanNaming::OpenInference);
    fixture.start_turn_llm_and_tool();
    // That a model failed is no failure of the conversation: the user may ask again.
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
fn a_conversation_knows_its_user_if_any_turn_does() {
    let mut fixture = Fixture::per_conversation(SpanNaming::OpenInference);
    for (key, user_id) in [(TURN, Some("ann".into())), (NEXT_TURN, None)] {
        fixture.start(key, SpanKind::Turn, None, "");
        fixture.emitter.end(SpanRecord { key, user_id, ..record(SpanDetails::Turn(turn())) });
    }
    assert!(text(&conversation(&fixture.finish()).attributes).contains("user.id = ann\n"));
}

#[test]
fn a_conversation_that_the_sampler_drops_is_dropped_whole() {
    let sampler = Sampler::ParentBased(Box::new(Sampler::AlwaysOff));
    let settings = EmitSettings::default().layout(TraceLayout::PerConversation);
    let mut fixture = Fixture::with(sampler, settings);
    fixture.start_turn_llm_and_tool();
    fixture.end(TURN, SpanDetails::Turn(turn()));
    assert!(fixture.finish().is_empty());
}
