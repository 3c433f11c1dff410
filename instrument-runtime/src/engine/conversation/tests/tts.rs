//! Syntheses.

use super::support::{LLM, Pipeline, TTS, USER, chunk};
use super::tree::assert_tree;
use crate::engine::frame::{Delivery, Frame, Measurement, TextChunk};
use crate::engine::time::Time;

#[test]
fn sentences_of_one_reply_are_one_span() {
    let mut pipeline = Pipeline::new();
    pipeline.at(500).asks("One").at(600).answers("A. B.");
    pipeline.at(700).synthesizes("a", "A.").at(800).synthesizes("a", "B.");
    pipeline.at(900).bot_starts().spoken("a", "A.").spoken("a", "B.").at(1_000).bot_stops().at(2_000).ends();
    assert_tree(
        &pipeline,
        r#"
        turn 1 0..1000 completed "One" "A. B."
          llm 500..600 "One" "A. B." ttfb 0.100
          tts 700..800 "A. B." "A. B."
        "#,
    );
}

#[test]
fn unnamed_starts_of_several_replies_are_several_spans() {
    let mut pipeline = Pipeline::new();
    pipeline.at(500).asks("One").at(600).answers("A. B.").at(700).synthesizes("a", "A.");
    pipeline.at(800).push(TTS, &Frame::TtsStarted { context_id: None });
    pipeline
        .at(810)
        .push(TTS, &Frame::TtsText(chunk("b", "B.")))
        .at(900)
        .push(TTS, &Frame::TtsStopped { context_id: None });
    pipeline.at(2_000).ends();
    assert_tree(
        &pipeline,
        r#"
        turn 1 0..2000 ended "One" -
          llm 500..600 "One" "A. B." ttfb 0.100
          tts 700..700 "A." -
          tts 800..900 "B." -
        "#,
    );
}

#[test]
fn characters_before_the_synthesis_add_up() {
    let mut pipeline = Pipeline::new();
    pipeline.at(500).asks("One").at(600).answers("A. B.");
    pipeline.measures(TTS, Measurement::TtsCharacters(2)).at(700).synthesizes("a", "A.");
    pipeline.measures(TTS, Measurement::TtsCharacters(3)).at(800).synthesizes("a", "B.");
    pipeline.measures(TTS, Measurement::TtsCharacters(4)).at(2_000).ends();
    assert!(pipeline.tree().contains("tts 700..800 \"A. B.\" - characters 9"), "{}", pipeline.tree());
}

#[test]
fn synthesis_for_a_dead_reply_is_interrupted() {
    let mut pipeline = Pipeline::new();
    pipeline.user_says(1_000, "Tell me.").at(1_700).asks("Tell me.");
    pipeline.at(1_800).push(LLM, &Frame::LlmResponseStart);
    pipeline.user_says(2_000, "Wait.").measures(TTS, Measurement::TtsCharacters(4));
    pipeline
        .at(2_650)
        .push(TTS, &Frame::AggregatedText(chunk("a", "Once")))
        .push(TTS, &Frame::TtsStarted { context_id: None });
    pipeline.measures(TTS, Measurement::TimeToFirstByte(0.001));
    pipeline.bot_replies(2_700, "Wait.", "Okay.").at(9_000).ends();
    assert_tree(
        &pipeline,
        r#"
        turn 1 0..3900 completed "Tell me. Wait." "Okay." after 0.600
          stt 1000..1600 "Tell me."
          llm 1700..2700 "Tell me." - interrupted
          stt 2000..2600 "Wait."
          tts 2650..2700 "Once" - characters 4 interrupted
          llm 2700..2800 "Wait." "Okay." ttfb 0.100
          tts 2800..2800 "Okay." "Okay."
        "#,
    );
}

#[test]
fn failed_synthesis_ends_before_the_next_reply() {
    let mut pipeline = Pipeline::new();
    pipeline.user_says(1_000, "One").at(1_700).asks("One").at(1_800).answers("A.");
    pipeline
        .at(1_900)
        .push(TTS, &Frame::AggregatedText(TextChunk::new("A.")))
        .at(2_000)
        .fails(TTS, "no voice");
    pipeline.user_says(3_000, "Hello?").at(3_700).asks("Hello?").at(3_800).answers("B.");
    pipeline.at(3_900).push(TTS, &Frame::AggregatedText(TextChunk::new("B.")));
    pipeline.push(TTS, &Frame::TtsStarted { context_id: None }).at(9_000).ends();
    assert_tree(
        &pipeline,
        r#"
        turn 1 0..9000 ended "One Hello?" -
          stt 1000..1600 "One"
          llm 1700..1800 "One" "A." ttfb 0.100
          tts 1900..2000 "A." - error _OTHER: no voice
          stt 3000..3600 "Hello?"
          llm 3700..3800 "Hello?" "B." ttfb 0.100
          tts 3900..9000 "B." -
        "#,
    );
}

