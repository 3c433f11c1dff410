//! Frameworks that send fewer frames than Pipecat.

use super::support::{LLM, Pipeline, STT, TTS, USER};
use super::tree::assert_tree;
use crate::engine::conversation::{FrameSupport, Support};
use crate::engine::frame::{Frame, Role, TextChunk, Transcript};

const SAYS_LITTLE: FrameSupport = FrameSupport {
    user_speech: Support::Inferred,
    bot_speech: Support::Inferred,
    spoken_text: Support::Inferred,
};

fn quiet() -> Pipeline {
    Pipeline::of(SAYS_LITTLE, &[(STT, Role::Stt), (LLM, Role::Llm), (TTS, Role::Tts)])
}

fn reply(pipeline: &mut Pipeline, start: u64, text: &str, audio_millis: u64) {
    pipeline.at(start).answers(text).push(USER, &Frame::TtsSpeak(Some(text)));
    pipeline.at(start + 100).audio(TTS, audio_millis);
}

#[test]
fn inferred_bot_speaks_while_its_audio_plays() {
    let mut pipeline = quiet();
    pipeline.at(1_000).voice().at(1_500).silence().at(1_600).hears("Hello.").asks("Hello.");
    reply(&mut pipeline, 1_800, "Hi there.", 700);
    pipeline.at(1_950).audio(TTS, 300).at(9_000).ends();
    assert_tree(
        &pipeline,
        r#"
        turn 1 0..2900 completed "Hello." "Hi there." after 0.600
          stt 1000..1600 "Hello."
          llm 1600..1800 "Hello." "Hi there." ttfb 0.200
          tts 1800..1950 "Hi there." "Hi there."
        "#,
    );
}

#[test]
fn interrupted_reply_reports_its_played_duration() {
    let mut pipeline = quiet();
    pipeline.at(1_000).voice().at(1_500).silence().at(1_600).hears("Tell me.").asks("Tell me.");
    reply(&mut pipeline, 1_800, "A long story.", 5_000);
    pipeline.at(3_000).voice().at(3_300).silence().at(3_400).hears("Stop.").at(9_000).ends();
    assert_tree(
        &pipeline,
        r#"
        turn 1 0..3000 interrupted "Tell me." - after 0.600
          stt 1000..1600 "Tell me."
          llm 1600..1800 "Tell me." "A long story." ttfb 0.200
          tts 1800..1900 "A long story." - played 1.100 interrupted
        turn 2 3000..9000 ended "Stop." -
          stt 3000..3400 "Stop."
        "#,
    );
}

#[test]
fn audio_of_an_interrupted_reply_is_not_played() {
    let mut pipeline = quiet();
    pipeline.at(1_000).voice().at(1_500).silence().at(1_600).hears("Tell me.").asks("Tell me.");
    reply(&mut pipeline, 1_800, "A long story.", 5_000);
    pipeline
        .at(3_000)
        .voice()
        .at(3_050)
        .audio(TTS, 5_000)
        .at(3_300)
        .silence()
        .at(3_400)
        .hears("Stop.")
        .at(9_000)
        .ends();
    assert!(pipeline.tree().contains("turn 2 3000..9000 ended \"Stop.\" -\n"), "{}", pipeline.tree());
}

#[test]
fn first_transcript_begins_the_turn_without_voice_detection() {
    let mut pipeline = quiet();
    pipeline
        .at(1_000)
        .push(STT, &Frame::InterimTranscription(Transcript::from("Hel")))
        .at(1_200)
        .hears("Hello.");
    pipeline.at(1_300).asks("Hello.");
    reply(&mut pipeline, 1_500, "Hi.", 400);
    pipeline
        .at(4_000)
        .push(STT, &Frame::InterimTranscription(Transcript::from("By")))
        .at(4_200)
        .hears("Bye.");
    pipeline.at(4_300).hears("Really.").asks("Bye. Really.");
    reply(&mut pipeline, 4_500, "Bye.", 400);
    pipeline.at(9_000).ends();
    assert_tree(
        &pipeline,
        r#"
        turn 1 0..2000 completed "Hello." "Hi."
          stt 1000..1200 "Hello."
          llm 1300..1500 "Hello." "Hi." ttfb 0.200
          tts 1500..1600 "Hi." "Hi."
        turn 2 4000..5000 completed "Bye. Really." "Bye."
          stt 4000..4300 "Bye. Really."
          llm 4300..4500 "Bye. Really." "Bye." ttfb 0.200
          tts 4500..4600 "Bye." "Bye."
        "#,
    );
}

#[test]
fn unknown_roles_are_inferred_from_frames() {
    let mut pipeline = Pipeline::of(SAYS_LITTLE, &[]);
    pipeline.at(1_000).push("ear", &Frame::Transcription(Transcript::from("Hello.")));
    pipeline
        .at(1_200)
        .push("mind", &Frame::LlmResponseStart)
        .push("mind", &Frame::LlmText(TextChunk::new("Hi.")));
    pipeline.at(1_300).push("mind", &Frame::LlmResponseEnd).at(1_400).audio("mouth", 500).at(9_000).ends();
    assert_tree(
        &pipeline,
        r#"
        turn 1 0..1900 completed "Hello." "Hi."
          stt 1000..1000 "Hello."
          llm mind 1200..1300 - "Hi." ttfb 0.000
          tts 1200..1400 "Hi." "Hi."
        "#,
    );
}

#[test]
fn tts_error_before_audio_belongs_to_the_given_text() {
    let mut pipeline = quiet();
    pipeline
        .at(1_000)
        .push(USER, &Frame::TtsSpeak(Some("Welcome.")))
        .at(1_300)
        .fails(TTS, "no voice")
        .at(2_000)
        .ends();
    assert_tree(
        &pipeline,
        r#"
        turn 1 0..2000 ended - -
          tts 1000..1300 "Welcome." - error _OTHER: no voice
        "#,
    );
}

#[test]
fn tts_failed_before_audio_is_not_interrupted_by_the_user() {
    let mut pipeline = quiet();
    pipeline.at(1_000).voice().at(1_500).silence().at(1_600).hears("Hello.").asks("Hello.");
    pipeline
        .at(1_800)
        .answers("Hi.")
        .push(USER, &Frame::TtsSpeak(Some("Hi.")))
        .at(1_900)
        .fails(TTS, "no voice");
    pipeline.at(3_000).voice().at(3_300).silence().at(3_400).hears("Hello?").asks("Hello?");
    reply(&mut pipeline, 3_600, "I am back.", 700);
    pipeline.at(9_000).ends();
    assert_tree(
        &pipeline,
        r#"
        turn 1 0..4400 completed "Hello. Hello?" "I am back." after 0.600
          stt 1000..1600 "Hello."
          llm 1600..1800 "Hello." "Hi." ttfb 0.200
          tts 1800..1900 "Hi." - error _OTHER: no voice
          stt 3000..3400 "Hello?"
          llm 3400..3600 "Hello?" "I am back." ttfb 0.200
          tts 3600..3700 "I am back." "I am back."
        "#,
    );
}
