//! When turns start and end.

use super::support::{LLM, OUT, Pipeline, TTS, USER, chunk};
use super::tree::assert_tree;
use crate::engine::frame::{ErrorReport, Frame};
use crate::engine::time::Time;

#[test]
fn question_and_answer_are_one_turn() {
    let mut pipeline = Pipeline::new();
    pipeline.user_says(1_000, "Hello.").bot_replies(1_700, "Hello.", "Hi there.");
    pipeline.at(4_000).ends();
    assert_tree(
        &pipeline,
        r#"
        turn 1 0..2900 completed "Hello." "Hi there." after 0.600
          stt 1000..1600 "Hello."
          llm 1700..1800 "Hello." "Hi there." ttfb 0.100
          tts 1800..1800 "Hi there." "Hi there."
        "#,
    );
}

#[test]
fn late_wake_up_ends_the_turn_at_its_deadline() {
    let mut pipeline = Pipeline::new();
    pipeline.user_says(1_000, "Hello.").bot_replies(1_700, "Hello.", "Hi there.");
    assert_eq!(pipeline.conversation.poll_timeout(), Some(Time::from_unix_nanos(5_400_000_000)));
    pipeline.user_says(60_000, "Still there?").bot_replies(60_700, "Still there?", "Yes.").at(70_000).ends();
    assert_tree(
        &pipeline,
        r#"
        turn 1 0..2900 completed "Hello." "Hi there." after 0.600
          stt 1000..1600 "Hello."
          llm 1700..1800 "Hello." "Hi there." ttfb 0.100
          tts 1800..1800 "Hi there." "Hi there."
        turn 2 60000..61900 completed "Still there?" "Yes." after 0.600
          stt 60000..60600 "Still there?"
          llm 60700..60800 "Still there?" "Yes." ttfb 0.100
          tts 60800..60800 "Yes." "Yes."
        "#,
    );
}

#[test]
fn interrupted_turn_ends_at_the_voice_start() {
    let mut pipeline = Pipeline::new();
    pipeline.user_says(1_000, "Tell me.").at(1_700).asks("Tell me.");
    pipeline.at(1_800).answers("One. Two.").synthesizes("a", "One.").synthesizes("a", "Two.");
    pipeline.at(1_900).bot_starts().spoken("a", "One.");
    pipeline.at(2_500).voice().at(2_600).user_starts().bot_stops();
    pipeline.at(3_000).silence().at(3_100).hears("Stop.").at(4_000).ends();
    assert_tree(
        &pipeline,
        r#"
        turn 1 0..2500 interrupted "Tell me." "One." after 0.600
          stt 1000..1600 "Tell me."
          llm 1700..1800 "Tell me." "One. Two." ttfb 0.100
          tts 1800..1800 "One. Two." "One." interrupted
        turn 2 2500..4000 ended "Stop." -
          stt 2500..3100 "Stop."
        "#,
    );
}

#[test]
fn span_started_before_the_announcement_stays_in_its_turn() {
    let mut pipeline = Pipeline::new();
    pipeline.user_says(1_000, "Tell me.").at(1_700).asks("Tell me.");
    pipeline.at(1_800).answers("One. Two.").synthesizes("a", "One.");
    pipeline.at(1_900).bot_starts().spoken("a", "One.");
    pipeline.at(2_500).voice().at(2_550).synthesizes("b", "Two.");
    pipeline.at(2_600).user_starts().bot_stops();
    pipeline.at(3_000).silence().at(3_100).hears("Stop.").at(4_000).ends();
    assert_tree(
        &pipeline,
        r#"
        turn 1 0..2550 interrupted "Tell me." "One." after 0.600
          stt 1000..1600 "Tell me."
          llm 1700..1800 "Tell me." "One. Two." ttfb 0.100
          tts 1800..1800 "One." "One."
          tts 2550..2550 "Two." - interrupted
        turn 2 2500..4000 ended "Stop." -
          stt 2500..3100 "Stop."
        "#,
    );
}

#[test]
fn user_speaking_again_before_the_bot_continues_the_turn() {
    let mut pipeline = Pipeline::new();
    pipeline.user_says(1_000, "Tell me.").at(1_700).asks("Tell me.");
    pipeline.at(1_800).push(LLM, &Frame::LlmResponseStart);
    pipeline.user_says(2_000, "No, wait.").at(2_650).push(LLM, &Frame::LlmResponseEnd);
    pipeline.bot_replies(2_700, "No, wait.", "Okay.").at(5_000).ends();
    assert_tree(
        &pipeline,
        r#"
        turn 1 0..3900 completed "Tell me. No, wait." "Okay." after 0.600
          stt 1000..1600 "Tell me."
          llm 1700..2650 "Tell me." - interrupted
          stt 2000..2600 "No, wait."
          llm 2700..2800 "No, wait." "Okay." ttfb 0.100
          tts 2800..2800 "Okay." "Okay."
        "#,
    );
}

