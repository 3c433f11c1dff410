//! The conversation span repeats values of its turns.

use std::sync::Arc;

use opentelemetry::trace::Status as SpanStatus;
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
use pipecat_instrument_runtime::emit::{EmitSettings, Emitter, Session, TraceLayout, Tracers};
use pipecat_instrument_runtime::engine::record::{
    EndReason, Initiator, SpanDetails, SpanRecord, SpanSink, Status, TurnNumber, TurnRecord,
};
use pipecat_instrument_runtime::privacy::Privacy;

use crate::TestResult;
use crate::export::{record, start_of};
use crate::options::hiding;

#[test]
fn the_conversation_span_repeats_only_redacted_turn_errors() -> TestResult<()> {
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
    let settings = EmitSettings::default().layout(TraceLayout::PerConversation);
    let config = hiding(&[]).redact_with(|_, text| text.replace("4111", "****").into());
    let mut emitter = Emitter::new(&Tracers::new(&provider), Arc::new(settings), Session::new("call-42"))
        .privacy(Privacy::new(config));
    let turn = failed_turn();
    emitter.start(start_of(&turn));
    emitter.end(turn);
    emitter.finish();

    let spans = exporter.get_finished_spans()?;
    let statuses: Vec<&SpanStatus> = spans.iter().map(|span| &span.status).collect();
    let redacted = SpanStatus::error("no card ****");
    assert_eq!(statuses, [&redacted, &redacted]);
    Ok(())
}

fn failed_turn() -> SpanRecord {
    let turn = TurnRecord {
        number: TurnNumber(1),
        input: None,
        output: None,
        end_reason: EndReason::Ended,
        initiator: Initiator::User,
        repeats: None,
        latency: None,
        start_missed: false,
    };
    let status = Status::Error { message: "no card 4111".into(), error_type: "CardError".into() };
    SpanRecord { status, ..record(SpanDetails::Turn(turn)) }
}
