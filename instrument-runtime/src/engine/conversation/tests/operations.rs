//! Traced operations together with frames of the same work.

use super::super::CloseReason;
use super::support::{LLM, OUT, Pipeline, TTS};
use crate::engine::frame::{Frame, Measurement, TextChunk};
use crate::engine::operation::{
    Completion, Failure, OperationInfo, OperationInput, OperationKey, OperationStart, Outcome, ServiceKind,
    ServiceName, StartedOperation,
};
use crate::engine::record::{SpanDetails, SpanKey, SpanKind};
use crate::engine::time::Time;

impl Pipeline {
    fn begins(&mut self, now: u64, kind: ServiceKind, service: ServiceName<'_>) -> StartedOperation {
        let announcement = OperationStart { kind, service, parent: None };
        self.at(now);
        let now = Time::from_unix_nanos(now * 1_000_000);
        self.conversation.begin_operation(now, &announcement, &mut self.spans).unwrap()
    }

    fn over(&mut self, now: u64, key: OperationKey, outcome: Outcome) -> &mut Self {
        self.at(now);
        let now = Time::from_unix_nanos(now * 1_000_000);
        self.conversation.end_operation(now, key, outcome, &mut self.spans);
        self
    }

    /// Start and end of the only span of a kind, in milliseconds.
    fn times(&self, kind: SpanKind) -> (u64, u64) {
        let mut of_kind = self.spans.ended.iter().filter(|record| kind_of(&record.details) == kind);
        let record = of_kind.next().unwrap();
        assert!(of_kind.next().is_none(), "{:?}", self.spans.ended);
        (record.start.as_unix_nanos() / 1_000_000, record.end.as_unix_nanos() / 1_000_000)
    }
}

fn kind_of(details: &SpanDetails) -> SpanKind {
    match details {
        SpanDetails::Turn(_) => SpanKind::Turn,
        SpanDetails::Stt(_) => SpanKind::Stt,
        SpanDetails::Llm(_) => SpanKind::Llm,
        SpanDetails::Tts(_) => SpanKind::Tts,
        SpanDetails::Tool(_) => SpanKind::Tool,
    }
}

const ANY: ServiceName<'static> = ServiceName::Guessed("complete");

fn answer(text: &str) -> Outcome {
    Outcome { text: Some(text.into()), ..Outcome::default() }
}

#[test]
fn record_continuing_an_operation_starts_with_it() {
    let mut pipeline = Pipeline::new();
    pipeline.user_says(1_000, "Rain?");
    let begun = pipeline.begins(1_700, ServiceKind::Llm, ANY);
    pipeline.over(1_900, begun.key, answer("No."));
    pipeline.at(1_950).answers("No.");
    pipeline.at(2_000).ends();
    assert_eq!(pipeline.times(SpanKind::Llm), (1_700, 1_950));
    let started: Vec<_> = pipeline.spans.started.iter().filter(|start| start.kind == SpanKind::Llm).collect();
    assert_eq!(started.iter().map(|start| start.key).collect::<Vec<_>>(), [begun.span.unwrap()]);
}

#[test]
fn request_does_not_continue_an_ended_operation() {
    let mut pipeline = Pipeline::new();
    pipeline.user_says(1_000, "Rain?");
    let judge = pipeline.begins(1_650, ServiceKind::Llm, ANY);
    pipeline.over(1_660, judge.key, answer("A question."));
    pipeline.at(1_700).asks("Rain?").answers("No.");
    pipeline.at(2_000).ends();
    let llms = pipeline.spans.ended.iter().filter(|record| kind_of(&record.details) == SpanKind::Llm);
    assert_eq!(llms.count(), 2);
}

#[test]
fn stt_operation_starts_with_the_voice() {
    let mut pipeline = Pipeline::new();
    pipeline.at(1_000).voice().user_starts();
    pipeline.at(1_500).silence();
    let begun = pipeline.begins(1_510, ServiceKind::Stt, ServiceName::Explicit("Stt"));
    pipeline.over(1_600, begun.key, answer("Rain?")).at(1_610).hears("Rain?").user_stops();
    pipeline.at(2_000).ends();
    assert_eq!(pipeline.times(SpanKind::Stt), (1_000, 1_610));
}

#[test]
fn turn_waits_for_a_traced_llm_call() {
    let mut pipeline = Pipeline::new();
    pipeline.user_says(1_000, "Rain?");
    pipeline.at(1_700).bot_starts();
    let begun = pipeline.begins(1_800, ServiceKind::Llm, ANY);
    pipeline.at(2_000).bot_stops();
    assert_eq!(pipeline.conversation.poll_timeout(), None);
    pipeline.over(3_000, begun.key, answer("No."));
    assert_eq!(pipeline.conversation.poll_timeout(), Some(Time::from_unix_nanos(5_500_000_000)));
    pipeline.at(9_000).push(OUT, &Frame::Other { class: "Ping" });
    assert_eq!(pipeline.times(SpanKind::Llm), (1_800, 3_000));
}

#[test]
fn llm_operation_starts_a_turn_and_stt_operation_does_not() {
    let mut pipeline = Pipeline::new();
    pipeline.at(100).bot_starts();
    pipeline.at(200).bot_stops();
    pipeline.at(5_000).push(OUT, &Frame::Other { class: "Ping" });
    let listening = pipeline.begins(5_000, ServiceKind::Stt, ANY);
    assert_eq!((listening.span, pipeline.conversation.current_turn()), (None, None));
    let thinking = pipeline.begins(5_100, ServiceKind::Llm, ANY);
    assert!(thinking.span.is_some() && pipeline.conversation.current_turn().is_some());
}