#[test]
fn muted_voice_starts_no_turn_and_no_span() {
    let mut pipeline = Pipeline::new();
    pipeline.at(500).asks("Greet.").at(600).answers("Welcome.").synthesizes("a", "Welcome.");
    pipeline.at(700).bot_starts().spoken("a", "Welcome.");
    pipeline.at(800).voice().at(900).silence().at(1_700).bot_stops();
    pipeline.at(2_000).user_starts().at(2_400).hears("Hello.").user_stops();
    pipeline.bot_replies(2_500, "Hello.", "Hi.").at(5_000).ends();
    assert_tree(
        &pipeline,
        r#"
        turn 1 0..1700 completed "Greet." "Welcome."
          llm 500..600 "Greet." "Welcome." ttfb 0.100
          tts 600..600 "Welcome." "Welcome."
        turn 2 2000..3700 completed "Hello." "Hi." after 0.300
          stt 2000..2400 "Hello."
          llm 2500..2600 "Hello." "Hi." ttfb 0.100
          tts 2600..2600 "Hi." "Hi."
        "#,
    );
}

#[test]
fn back_channel_belongs_to_the_turn_it_was_spoken_in() {
    let mut pipeline = Pipeline::new();
    pipeline
        .user_says(1_000, "Tell me.")
        .at(1_700)
        .asks("Tell me.")
        .at(1_800)
        .answers("Once.")
        .synthesizes("a", "Once.");
    pipeline.at(1_900).bot_starts().spoken("a", "Once.");
    pipeline.at(2_000).voice().at(2_200).silence().at(2_300).hears("Uh-huh.");
    pipeline.at(2_900).bot_stops().at(10_000).ends();
    assert_tree(
        &pipeline,
        r#"
        turn 1 0..2900 completed "Tell me. Uh-huh." "Once." after 0.600
          stt 1000..1600 "Tell me."
          llm 1700..1800 "Tell me." "Once." ttfb 0.100
          tts 1800..1800 "Once." "Once."
          stt 2000..2300 "Uh-huh."
        "#,
    );
}

#[test]
fn empty_turn_is_not_exported() {
    let mut pipeline = Pipeline::new();
    pipeline.at(100).voice().at(200).silence().push(USER, &Frame::Interruption).at(9_000).ends();
    assert_tree(&pipeline, "");
}

#[test]
fn bot_speaking_first_starts_a_turn() {
    let mut pipeline = Pipeline::new();
    pipeline.user_says(1_000, "Hello.").bot_replies(1_700, "Hello.", "Hi.");
    pipeline.at(9_000).push(USER, &Frame::TtsSpeak(Some("Are you there?")));
    pipeline
        .at(9_100)
        .synthesizes("b", "Are you there?")
        .at(9_200)
        .bot_starts()
        .spoken("b", "Are you there?");
    pipeline.at(9_900).bot_stops().at(20_000).ends();
    assert_tree(
        &pipeline,
        r#"
        turn 1 0..2900 completed "Hello." "Hi." after 0.600
          stt 1000..1600 "Hello."
          llm 1700..1800 "Hello." "Hi." ttfb 0.100
          tts 1800..1800 "Hi." "Hi."
        turn 2 9000..9900 completed - "Are you there?"
          tts 9100..9100 "Are you there?" "Are you there?"
        "#,
    );
}

#[test]
fn end_before_the_bot_is_done_does_not_complete() {
    let mut pipeline = Pipeline::new();
    pipeline.user_says(1_000, "Hello.").at(1_700).asks("Hello.").at(2_000).ends();
    assert_tree(
        &pipeline,
        r#"
        turn 1 0..2000 ended "Hello." -
          stt 1000..1600 "Hello."
          llm 1700..2000 "Hello." -
        "#,
    );
}

#[test]
fn end_acts_at_the_sink() {
    let mut pipeline = Pipeline::new();
    pipeline.user_says(1_000, "Hello.").at(1_700).asks("Hello.");
    let end = pipeline.new_id();
    pipeline.at(1_750).hop("Source", USER, &Frame::End, end);
    pipeline.at(1_800).answers("Hi.").synthesizes("a", "Hi.").at(1_900).bot_starts().spoken("a", "Hi.");
    pipeline.at(2_900).bot_stops().at(3_000).hop(OUT, "Sink", &Frame::End, end);
    assert!(pipeline.conversation.is_closed());
    assert_tree(
        &pipeline,
        r#"
        turn 1 0..2900 completed "Hello." "Hi." after 0.600
          stt 1000..1600 "Hello."
          llm 1700..1800 "Hello." "Hi." ttfb 0.100
          tts 1800..1800 "Hi." "Hi."
        "#,
    );
}

#[test]
fn cancel_interrupts_and_usage_still_counts() {
    let mut pipeline = Pipeline::new();
    pipeline.user_says(1_000, "Hello.").at(1_700).asks("Hello.");
    pipeline.at(1_800).push(LLM, &Frame::LlmResponseStart);
    let cancel = pipeline.new_id();
    pipeline.at(2_000).hop("Source", USER, &Frame::Cancel, cancel);
    pipeline.at(2_010).uses_tokens(120).at(2_020).bot_starts().voice().hears("Late.");
    pipeline.at(2_100).hop(OUT, "Sink", &Frame::Cancel, cancel);
    assert_tree(
        &pipeline,
        r#"
        turn 1 0..2000 cancelled "Hello." -
          stt 1000..1600 "Hello."
          llm 1700..2000 "Hello." - tokens 120 interrupted
        "#,
    );
}

