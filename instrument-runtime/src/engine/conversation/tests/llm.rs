//! LLM calls.

use super::support::{LLM, OUT, Pipeline, STT, TTS};
use super::tree::assert_tree;
use crate::engine::conversation::FrameSupport;
use crate::engine::frame::{ErrorReport, Frame, Measurement, Role, TextChunk};

#[test]
fn new_context_ends_the_previous_call() {
    let mut pipeline = Pipeline::new();
    pipeline.at(500).asks("One").at(900).context(LLM).at(1_000).answers("Done.").at(2_000).ends();
    assert_tree(
        &pipeline,
        r#"
        turn 1 0..2000 ended "One" -
          llm 500..900 "One" -
          llm 900..1000 "One" "Done." ttfb 0.100
        "#,
    );
}

#[test]
fn parallel_models_are_separate_spans() {
    let mut pipeline = Pipeline::of(
        FrameSupport::default(),
        &[
            (STT, Role::Stt),
            (LLM, Role::Llm),
            ("Judge", Role::Llm),
            (TTS, Role::Tts),
            (OUT, Role::OutputTransport),
        ],
    );
    pipeline.user_says(1_000, "Hello.").at(1_700).asks("Hello.").context("Judge");
    pipeline.at(1_800).push("Judge", &Frame::LlmResponseStart).push(LLM, &Frame::LlmResponseStart);
    pipeline
        .push(LLM, &Frame::LlmText(TextChunk::new("Hi.")))
        .push("Judge", &Frame::LlmText(TextChunk::new("fine")));
    pipeline.at(1_900).push(LLM, &Frame::LlmResponseEnd).at(2_000).push("Judge", &Frame::LlmResponseEnd);
    pipeline.at(3_000).ends();
    assert_tree(
        &pipeline,
        r#"
        turn 1 0..3000 ended "Hello." -
          stt 1000..1600 "Hello."
          llm 1700..1900 "Hello." "Hi." ttfb 0.100
          llm Judge 1700..2000 "Hello." "fine" ttfb 0.100
        "#,
    );
}

#[test]
fn context_to_the_sink_is_not_a_request() {
    let mut pipeline = Pipeline::new();
    let id = pipeline.new_id();
    pipeline.at(500).hop("Aggregator", "Sink", &Frame::LlmContext(None), id).at(1_000).ends();
    assert_tree(&pipeline, "");
}

#[test]
fn usage_counts_after_response_end_but_ttfb_does_not() {
    let mut pipeline = Pipeline::new();
    pipeline.at(500).asks("One").at(600).answers("Done.");
    pipeline.at(700).uses_tokens(140).measures(LLM, Measurement::TimeToFirstByte(0.4)).at(2_000).ends();
    assert_tree(
        &pipeline,
        r#"
        turn 1 0..2000 ended "One" -
          llm 500..600 "One" "Done." tokens 140
        "#,
    );
}

#[test]
fn times_are_measured_when_only_usage_is_reported() {
    let mut pipeline = Pipeline::new();
    pipeline.at(500).asks("One").at(600).answers("Done.").at(700).uses_tokens(140).at(2_000).ends();
    assert_tree(
        &pipeline,
        r#"
        turn 1 0..2000 ended "One" -
          llm 500..600 "One" "Done." tokens 140 ttfb 0.100
        "#,
    );
}

#[test]
fn metrics_from_another_processor_are_ignored() {
    let mut pipeline = Pipeline::new();
    pipeline.at(500).asks("One").at(600).answers("Done.");
    let zeros = [crate::engine::frame::Metric {
        processor: LLM,
        model: None,
        value: Measurement::TimeToFirstByte(0.0),
    }];
    pipeline.push("Source", &Frame::Metrics(&zeros)).at(2_000).ends();
    assert!(pipeline.tree().contains("ttfb 0.100"), "{}", pipeline.tree());
}

