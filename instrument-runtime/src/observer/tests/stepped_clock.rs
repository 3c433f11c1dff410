//! Somebody sets the system's clock while a conversation is under way.

use std::fs;
use std::time::{Duration, SystemTime};

use super::{Traced, greet, llm, push, tts};
use crate::engine::conversation::ConversationConfig;
use crate::engine::frame::{Frame, TextChunk};
use crate::engine::record::SpanBuffer;
use crate::frame_log::{FrameLogReader, FrameLogWriter, replay};
use crate::observer::clock::stepped::step_to;

const HOUR: i64 = 3_600;

/// Far longer than the test takes, far shorter than the steps.
const NOT_LONG: Duration = Duration::from_secs(600);

/// A turn in which the clock is stepped, and stepped back, wherever something could be timed by it.
fn talk_while_the_clock_is_stepped(traced: &Traced, by: i64) {
    let observer = traced.observe();
    let mut step = by;
    let mut id = 0;
    let mut says = |source, frame| {
        id += 1;
        push(&observer, &source, id, &frame);
        step_to(step);
        step = by - step;
    };
    says(super::output(), Frame::Start);
    says(super::output(), Frame::UserStartedSpeaking);
    says(llm(), Frame::LlmResponseStart);
    says(llm(), Frame::LlmText(TextChunk::new("Hello")));
    says(tts(), Frame::TtsStarted { context_id: None });
    says(tts(), Frame::TtsText(TextChunk::new("Hello")));
    says(llm(), Frame::LlmResponseEnd);
    says(super::output(), Frame::BotStartedSpeaking);
    says(tts(), Frame::TtsStopped { context_id: None });
    says(super::output(), Frame::BotStoppedSpeaking);
    observer.close();
    step_to(0);
}

#[test]
fn spans_last_as_long_as_they_did_and_lie_within_their_turn() {
    for by in [HOUR, -HOUR] {
        let traced = Traced::new();
        let before = SystemTime::now();
        talk_while_the_clock_is_stepped(&traced, by);
        let spans = traced.finished();
        assert_eq!(spans.len(), 3, "turn, LLM, TTS");
        let turn = spans.iter().find(|span| span.name == "pipecat.conversation.turn").unwrap();
        for span in &spans {
            assert!(span.start_time >= before && span.end_time <= SystemTime::now(), "{by}: {span:?}");
            assert!(span.start_time <= span.end_time, "{by}: {span:?}");
            assert!(turn.start_time <= span.start_time && span.end_time <= turn.end_time, "{by}: {span:?}");
        }
    }
}

#[test]
fn a_log_goes_on_in_its_conversations_own_time_and_replays_so() {
    for by in [HOUR, -HOUR] {
        let directory =
            std::env::temp_dir().join(format!("pipecat-stepped-clock-{}-{by}", std::process::id()));
        let Traced { group, spans } = Traced::new();
        let logs = FrameLogWriter::new(directory.join("frames.jsonl")).unwrap();
        let traced = Traced { group: group.frame_log(logs.clone()), spans };
        talk_while_the_clock_is_stepped(&traced, by);
        logs.flush(Duration::from_secs(60)).unwrap();

        let log = fs::read_dir(&directory).unwrap().next().unwrap().unwrap().path();
        let times: Vec<_> = FrameLogReader::open(&log).unwrap().map(|event| event.unwrap().at()).collect();
        assert_eq!(times.len(), 10);
        assert!(times.is_sorted(), "{by}: {times:?}");
        assert!(times[9].since(times[0]) < NOT_LONG, "{by}: {times:?}");

        let mut again = SpanBuffer::default();
        replay(&mut FrameLogReader::open(&log).unwrap(), ConversationConfig::default(), &mut again);
        assert_eq!(again.ended.len(), 3);
        assert!(again.ended.iter().all(|span| span.end.since(span.start) < NOT_LONG), "{by}: {again:?}");
        fs::remove_dir_all(directory).unwrap();
    }
}

/// The seam is no decoration: who begins after the step begins then.
#[test]
fn the_next_conversation_begins_by_the_clock_as_it_was_set() {
    for by in [HOUR, -HOUR] {
        let traced = Traced::new();
        step_to(by);
        let observer = traced.observe();
        greet(&observer);
        observer.close();
        step_to(0);
        let now = SystemTime::now();
        for span in traced.finished() {
            let away = span.start_time.duration_since(now).unwrap_or_else(|error| error.duration());
            assert!(away > NOT_LONG, "{by}: {span:?}");
        }
    }
}
