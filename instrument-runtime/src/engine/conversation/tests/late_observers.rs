//! Observers that are added while the conversation runs.

use super::support::{LLM, OUT, Pipeline, TTS, USER, chunk};
use super::tree::assert_tree;
use crate::engine::frame::{Audio, Frame, TextChunk};

#[test]
fn first_turn_says_that_the_start_was_missed() {
    let mut pipeline = Pipeline::joined_late();
    let id = pipeline.new_id();
    pipeline.hop(USER, TTS, &Frame::UserStoppedSpeaking, id);
    pipeline.user_says(1_000, "Hello?").bot_replies(1_700, "Hello?", "Hi.");
    pipeline.user_says(4_000, "Thanks.").bot_replies(4_700, "Thanks.", "Bye.").at(9_000).ends();
    assert_tree(
        &pipeline,
        r#"
        turn 1 1000..2900 completed "Hello?" "Hi." after 0.600 start missed
          stt 1000..1600 "Hello?"
          llm 1700..1800 "Hello?" "Hi." ttfb 0.100
          tts 1800..1800 "Hi." "Hi."
        turn 2 4000..5900 completed "Thanks." "Bye." after 0.600
          stt 4000..4600 "Thanks."
          llm 4700..4800 "Thanks." "Bye." ttfb 0.100
          tts 4800..4800 "Bye." "Bye."
        "#,
    );
}

#[test]
fn start_after_other_frames_is_not_missed() {
    let mut pipeline = Pipeline::joined_late();
    pipeline.user_says(1_000, "Hello?").at(1_650).starts().bot_replies(1_700, "Hello?", "Hi.").ends();
    assert!(!pipeline.tree().contains("missed"), "{}", pipeline.tree());
}

#[test]
fn user_interrupts_speech_whose_start_was_missed() {
    let mut pipeline = Pipeline::joined_late();
    pipeline.at(500).push(TTS, &Frame::TtsText(chunk("a", "long story."))).spoken("a", "long story.");
    pipeline.user_says(1_000, "Stop.").at(1_650).bot_stops().bot_replies(1_700, "Stop.", "Okay.");
    pipeline.at(9_000).ends();
    assert_tree(
        &pipeline,
        r#"
        turn 1 500..1000 completed - "long story." start missed
          tts 500..1000 "long story." "long story." interrupted
        turn 2 1000..2900 completed "Stop." "Okay." after 0.600
          stt 1000..1600 "Stop."
          llm 1700..1800 "Stop." "Okay." ttfb 0.100
          tts 1800..1800 "Okay." "Okay."
        "#,
    );
}

#[test]
fn bot_that_stops_has_spoken() {
    let mut pipeline = Pipeline::joined_late();
    pipeline.at(500).push(TTS, &Frame::TtsText(chunk("a", "the end."))).spoken("a", "the end.");
    pipeline.push(TTS, &Frame::TtsStopped { context_id: None }).at(800).bot_stops();
    pipeline.at(9_000).ends();
    assert!(pipeline.tree().contains("turn 1 500..800 completed"), "{}", pipeline.tree());
}

#[test]
fn user_who_repeats_the_question_continues_the_turn() {
    let mut pipeline = Pipeline::joined_late();
    pipeline.at(1_000).asks("Hello?").user_says(1_200, "Anyone there?").bot_replies(1_900, "Anyone?", "Hi.");
    pipeline.at(9_000).ends();
    assert!(pipeline.tree().contains("turn 1 1000..3100 completed"), "{}", pipeline.tree());
}

#[test]
fn answer_on_its_way_to_synthesis_is_not_speech_itself() {
    let mut pipeline = Pipeline::joined_late();
    pipeline.user_says(1_000, "Hello?").at(1_700).asks("Hello?");
    let id = pipeline.new_id();
    pipeline.at(1_800).push(LLM, &Frame::LlmResponseStart);
    pipeline.hop(LLM, TTS, &Frame::LlmText(TextChunk::new("Hi.")), id).push(LLM, &Frame::LlmResponseEnd);
    pipeline.at(1_900).synthesizes("a", "Hi.").at(2_000).push(OUT, &Frame::BotStartedSpeaking);
    pipeline.spoken("a", "Hi.").at(3_000).bot_stops().at(9_000).ends();
    assert!(pipeline.tree().contains("after 0.700"), "{}", pipeline.tree());
}

/// A frame log contains more hops than a live observer passes to the engine.
#[test]
fn hops_that_no_live_observer_passes_on_change_nothing() {
    let audio = Audio::pcm16(640, 16_000, 1);
    let spans = |kept_back: &[Frame<'_>]| {
        let mut pipeline = Pipeline::joined_late();
        for frame in kept_back {
            pipeline.push(OUT, frame);
        }
        pipeline.at(1_000).user_starts().at(1_600).user_stops();
        pipeline.at(1_700).push(TTS, &Frame::TtsStarted { context_id: None }).at(1_800).audio(TTS, 500);
        pipeline.at(1_900).push(USER, &Frame::BotStartedSpeaking).drops();
        pipeline.spans
    };
    let nothing = spans(&[]);
    assert_eq!(spans(&[Frame::InputAudio(audio)]), nothing);
    assert_eq!(spans(&[Frame::Other { class: "Odd" }]), nothing);
    assert_eq!(spans(&[Frame::TtsAudio(audio)]), nothing);
}