#[test]
fn failed_call_without_response_end_ends_at_its_error() {
    let mut pipeline = Pipeline::new();
    pipeline.user_says(1_000, "Hello.").at(1_700).asks("Hello.").at(1_900).fails(LLM, "503 overloaded");
    pipeline.user_says(4_000, "Are you there?").bot_replies(4_700, "Are you there?", "Yes.").at(9_000).ends();
    assert_tree(
        &pipeline,
        r#"
        turn 1 0..5900 completed "Hello. Are you there?" "Yes." after 0.600
          stt 1000..1600 "Hello."
          llm 1700..1900 "Hello." - error _OTHER: 503 overloaded
          stt 4000..4600 "Are you there?"
          llm 4700..4800 "Are you there?" "Yes." ttfb 0.100
          tts 4800..4800 "Yes." "Yes."
        "#,
    );
}

#[test]
fn response_end_is_bot_speech_without_tts() {
    let mut pipeline = Pipeline::of(
        FrameSupport::default(),
        &[(STT, Role::Stt), (LLM, Role::Llm), (OUT, Role::OutputTransport)],
    );
    pipeline.user_says(1_000, "Hello.").at(1_700).asks("Hello.").at(1_800).answers("Hi.").at(9_000).ends();
    assert_tree(
        &pipeline,
        r#"
        turn 1 0..1800 completed "Hello." "Hi." after 0.500
          stt 1000..1600 "Hello."
          llm 1700..1800 "Hello." "Hi." ttfb 0.100
        "#,
    );
}

#[test]
fn nothing_starts_after_pipeline_end() {
    let mut pipeline = Pipeline::new();
    pipeline.user_says(1_000, "Hello.").at(2_000).ends().at(2_100).asks("Hello?").bot_starts();
    assert_eq!(pipeline.spans.started.len(), 2);
}

#[test]
fn context_during_a_response_waits_for_its_end() {
    let mut pipeline = Pipeline::new();
    pipeline.at(500).asks("One").at(600).push(LLM, &Frame::LlmResponseStart);
    pipeline.push(LLM, &Frame::LlmText(TextChunk::new("It is"))).at(700).asks("Two");
    pipeline.at(800).push(LLM, &Frame::LlmText(TextChunk::new(" warm."))).push(LLM, &Frame::LlmResponseEnd);
    pipeline.at(850).uses_tokens(10).at(900).answers("It is noon.").uses_tokens(20).at(2_000).ends();
    assert_tree(
        &pipeline,
        r#"
        turn 1 0..2000 ended "One" -
          llm 500..800 "One" "It is warm." tokens 10 ttfb 0.100
          llm 700..900 "Two" "It is noon." tokens 20 ttfb 0.200
        "#,
    );
}

#[test]
fn interruption_frame_lets_the_next_context_end_a_call() {
    let mut pipeline = Pipeline::new();
    pipeline.at(500).asks("One").at(600).push(LLM, &Frame::LlmResponseStart);
    pipeline.push(LLM, &Frame::LlmText(TextChunk::new("It"))).at(650).push("App", &Frame::Interruption);
    pipeline.at(700).asks("Two").at(900).answers("Noon.").at(2_000).ends();
    assert_tree(
        &pipeline,
        r#"
        turn 1 0..2000 ended "One" -
          llm 500..700 "One" "It" ttfb 0.100
          llm 700..900 "Two" "Noon." ttfb 0.200
        "#,
    );
}

#[test]
fn chunk_of_an_interrupted_response_is_not_untimed() {
    let mut pipeline = Pipeline::new();
    let token = Frame::LlmText(TextChunk::new("Hi."));
    pipeline.user_says(1_000, "Hello.").at(1_700).asks("Hello.");
    pipeline.at(1_800).push(LLM, &Frame::LlmResponseStart).push(LLM, &token);
    assert!(pipeline.streams_on(LLM, &token));
    // The user interrupts the answer, and the bot then plays other audio. The turn now waits for its end.
    pipeline.at(1_900).voice().user_starts();
    pipeline.at(2_000).push(OUT, &Frame::BotStartedSpeaking).at(2_100).push(OUT, &Frame::BotStoppedSpeaking);
    assert!(!pipeline.streams_on(LLM, &token));
}

