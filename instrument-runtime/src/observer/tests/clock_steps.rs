//! Steps of the system clock during a conversation.

use std::fs;
use std::time::{Duration, SystemTime};

use super::{Traced, greet, llm, push, tts};
use crate::engine::conversation::ConversationConfig;
use crate::engine::frame::{Frame, TextChunk};
use crate::engine::record::SpanBuffer;
use crate::frame_log::{FrameLogReader, FrameLogWriter, replay};
use crate::observer::clock::stepped::set_step;

const HOUR: i64 = 3_600;

/// Far longer than the test takes, far shorter than the steps.
const MAX_DURATION: Duration = Duration::from_secs(600);

/// Runs a turn, and steps the clock forward and back after each frame.
fn talk_while_the_clock_is_stepped(traced: &Traced, by: i64) {
    let observer = traced.observe();
    let mut step = by;
    let mut id = 0;
    let mut push_and_step = |source, frame| {
        id += 1;
        push(&observer, &source, id, &frame);
        set_step(step);
        step = by - step;
    };
    push_and_step(super::output(), Frame::Start);
    push_and_step(super::output(), Frame::UserStartedSpeaking);
    push_and_step(llm(), Frame::LlmResponseStart);
    push_and_step(llm(), Frame::LlmText(TextChunk::new("Hello")));
    push_and_step(tts(), Frame::TtsStarted { context_id: None });
    push_and_step(tts(), Frame::TtsText(TextChunk::new("Hello")));
    push_and_step(llm(), Frame::LlmResponseEnd);
    push_and_step(super::output(), Frame::BotStartedSpeaking);
    push_and_step(tts(), Frame::TtsStopped { context_id: None });
    push_and_step(super::output(), Frame::BotStoppedSpeaking);
    observer.close();
    set_step(0);
}

#[test]
fn clock_step_does_not_change_durations_or_nesting() {
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
fn clock_step_does_not_show_in_the_frame_log_or_its_replay() {
    for by in [HOUR, -HOUR] {
        let directory =
            std::env::temp_dir().join(format!("pipecat-stepped-clock-{}-{by}", std::process::id()));
        let Traced { observers, spans } = Traced::new();
        let logs = FrameLogWriter::new(directory.join("frames.jsonl")).unwrap();
        let traced = Traced { observers: observers.frame_log(logs.clone()), spans };
        talk_while_the_clock_is_stepped(&traced, by);
        logs.flush(Duration::from_secs(60)).unwrap();

        let log = fs::read_dir(&directory).unwrap().next().unwrap().unwrap().path();
        let times: Vec<_> = FrameLogReader::open(&log).unwrap().map(|event| event.unwrap().at()).collect();
        assert_eq!(times.len(), 10);
        assert!(times.is_sorted(), "{by}: {times:?}");
        assert!(times[9].since(times[0]) < MAX_DURATION, "{by}: {times:?}");

        let mut again = SpanBuffer::default();
        replay(&mut FrameLogReader::open(&log).unwrap(), ConversationConfig::default(), &mut again);
        assert_eq!(again.ended.len(), 3);
        assert!(again.ended.iter().all(|span| span.end.since(span.start) < MAX_DURATION), "{by}: {again:?}");
        fs::remove_dir_all(directory).unwrap();
    }
}

/// Shows that the steps have an effect at all.
#[test]
fn conversation_after_a_clock_step_starts_at_the_new_time() {
    for by in [HOUR, -HOUR] {
        let traced = Traced::new();
        set_step(by);
        let observer = traced.observe();
        greet(&observer);
        observer.close();
        set_step(0);
        let now = SystemTime::now();
        for span in traced.finished() {
            let away = span.start_time.duration_since(now).unwrap_or_else(|error| error.duration());
            assert!(away > MAX_DURATION, "{by}: {span:?}");
        }
    }
}