#[test]
fn tts_error_belongs_to_the_synthesis_under_way() {
    let mut pipeline = Pipeline::new();
    pipeline.at(500).asks("One").at(600).answers("A.");
    pipeline
        .at(700)
        .push(TTS, &Frame::AggregatedText(chunk("a", "A.")))
        .push(TTS, &Frame::TtsStarted { context_id: None });
    pipeline.at(800).fails(TTS, "no voice").at(2_000).ends();
    assert_tree(
        &pipeline,
        r#"
        turn 1 0..2000 ended "One" -
          llm 500..600 "One" "A." ttfb 0.100
          tts 700..800 "A." - error _OTHER: no voice
        "#,
    );
}

#[test]
fn spoken_text_belongs_to_the_turn_its_reply_started_in() {
    let mut pipeline = Pipeline::new();
    pipeline
        .user_says(1_000, "Tell me.")
        .at(1_700)
        .asks("Tell me.")
        .at(1_800)
        .answers("Yes?")
        .synthesizes("a", "Yes?");
    pipeline.at(1_900).bot_starts().at(2_500).voice().user_starts().spoken("a", "Yes?").bot_stops();
    pipeline.at(3_000).silence().at(3_100).hears("Hm.").bot_replies(3_200, "Hm.", "Go on.").at(9_000).ends();
    assert_tree(
        &pipeline,
        r#"
        turn 1 0..2500 interrupted "Tell me." "Yes?" after 0.600
          stt 1000..1600 "Tell me."
          llm 1700..1800 "Tell me." "Yes?" ttfb 0.100
          tts 1800..1800 "Yes?" "Yes?" interrupted
        turn 2 2500..4400 completed "Hm." "Go on." after 0.600
          stt 2500..3100 "Hm."
          llm 3200..3300 "Hm." "Go on." ttfb 0.100
          tts 3300..3300 "Go on." "Go on."
        "#,
    );
}

#[test]
fn text_of_an_unheard_reply_does_not_count_later() {
    let mut pipeline = Pipeline::new();
    pipeline.user_says(1_000, "One").at(1_700).asks("One").at(1_800).answers("Nobody hears this.");
    pipeline.synthesizes("a", "Nobody hears this.").spoken("a", "Nobody hears this.");
    pipeline.user_says(2_000, "Two").bot_replies(2_700, "Two", "This works.").at(9_000).ends();
    assert_tree(
        &pipeline,
        r#"
        turn 1 0..3900 completed "One Two" "This works." after 0.600
          stt 1000..1600 "One"
          llm 1700..1800 "One" "Nobody hears this." ttfb 0.100
          tts 1800..1800 "Nobody hears this." -
          stt 2000..2600 "Two"
          llm 2700..2800 "Two" "This works." ttfb 0.100
          tts 2800..2800 "This works." "This works."
        "#,
    );
}

#[test]
fn announced_reply_without_audio_can_be_interrupted() {
    let mut pipeline = Pipeline::new();
    pipeline
        .at(500)
        .asks("One")
        .at(600)
        .answers("I am")
        .push(TTS, &Frame::AggregatedText(chunk("a", "I am")));
    pipeline.at(700).cancels();
    assert!(pipeline.tree().contains("tts 600..700 \"I am\" - interrupted"), "{}", pipeline.tree());
}

#[test]
fn reply_spoken_to_its_end_was_not_interrupted() {
    let mut pipeline = Pipeline::new();
    pipeline.user_says(1_000, "Tell me.").at(1_700).asks("Tell me.").at(1_800).answers("One. Two.");
    pipeline.synthesizes("a", "One. Two.").at(1_900).bot_starts().spoken("a", "One.");
    pipeline
        .at(2_500)
        .voice()
        .push(USER, &Frame::UserStartedSpeaking)
        .at(2_600)
        .spoken("a", "Two.")
        .at(2_900)
        .bot_stops();
    pipeline.at(3_000).silence().at(3_100).hears("Hm.").at(9_000).ends();
    assert!(pipeline.tree().contains("tts 1800..1800 \"One. Two.\" \"One. Two.\"\n"), "{}", pipeline.tree());
}

