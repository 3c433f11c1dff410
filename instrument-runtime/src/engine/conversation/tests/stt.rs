//! Utterances.

use super::support::{LLM, OUT, Pipeline, STT, USER};
use super::tree::assert_tree;
use crate::engine::frame::{Frame, Measurement, Transcript};
use crate::engine::record::{LatencySource, SpanDetails};

#[test]
fn two_finals_of_one_voice_are_one_utterance() {
    let mut pipeline = Pipeline::new();
    pipeline.user_says(1_000, "To Paris").at(1_700).asks("To Paris");
    pipeline.at(2_000).hears("tomorrow.").at(3_000).ends();
    assert_tree(
        &pipeline,
        r#"
        turn 1 0..3000 ended "To Paris tomorrow." -
          stt 1000..2000 "To Paris tomorrow."
          llm 1700..3000 "To Paris" -
        "#,
    );
}

#[test]
fn new_voice_is_a_new_utterance() {
    let mut pipeline = Pipeline::new();
    pipeline.user_says(1_000, "First part").user_says(2_000, "and the second.").at(3_000).ends();
    assert_tree(
        &pipeline,
        r#"
        turn 1 0..3000 ended "First part and the second." -
          stt 1000..1600 "First part"
          stt 2000..2600 "and the second."
        "#,
    );
}

#[test]
fn pause_before_words_continues_the_utterance() {
    let mut pipeline = Pipeline::new();
    pipeline.at(1_000).voice().user_starts().at(1_500).silence().at(1_600).voice();
    pipeline.at(2_000).silence().at(2_100).hears("I, er, wonder.").user_stops().at(3_000).ends();
    assert_tree(
        &pipeline,
        r#"
        turn 1 0..3000 ended "I, er, wonder." -
          stt 1000..2100 "I, er, wonder."
        "#,
    );
}

#[test]
fn announced_speech_without_transcript_is_a_span() {
    let mut pipeline = Pipeline::new();
    pipeline.at(1_000).voice().user_starts().at(1_400).silence().user_stops();
    pipeline.user_says(2_000, "Hello.").at(3_000).ends();
    assert_tree(
        &pipeline,
        r#"
        turn 1 0..3000 ended "Hello." -
          stt 1000..1400 -
          stt 2000..2600 "Hello."
        "#,
    );
}

#[test]
fn stt_without_vad_frames_has_spans() {
    let mut pipeline = Pipeline::new();
    for start in [1_000, 3_000] {
        pipeline.at(start).push(STT, &Frame::UserStartedSpeaking);
        pipeline.at(start + 400).push(STT, &Frame::InterimTranscription(Transcript::from("He")));
        pipeline.at(start + 700).hears("Hello.").push(STT, &Frame::UserStoppedSpeaking);
    }
    pipeline.at(5_000).ends();
    assert_tree(
        &pipeline,
        r#"
        turn 1 0..5000 ended "Hello. Hello." -
          stt 1000..1700 "Hello."
          stt 3000..3700 "Hello."
        "#,
    );
}

#[test]
fn transcript_announcing_the_user_belongs_to_the_new_turn() {
    let mut pipeline = Pipeline::new();
    pipeline.bot_replies(500, "Greet.", "Welcome.");
    pipeline.at(6_000).hears("Hello.").push(USER, &Frame::UserStartedSpeaking).at(7_000).ends();
    assert_tree(
        &pipeline,
        r#"
        turn 1 0..1700 completed "Greet." "Welcome."
          llm 500..600 "Greet." "Welcome." ttfb 0.100
          tts 600..600 "Welcome." "Welcome."
        turn 2 6000..7000 ended "Hello." -
          stt 6000..6000 "Hello."
        "#,
    );
}

#[test]
fn final_between_turns_belongs_to_the_next_turn() {
    let mut pipeline = Pipeline::new();
    pipeline.user_says(1_000, "Hello.").bot_replies(1_700, "Hello.", "Hi.");
    pipeline.at(6_000).hears("Late words.").user_says(8_000, "Thanks.").at(9_000).ends();
    assert_tree(
        &pipeline,
        r#"
        turn 1 0..2900 completed "Hello." "Hi." after 0.600
          stt 1000..1600 "Hello."
          llm 1700..1800 "Hello." "Hi." ttfb 0.100
          tts 1800..1800 "Hi." "Hi."
        turn 2 8000..9000 ended "Late words. Thanks." -
          stt 8000..8000 "Late words."
          stt 8000..8600 "Thanks."
        "#,
    );
}