#[test]
fn frames_take_precedence_over_operations() {
    let mut pipeline = Pipeline::new();
    pipeline.user_says(1_000, "Rain?").at(1_700).asks("Rain?");
    let begun = pipeline.begins(1_710, ServiceKind::Llm, ServiceName::Explicit("Llm"));
    let about = OperationInfo {
        model: Some("model-1".into()),
        input: OperationInput::Text("something else".into()),
        ..OperationInfo::default()
    };
    pipeline.conversation.describe_operation(begun.key, about);
    let outcome = Outcome {
        first: Some(Time::from_unix_nanos(1_720_000_000)),
        usage: Some(Measurement::TtsCharacters(1)),
        ..answer("something else")
    };
    pipeline.uses_tokens(7).answers("No.").over(1_900, begun.key, outcome);
    pipeline.at(2_000).ends();
    let llm = pipeline.spans.ended.iter().find_map(|record| match &record.details {
        SpanDetails::Llm(llm) => Some(llm),
        _ => None,
    });
    let llm = llm.unwrap();
    assert_eq!(llm.service.model.as_deref(), Some("model-1"));
    assert_eq!(llm.request.last_user_message.as_deref(), Some("Rain?"));
    assert_eq!((llm.text.as_deref(), llm.usage.map(|usage| usage.total)), (Some("No."), Some(7)));
    assert_eq!(llm.times.ttfb.map(|(seconds, _)| (seconds * 1_000.0).round()), Some(10.0));
}

#[test]
fn closed_conversation_accepts_no_operations() {
    let mut pipeline = Pipeline::new();
    let begun = pipeline.begins(100, ServiceKind::Tts, ANY);
    pipeline.ends();
    let before = pipeline.spans.clone();
    let failure = Failure { message: "late".into(), error_type: "_OTHER".into() };
    pipeline.over(200, begun.key, Outcome { failure: Some(failure), ..Outcome::default() });
    let again = OperationStart { kind: ServiceKind::Tts, service: ANY, parent: Some(SpanKey(1)) };
    let now = Time::from_unix_nanos(300_000_000);
    assert_eq!(pipeline.conversation.begin_operation(now, &again, &mut pipeline.spans), None);
    assert_eq!(pipeline.spans, before);
}

/// Every kind, with and without frames, ended well, badly and never, cut and dropped: each span ends once.
#[test]
fn every_span_ends_once_with_any_operations() {
    let kinds = [ServiceKind::Stt, ServiceKind::Llm, ServiceKind::Tts];
    for seed in 0..200_u64 {
        let mut pipeline = Pipeline::new();
        let mut open: Vec<OperationKey> = Vec::new();
        for step in 0..60_u64 {
            // A linear congruential generator, so that each run is the same.
            let chance = (seed * 6_364_136_223 + step * 1_442_695_041).rotate_left(17) % 13;
            let now = 1_000 + step * 100;
            pipeline.at(now);
            match chance {
                0..=3 => {
                    let kind = kinds[usize::try_from(step % 3).unwrap()];
                    let name = if seed % 2 == 0 { ANY } else { ServiceName::Explicit("Llm") };
                    let announcement = OperationStart { kind, service: name, parent: None };
                    let now = Time::from_unix_nanos(now * 1_000_000);
                    let begun =
                        pipeline.conversation.begin_operation(now, &announcement, &mut pipeline.spans);
                    open.extend(begun.map(|begun| begun.key));
                }
                4..=6 => {
                    if let Some(key) = open.pop() {
                        let completion =
                            if step % 2 == 0 { Completion::Finished } else { Completion::Dropped };
                        pipeline.over(now, key, Outcome { completion, ..answer("No.") });
                    }
                }
                7 => {
                    pipeline.voice().user_starts();
                }
                8 => {
                    pipeline.hears("Rain?");
                }
                9 => {
                    pipeline.asks("Rain?");
                }
                10 => {
                    pipeline.push(LLM, &Frame::LlmText(TextChunk::new("No.")));
                }
                11 => {
                    pipeline.push(TTS, &Frame::TtsStarted { context_id: None });
                }
                _ => {
                    pipeline.bot_starts().bot_stops();
                }
            }
        }
        let now = Time::from_unix_nanos(9_000_000_000);
        pipeline.conversation.close(now, CloseReason::Dropped, &mut pipeline.spans);
        let mut started: Vec<_> = pipeline.spans.started.iter().map(|start| start.key).collect();
        let mut ended: Vec<_> = pipeline.spans.ended.iter().map(|record| record.key).collect();
        started.sort_unstable();
        ended.sort_unstable();
        assert_eq!(started, ended, "seed {seed}");
        let turns: Vec<_> =
            pipeline.spans.ended.iter().filter(|record| kind_of(&record.details) == SpanKind::Turn).collect();
        for record in &pipeline.spans.ended {
            let is_within = |turn: &&&crate::engine::record::SpanRecord| {
                turn.start <= record.start && record.end <= turn.end
            };
            assert!(
                record.end >= record.start && turns.iter().any(|turn| is_within(&turn)),
                "seed {seed}: {record:?}"
            );
        }
    }
}

#[test]
fn excess_operations_are_written_one_by_one() {
    let mut pipeline = Pipeline::new();
    for step in 0..1_000 {
        let begun = pipeline.begins(1_000 + step, ServiceKind::Llm, ANY);
        pipeline.over(1_000 + step, begun.key, answer("No."));
    }
    assert!(pipeline.spans.ended.len() > 700, "{} spans are out", pipeline.spans.ended.len());
    pipeline.at(3_000).ends();
    assert_eq!(pipeline.spans.ended.len(), 1_001, "and the turn");
}
