//! Invocations of language models.

use super::support::{LLM, OUT, Pipeline, STT, TTS};
use super::tree::assert_tree;
use crate::engine::conversation::FrameSupport;
use crate::engine::frame::{Frame, Measurement, Role, TextChunk};

#[test]
fn a_new_context_ends_the_invocation_before_it() {
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
fn two_models_side_by_side_are_two_spans() {
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
fn a_context_that_goes_to_the_sink_is_no_request() {
    let mut pipeline = Pipeline::new();
    let id = pipeline.new_id();
    pipeline.at(500).hop("Aggregator", "Sink", &Frame::LlmContext(None), id).at(1_000).ends();
    assert_tree(&pipeline, "");
}

#[test]
fn usage_that_follows_the_end_of_the_response_still_belongs_to_it_but_a_late_ttfb_does_not() {
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
fn a_service_that_reports_usage_and_no_times_has_them_measured() {
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
fn metrics_that_come_from_another_than_they_name_say_nothing() {
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
fn a_model_that_fails_without_ending_its_response_is_over_when_it_fails() {
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
fn without_synthesis_an_answer_is_heard_when_it_ends() {
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
fn nothing_starts_after_the_end() {
    let mut pipeline = Pipeline::new();
    pipeline.user_says(1_000, "Hello.").at(2_000).ends().at(2_100).asks("Hello?").bot_starts();
    assert_eq!(pipeline.spans.started.len(), 2);
}

#[test]
fn a_context_that_comes_while_an_answer_streams_waits_for_its_turn() {
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
fn an_answer_that_the_application_cut_is_over_with_the_next_context() {
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
fn a_piece_of_an_answer_that_was_cut_needs_the_time() {
    let mut pipeline = Pipeline::new();
    let token = Frame::LlmText(TextChunk::new("Hi."));
    pipeline.user_says(1_000, "Hello.").at(1_700).asks("Hello.");
    pipeline.at(1_800).push(LLM, &Frame::LlmResponseStart).push(LLM, &token);
    assert!(pipeline.streams_on(LLM, &token));
    // The user goes on, which cuts the answer; something else is heard. Now the turn waits for its end.
    pipeline.at(1_900).voice().user_starts();
    pipeline.at(2_000).push(OUT, &Frame::BotStartedSpeaking).at(2_100).push(OUT, &Frame::BotStoppedSpeaking);
    assert!(!pipeline.streams_on(LLM, &token));
}