#[test]
fn resent_voice_stop_adds_its_transcript() {
    let mut pipeline = Pipeline::new();
    pipeline.at(1_000).voice().user_starts();
    let id = pipeline.new_id();
    let stop = |transcript| Frame::VadUserStoppedSpeaking { stop_secs: None, transcript };
    pipeline.at(1_500).hop(STT, USER, &stop(None), id).hop(USER, LLM, &stop(None), id);
    let words = Some(Transcript::from("Hello."));
    pipeline.at(1_800).hop(STT, USER, &stop(words), id).hop(USER, LLM, &stop(words), id).at(2_000).ends();
    assert_tree(
        &pipeline,
        r#"
        turn 1 0..2000 ended "Hello." -
          stt 1000..1800 "Hello."
        "#,
    );
}

#[test]
fn stt_metrics_count_up_to_the_last_final() {
    let mut pipeline = Pipeline::new();
    pipeline.at(500).measures(STT, Measurement::SttAudioSeconds(9.0));
    pipeline.at(1_000).voice().user_starts().at(1_500).silence();
    pipeline.measures(STT, Measurement::SttAudioSeconds(0.5)).at(1_600).hears("Hello");
    pipeline.measures(STT, Measurement::SttAudioSeconds(0.25)).at(1_700).hears("there.");
    pipeline.measures(STT, Measurement::SttAudioSeconds(7.0)).at(2_000).ends();
    assert_tree(
        &pipeline,
        r#"
        turn 1 0..2000 ended "Hello there." -
          stt 1000..1700 "Hello there." audio 0.75
        "#,
    );
}

#[test]
fn late_response_time_belongs_to_the_utterance_before_it() {
    let mut pipeline = Pipeline::new();
    pipeline.user_says(1_000, "One.").bot_replies(2_000, "One.", "Yes.");
    pipeline.at(3_000).measures(STT, Measurement::TimeToFirstByte(0.5)).user_says(4_000, "Two.");
    pipeline
        .at(5_000)
        .voice()
        .user_starts()
        .measures(STT, Measurement::TimeToFirstByte(0.4))
        .at(5_500)
        .silence();
    pipeline.at(5_600).hears("Three.").measures(STT, Measurement::TimeToFirstByte(0.3)).at(6_000).ends();
    let times = pipeline.spans.ended.iter().filter_map(|record| match &record.details {
        SpanDetails::Stt(stt) => {
            Some((stt.transcript.as_deref(), stt.times.ttfb.map(|(seconds, _)| seconds)))
        }
        _ => None,
    });
    let expected = [(Some("One."), Some(0.5)), (Some("Two."), Some(0.4)), (Some("Three."), Some(0.3))];
    assert_eq!(times.collect::<Vec<_>>(), expected);
}

#[test]
fn stt_error_belongs_to_the_open_utterance_else_the_turn() {
    let mut pipeline = Pipeline::new();
    pipeline.at(500).fails(STT, "cannot connect");
    pipeline.at(1_000).voice().user_starts().at(1_200).fails(STT, "stream reset");
    pipeline.at(1_500).silence().user_stops().at(2_000).ends();
    assert_tree(
        &pipeline,
        r"
        turn 1 0..2000 ended - - event: cannot connect
          stt 1000..1200 - error _OTHER: stream reset
        ",
    );
}

#[test]
fn empty_final_transcript_is_final() {
    let mut pipeline = Pipeline::new();
    pipeline.user_says(1_000, "   ").at(2_000).ends();
    let is_final = pipeline.spans.ended.iter().find_map(|record| match &record.details {
        SpanDetails::Stt(stt) => Some((stt.is_final, stt.transcript.clone())),
        _ => None,
    });
    assert_eq!(is_final, Some((true, None)));
}

#[test]
fn stt_metrics_after_cancel_count_without_a_final() {
    let mut pipeline = Pipeline::new();
    pipeline.at(1_000).voice().user_starts();
    let cancel = pipeline.new_id();
    pipeline
        .at(1_500)
        .hop("Source", USER, &Frame::Cancel, cancel)
        .measures(STT, Measurement::SttAudioSeconds(0.6));
    pipeline.at(1_600).hop(OUT, "Sink", &Frame::Cancel, cancel);
    assert_tree(
        &pipeline,
        "
        turn 1 0..1500 cancelled - -
          stt 1000..1500 - audio 0.6
        ",
    );
}

#[test]
fn final_starting_a_turn_is_its_only_utterance() {
    let mut pipeline = Pipeline::new();
    pipeline.at(500).asks("Greet.").at(600).answers("Welcome.").synthesizes("a", "Welcome.");
    pipeline
        .at(700)
        .bot_starts()
        .spoken("a", "Welcome.")
        .at(1_000)
        .voice()
        .at(1_200)
        .silence()
        .at(1_700)
        .bot_stops();
    pipeline.at(6_000).hears("Hello.").user_starts().user_stops().at(7_000).ends();
    assert_tree(
        &pipeline,
        r#"
        turn 1 0..1700 completed "Greet." "Welcome."
          llm 500..600 "Greet." "Welcome." ttfb 0.100
          tts 600..600 "Welcome." "Welcome."
        turn 2 6000..7000 ended "Hello." -
          stt 6000..6000 "Hello."
        "#,
    );
}