#[test]
fn each_reply_is_charged_its_own_characters() {
    let mut pipeline = Pipeline::new();
    pipeline
        .at(500)
        .push(USER, &Frame::TtsSpeak(Some("One.")))
        .push(USER, &Frame::TtsSpeak(Some("Number two.")));
    pipeline.at(600).measures(TTS, Measurement::TtsCharacters(4));
    pipeline
        .push(TTS, &Frame::AggregatedText(chunk("a", "One.")))
        .push(TTS, &Frame::TtsStarted { context_id: None });
    pipeline
        .at(700)
        .measures(TTS, Measurement::TtsCharacters(11))
        .push(TTS, &Frame::TtsText(chunk("a", "One.")));
    pipeline.push(TTS, &Frame::TtsStopped { context_id: None });
    pipeline.at(800).synthesizes("b", "Number two.").at(2_000).ends();
    assert_tree(
        &pipeline,
        r#"
        turn 1 0..2000 ended - -
          tts 600..700 "One." - characters 4
          tts 800..800 "Number two." - characters 11
        "#,
    );
}

#[test]
fn silent_text_is_not_synthesized() {
    let mut pipeline = Pipeline::new();
    pipeline.at(500).asks("One").at(600).answers("Only shown.");
    let shown = TextChunk { delivery: Delivery::Silent, ..chunk("a", "Only shown.") };
    pipeline.push(TTS, &Frame::AggregatedText(shown)).push(TTS, &Frame::TtsText(shown)).at(2_000).ends();
    assert_tree(
        &pipeline,
        r#"
        turn 1 0..2000 ended "One" -
          llm 500..600 "One" "Only shown." ttfb 0.100
        "#,
    );
}

#[test]
fn failed_synthesis_ends_at_its_error_and_is_not_interrupted() {
    let mut pipeline = Pipeline::new();
    pipeline.user_says(1_000, "One").at(1_700).asks("One").at(1_800).answers("A.");
    pipeline.push(TTS, &Frame::AggregatedText(chunk("a", "A.")));
    pipeline.push(TTS, &Frame::TtsStarted { context_id: None }).at(1_900).fails(TTS, "500");
    pipeline.user_says(3_000, "Hello?").measures(TTS, Measurement::TimeToFirstByte(1.5));
    pipeline.bot_replies(3_700, "Hello?", "B.").at(9_000).ends();
    assert_tree(
        &pipeline,
        r#"
        turn 1 0..4900 completed "One Hello?" "B." after 0.600
          stt 1000..1600 "One"
          llm 1700..1800 "One" "A." ttfb 0.100
          tts 1800..1900 "A." - error _OTHER: 500
          stt 3000..3600 "Hello?"
          llm 3700..3800 "Hello?" "B." ttfb 0.100
          tts 3800..3800 "B." "B."
        "#,
    );
    assert_eq!(pipeline.tts_ttfbs(), [None, None], "1.5 s is that of the dead request");
}

#[test]
fn failed_synthesis_holds_no_turn_open() {
    let mut pipeline = Pipeline::new();
    pipeline.bot_replies(500, "One", "A.").at(1_750).push(USER, &Frame::TtsSpeak(Some("B.")));
    pipeline.push(TTS, &Frame::AggregatedText(chunk("b", "B.")));
    pipeline.push(TTS, &Frame::TtsStarted { context_id: None }).at(1_900).fails(TTS, "500");
    assert_eq!(pipeline.conversation.poll_timeout(), Some(Time::from_unix_nanos(4_400_000_000)));
}

#[test]
fn failed_synthesis_with_audio_to_be_heard_ends_with_it() {
    let mut pipeline = Pipeline::new();
    pipeline.user_says(1_000, "One").at(1_700).asks("One").at(1_800).answers("A. B.");
    pipeline.push(TTS, &Frame::AggregatedText(chunk("a", "A. B.")));
    pipeline.push(TTS, &Frame::TtsStarted { context_id: None }).at(1_900).audio(TTS, 1_000);
    pipeline.measures(TTS, Measurement::TimeToFirstByte(0.1)).bot_starts().spoken("a", "A.");
    pipeline.at(2_300).fails(TTS, "reset").at(2_900).bot_stops().at(9_000).ends();
    assert_tree(
        &pipeline,
        r#"
        turn 1 0..2900 completed "One" "A." after 0.600
          stt 1000..1600 "One"
          llm 1700..1800 "One" "A. B." ttfb 0.100
          tts 1800..1900 "A. B." "A." error _OTHER: reset
        "#,
    );
    assert_eq!(pipeline.tts_ttfbs(), [Some(0.1)]);
}