#[test]
fn dropped_task_cancels_its_turn() {
    let mut pipeline = Pipeline::new();
    pipeline.user_says(1_000, "Hello.").at(1_700).asks("Hello.").at(2_500).drops();
    assert_tree(
        &pipeline,
        r#"
        turn 1 0..2500 cancelled "Hello." -
          stt 1000..1600 "Hello."
          llm 1700..2500 "Hello." - interrupted
        "#,
    );
    pipeline.at(3_000).bot_starts().drops();
    assert_eq!(pipeline.spans.ended.len(), 3, "nothing happens afterwards");
}

#[test]
fn requested_end_counts_only_at_the_sink() {
    let mut pipeline = Pipeline::new();
    pipeline.user_says(1_000, "Hello.").at(2_000).push(USER, &Frame::End).at(2_500).drops();
    assert!(pipeline.tree().contains("turn 1 0..2500 cancelled"), "{}", pipeline.tree());
}

#[test]
fn turn_waits_for_services_after_bot_stop() {
    let mut pipeline = Pipeline::new();
    pipeline.user_says(1_000, "Weather?").at(1_700).asks("Weather?");
    pipeline.at(1_800).answers("Let me see.").synthesizes("a", "Let me see.");
    pipeline.calls_tool("weather", "1");
    pipeline.at(1_900).bot_starts().spoken("a", "Let me see.").at(2_900).bot_stops();
    pipeline.at(7_000).tool_returns("1", "21");
    pipeline.at(20_000).user_says(20_000, "Hello?").at(21_000).ends();
    assert_tree(
        &pipeline,
        r#"
        turn 1 0..7000 completed "Weather?" "Let me see." after 0.600
          stt 1000..1600 "Weather?"
          llm 1700..1800 "Weather?" "Let me see." ttfb 0.100
            tool weather 1800..7000 "21"
          tts 1800..1800 "Let me see." "Let me see."
        turn 2 20000..21000 ended "Hello?" -
          stt 20000..20600 "Hello?"
        "#,
    );
}

#[test]
fn typed_message_starts_a_turn_and_a_retry_does_not() {
    let mut pipeline = Pipeline::new();
    pipeline.bot_replies(500, "Hello.", "Hi.").bot_replies(2_000, "Bye.", "Bye!");
    pipeline.at(3_300).context(LLM).at(3_400).answers("Bye again.").at(9_000).ends();
    assert_tree(
        &pipeline,
        r#"
        turn 1 0..1700 completed "Hello." "Hi."
          llm 500..600 "Hello." "Hi." ttfb 0.100
          tts 600..600 "Hi." "Hi."
        turn 2 2000..3400 completed "Bye." "Bye!"
          llm 2000..2100 "Bye." "Bye!" ttfb 0.100
          tts 2100..2100 "Bye!" "Bye!"
          llm 3300..3400 "Bye." "Bye again." ttfb 0.100
        "#,
    );
}

#[test]
fn only_a_fatal_error_fails_the_turn() {
    let mut pipeline = Pipeline::new();
    pipeline.user_says(1_000, "Hello.").at(1_800).fails("Transport", "hiccup");
    let fatal = ErrorReport {
        message: "line dead",
        fatal: true,
        exception: Some("OSError(5)"),
        ..ErrorReport::default()
    };
    pipeline.at(2_000).push("Transport", &Frame::Error(fatal)).at(2_100).cancels();
    assert_tree(
        &pipeline,
        r#"
        turn 1 0..2100 cancelled "Hello." - error OSError: line dead event: hiccup event: line dead
          stt 1000..1600 "Hello."
        "#,
    );
}

#[test]
fn spoken_text_before_bot_start_counts_once_it_starts() {
    let mut pipeline = Pipeline::new();
    pipeline
        .user_says(1_000, "Hello.")
        .at(1_700)
        .asks("Hello.")
        .at(1_800)
        .answers("Hi.")
        .synthesizes("a", "Hi.");
    pipeline
        .push(OUT, &Frame::TtsText(chunk("a", "Hi.")))
        .at(1_900)
        .bot_starts()
        .at(2_500)
        .bot_stops()
        .at(3_000)
        .ends();
    assert!(pipeline.tree().contains(r#"completed "Hello." "Hi.""#), "{}", pipeline.tree());
}

#[test]
fn span_moments_are_events() {
    let mut pipeline = Pipeline::new();
    pipeline.user_says(1_000, "Tell me.").at(1_700).asks("Tell me.").at(1_800).answers("Once.");
    pipeline.push(TTS, &Frame::TtsStarted { context_id: None }).at(1_900).audio(TTS, 900).bot_starts();
    pipeline.at(2_500).voice().user_starts().at(3_000).ends();
    assert_eq!(
        pipeline.moments(),
        ["llm FirstToken 1800", "tts FirstAudio 1900", "tts Interrupted 2500", "turn 1 Interrupted 2500"]
    );
}