#[test]
fn voice_after_a_failed_utterance_is_another() {
    let mut pipeline = Pipeline::new();
    pipeline.at(1_000).voice().user_starts().at(1_500).silence().at(1_700).fails(STT, "500");
    pipeline.at(2_500).voice().at(3_000).silence().at(3_100).hears("Weather?").asks("Weather?").user_stops();
    pipeline.at(3_300).answers("Sunny.").synthesizes("a", "Sunny.");
    pipeline.at(3_400).bot_starts().spoken("a", "Sunny.").at(4_400).bot_stops().at(5_000).ends();
    assert_tree(
        &pipeline,
        r#"
        turn 1 0..4400 completed "Weather?" "Sunny." after 0.600
          stt 1000..1700 - error _OTHER: 500
          stt 2500..3100 "Weather?"
          llm 3100..3300 "Weather?" "Sunny." ttfb 0.200
          tts 3300..3300 "Sunny." "Sunny."
        "#,
    );
}

#[test]
fn each_voice_that_stt_fails_on_is_an_utterance() {
    let mut pipeline = Pipeline::new();
    pipeline.at(1_000).voice().user_starts().at(1_500).silence().at(1_700).fails(STT, "500");
    pipeline.at(2_500).voice().at(3_000).silence().at(3_200).fails(STT, "501");
    pipeline.at(4_000).user_stops().at(5_000).ends();
    assert_tree(
        &pipeline,
        "
        turn 1 0..5000 ended - -
          stt 1000..1700 - error _OTHER: 500
          stt 2500..3200 - error _OTHER: 501
        ",
    );
}

#[test]
fn noise_after_a_failed_utterance_is_no_span() {
    let mut pipeline = Pipeline::new();
    pipeline.at(1_000).voice().user_starts().at(1_500).silence().at(1_700).fails(STT, "500");
    pipeline.at(2_500).voice().at(2_600).silence().at(4_000).user_stops().at(5_000).ends();
    assert_tree(
        &pipeline,
        "
        turn 1 0..5000 ended - -
          stt 1000..1700 - error _OTHER: 500
        ",
    );
}

#[test]
fn final_after_an_error_is_text_and_end_of_the_failed_utterance() {
    let mut pipeline = Pipeline::new();
    pipeline.at(1_000).voice().user_starts().at(1_200).fails(STT, "stream reset").at(1_500).silence();
    pipeline.at(1_800).hears("Hello.").user_stops().at(3_000).ends();
    assert_tree(
        &pipeline,
        r#"
        turn 1 0..3000 ended "Hello." -
          stt 1000..1800 "Hello." error _OTHER: stream reset
        "#,
    );
}

#[test]
fn voice_stop_without_a_start_gives_a_latency() {
    let mut pipeline = Pipeline::new();
    pipeline.at(1_500).silence().at(1_700).hears("Hello.").user_starts().user_stops();
    pipeline.bot_replies(1_800, "Hello.", "Hi.");
    pipeline.at(3_300).silence().at(3_600).hears("Bye.").user_starts().user_stops();
    pipeline.bot_replies(3_700, "Bye.", "Bye!").at(9_000).ends();
    assert_tree(
        &pipeline,
        r#"
        turn 1 0..3000 completed "Hello." "Hi." after 0.700
          stt 1700..1700 "Hello."
          llm 1800..1900 "Hello." "Hi." ttfb 0.100
          tts 1900..1900 "Hi." "Hi."
        turn 2 3600..4900 completed "Bye." "Bye!" after 0.800
          stt 3600..3600 "Bye."
          llm 3700..3800 "Bye." "Bye!" ttfb 0.100
          tts 3800..3800 "Bye!" "Bye!"
        "#,
    );
    assert!(pipeline.latencies().iter().all(|latency| latency.source == LatencySource::Vad));
}

#[test]
fn voice_stop_of_a_muted_user_gives_no_latency() {
    let mut pipeline = Pipeline::new();
    pipeline.user_says(1_000, "Tell me.").at(1_700).asks("Tell me.").at(1_800).answers("Once.");
    pipeline.synthesizes("a", "Once.").at(1_900).bot_starts().spoken("a", "Once.");
    pipeline.at(2_200).silence().at(2_900).bot_stops();
    pipeline.at(3_200).hears("Bye.").user_starts().at(3_250).user_stops();
    pipeline.bot_replies(3_300, "Bye.", "Bye!").at(9_000).ends();
    let since: Vec<_> =
        pipeline.latencies().iter().map(|latency| (latency.source, latency.seconds)).collect();
    assert_eq!(since, [(LatencySource::Vad, 0.6), (LatencySource::UserStopped, 0.25)]);
}