#[test]
fn failed_synthesis_that_is_audible_can_be_interrupted() {
    let mut pipeline = Pipeline::new();
    pipeline.user_says(1_000, "One").at(1_700).asks("One").at(1_800).answers("A. B.");
    pipeline.push(TTS, &Frame::AggregatedText(chunk("a", "A. B.")));
    pipeline.push(TTS, &Frame::TtsStarted { context_id: None }).at(1_900).audio(TTS, 1_000);
    pipeline.bot_starts().spoken("a", "A.").at(2_300).fails(TTS, "reset");
    pipeline.at(2_500).voice().user_starts().bot_stops().at(9_000).ends();
    assert!(
        pipeline.tree().contains("tts 1800..1900 \"A. B.\" \"A.\" interrupted error _OTHER: reset"),
        "{}",
        pipeline.tree()
    );
}

#[test]
fn lost_synthesis_ends_with_its_last_audio() {
    let mut pipeline = Pipeline::new();
    pipeline.user_says(1_000, "One").at(1_700).asks("One").at(1_800).answers("A. B.");
    pipeline.push(TTS, &Frame::AggregatedText(chunk("a", "A. B.")));
    pipeline.push(TTS, &Frame::TtsStarted { context_id: None }).at(1_900).audio(TTS, 500);
    pipeline.at(1_950).bot_starts().spoken("a", "A.").at(2_100).audio(TTS, 500);
    // The framework stops waiting for more audio.
    pipeline.at(5_900).bot_stops();
    pipeline.user_says(7_000, "Go on.").bot_replies(7_700, "Go on.", "B.").at(13_000).ends();
    assert_tree(
        &pipeline,
        r#"
        turn 1 0..5900 completed "One" "A." after 0.650
          stt 1000..1600 "One"
          llm 1700..1800 "One" "A. B." ttfb 0.100
          tts 1800..2100 "A. B." "A."
        turn 2 7000..8900 completed "Go on." "B." after 0.600
          stt 7000..7600 "Go on."
          llm 7700..7800 "Go on." "B." ttfb 0.100
          tts 7800..7800 "B." "B."
        "#,
    );
}

#[test]
fn synthesis_that_waits_behind_another_is_not_lost() {
    let mut pipeline = Pipeline::new();
    pipeline.at(500).push(USER, &Frame::TtsSpeak(Some("A."))).synthesizes("a", "A.").at(550).bot_starts();
    pipeline.push(USER, &Frame::TtsSpeak(Some("B."))).push(TTS, &Frame::AggregatedText(chunk("b", "B.")));
    pipeline.push(TTS, &Frame::TtsStarted { context_id: None }).at(600).audio(TTS, 500).at(1_500).bot_stops();
    assert_eq!(pipeline.conversation.poll_timeout(), None, "the turn waits for B");
    pipeline.at(1_510).bot_starts().push(TTS, &Frame::TtsStopped { context_id: None }).at(2_000).bot_stops();
    assert_eq!(pipeline.conversation.poll_timeout(), Some(Time::from_unix_nanos(4_500_000_000)));
}

#[test]
fn synthesis_continues_after_a_failed_sentence() {
    let mut pipeline = Pipeline::new();
    pipeline.at(500).asks("One").at(600).answers("A. B.");
    pipeline.push(TTS, &Frame::AggregatedText(chunk("a", "A.")));
    pipeline.push(TTS, &Frame::TtsStarted { context_id: None }).at(700).fails(TTS, "500");
    pipeline.at(800).push(TTS, &Frame::AggregatedText(chunk("a", "B."))).at(900).audio(TTS, 500);
    pipeline.at(950).bot_starts().spoken("a", "B.").push(TTS, &Frame::TtsStopped { context_id: None });
    pipeline.at(1_450).bot_stops().at(5_000).ends();
    assert_tree(
        &pipeline,
        r#"
        turn 1 0..1450 completed "One" "B."
          llm 500..600 "One" "A. B." ttfb 0.100
          tts 600..950 "A. B." "B." error _OTHER: 500
        "#,
    );
}
