//! User and bot speech intervals.

use super::support::{LLM, Pipeline, STT, TTS, USER};
use crate::engine::conversation::{FrameSupport, Support};
use crate::engine::frame::{Frame, Role};
use crate::engine::speech::{Speaker, SpeechChange};

/// Each change as `user+1000`, in milliseconds.
fn speech(pipeline: &Pipeline) -> Vec<String> {
    let line = |speech: &crate::engine::speech::Speech| {
        let who = match speech.who {
            Speaker::User => "user",
            Speaker::Bot => "bot",
        };
        let sign = match speech.change {
            SpeechChange::Starts => '+',
            SpeechChange::Stops => '-',
        };
        format!("{who}{sign}{}", speech.at.as_unix_nanos() / 1_000_000)
    };
    pipeline.spans.speech.iter().map(line).collect()
}

#[test]
fn detected_voice_ends_where_silence_began() {
    let mut pipeline = Pipeline::new();
    pipeline.at(1_000).voice().at(1_200).user_starts().at(2_000).silence().at(2_300).user_stops();
    pipeline.hears("Hello.").asks("Hello.").at(2_500).bot_starts().at(3_500).bot_stops();
    assert_eq!(speech(&pipeline), ["user+1000", "user-1800", "bot+2500", "bot-3500"]);
}

#[test]
fn announced_user_counts_without_voice_detection() {
    let mut pipeline = Pipeline::new();
    pipeline.at(1_000).user_starts().at(2_000).user_stops();
    assert_eq!(speech(&pipeline), ["user+1000", "user-2000"]);
}

#[test]
fn unannounced_bot_speaks_while_its_audio_plays() {
    let little = FrameSupport {
        user_speech: Support::Inferred,
        bot_speech: Support::Inferred,
        spoken_text: Support::Inferred,
    };
    let mut pipeline = Pipeline::of(little, &[(STT, Role::Stt), (LLM, Role::Llm), (TTS, Role::Tts)]);
    pipeline.at(1_000).voice().at(1_500).silence().at(1_600).hears("Hello.").asks("Hello.");
    pipeline.at(1_800).answers("Hi there.").push(USER, &Frame::TtsSpeak(Some("Hi there.")));
    pipeline.at(1_900).audio(TTS, 700).at(9_000).ends();
    assert_eq!(speech(&pipeline), ["user+1000", "user-1300", "bot+1900", "bot-2600"]);
}

#[test]
fn interrupted_bot_has_stopped_before_its_announcement() {
    let mut pipeline = Pipeline::new();
    pipeline.user_says(1_000, "Hello.").asks("Hello.").answers("Hi.").at(2_000).bot_starts();
    pipeline.at(3_000).voice().user_starts().at(3_020).bot_stops();
    assert_eq!(
        speech(&pipeline),
        ["user+1000", "user-1300", "bot+2000", "user+3000", "bot-3000", "bot-3020"]
    );
}