#[test]
fn withdrawn_eager_call_ends_where_it_is_withdrawn() {
    let mut pipeline = Pipeline::new();
    pipeline.at(1_000).user_starts().at(1_500).push(STT, &Frame::EagerTranscription);
    pipeline.asks("I want").at(1_800).push(STT, &Frame::EagerEndOfTurnCancel);
    pipeline.at(2_400).hears("I want a taxi.").user_stops().asks("I want a taxi.");
    pipeline.at(2_500).answers("A taxi.").synthesizes("a", "A taxi.");
    pipeline.at(2_600).bot_starts().spoken("a", "A taxi.").at(3_000).bot_stops().at(9_000).ends();
    assert_tree(
        &pipeline,
        r#"
        turn 1 0..3000 completed "I want a taxi." "A taxi." after 0.200
          stt 1000..2400 "I want a taxi."
          llm 1500..1800 "I want" - withdrawn
          llm 2400..2500 "I want a taxi." "A taxi." ttfb 0.100
          tts 2500..2500 "A taxi." "A taxi."
        "#,
    );
}

#[test]
fn confirmed_eager_call_is_an_ordinary_call() {
    let mut pipeline = Pipeline::new();
    pipeline.at(1_000).user_starts().at(1_500).push(STT, &Frame::EagerTranscription).asks("A taxi.");
    pipeline.at(1_700).hears("A taxi.").user_stops().at(1_750).answers("Coming.");
    // A later withdrawal, of nothing.
    pipeline.at(1_760).push(STT, &Frame::EagerEndOfTurnCancel).at(9_000).ends();
    assert_tree(
        &pipeline,
        r#"
        turn 1 0..9000 ended "A taxi." -
          stt 1000..1700 "A taxi."
          llm 1500..1750 "A taxi." "Coming." ttfb 0.250
        "#,
    );
}

#[test]
fn withdrawn_text_is_not_the_output_of_a_turn() {
    let mut pipeline = Pipeline::of(
        FrameSupport::default(),
        &[(STT, Role::Stt), (LLM, Role::Llm), (OUT, Role::OutputTransport)],
    );
    pipeline.at(1_000).user_starts().at(1_500).push(STT, &Frame::EagerTranscription).asks("I want");
    pipeline.at(1_600).push(LLM, &Frame::LlmResponseStart).push(LLM, &Frame::LlmText(TextChunk::new("Yes?")));
    pipeline.at(1_800).push(STT, &Frame::EagerEndOfTurnCancel).at(9_000).ends();
    assert_tree(
        &pipeline,
        r#"
        turn 1 0..9000 ended - -
          stt 1000..9000 -
          llm 1500..1800 "I want" "Yes?" ttfb 0.100 withdrawn
        "#,
    );
}

#[test]
fn failed_call_is_not_interrupted_by_the_cancel_that_follows() {
    let mut pipeline = Pipeline::new();
    pipeline
        .user_says(1_000, "Hello.")
        .at(1_700)
        .asks("Hello.")
        .at(1_800)
        .push(LLM, &Frame::LlmResponseStart);
    pipeline.push(LLM, &Frame::LlmText(TextChunk::new("Hi")));
    let report = ErrorReport { message: "401", fatal: true, ..ErrorReport::default() };
    pipeline.at(1_900).push(LLM, &Frame::Error(report));
    // A token that was already on its way.
    pipeline.at(1_901).push(LLM, &Frame::LlmText(TextChunk::new(" there"))).at(1_910).cancels();
    assert_tree(
        &pipeline,
        r#"
        turn 1 0..1910 cancelled "Hello." - error _OTHER: 401
          stt 1000..1600 "Hello."
          llm 1700..1900 "Hello." "Hi there" ttfb 0.100 error _OTHER: 401
        "#,
    );
}

#[test]
fn model_and_settings_are_those_at_the_time_of_the_call() {
    let mut pipeline = Pipeline::new();
    pipeline.describes(LLM, "small").at(500).asks("One").at(600).answers("1.");
    pipeline.describes(LLM, "large").at(700).asks("Two").at(800).answers("2.");
    pipeline.describes(LLM, "huge").at(2_000).ends();
    let models: Vec<_> = pipeline.llm_records().map(|llm| llm.service.model.as_deref()).collect();
    assert_eq!(models, [Some("small"), Some("large")]);
}
