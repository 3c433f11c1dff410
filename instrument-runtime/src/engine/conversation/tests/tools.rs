//! Tool calls.

use super::support::{LLM, Pipeline};
use super::tree::assert_tree;
use crate::engine::frame::Frame;

#[test]
fn tool_call_is_a_child_of_its_llm_call() {
    let mut pipeline = Pipeline::new();
    pipeline
        .at(500)
        .asks("Weather?")
        .at(600)
        .answers("")
        .calls_tool("weather", "1")
        .calls_tool("weather", "2");
    pipeline.at(800).tool_returns("2", "22").at(900).tool_returns("1", "21");
    pipeline.at(910).context(LLM).at(1_000).answers("21.").at(2_000).ends();
    assert_tree(
        &pipeline,
        r#"
        turn 1 0..2000 ended "Weather?" -
          llm 500..600 "Weather?" -
            tool weather 600..900 "21"
            tool weather 600..800 "22"
          llm 910..1000 "Weather?" "21." ttfb 0.090
        "#,
    );
}

#[test]
fn error_result_fails_the_tool_call() {
    let mut pipeline = Pipeline::new();
    pipeline.at(500).asks("Weather?").at(600).answers("").calls_tool("weather", "1");
    pipeline.at(700).tool_returns("1", r#"{"error":"it broke"}"#).at(2_000).ends();
    assert!(pipeline.tree().contains("error _OTHER: it broke"), "{}", pipeline.tree());
}

#[test]
fn error_naming_a_running_tool_belongs_to_it() {
    let mut pipeline = Pipeline::new();
    pipeline
        .at(500)
        .asks("Weather?")
        .at(600)
        .answers("")
        .calls_tool("get", "0")
        .calls_tool("get_weather", "1");
    pipeline.at(700).fails(LLM, "Error executing function call [get_weather]: boom");
    pipeline.at(710).tool_returns("1", "\"failed\"").tool_returns("0", "1").at(2_000).ends();
    assert_tree(
        &pipeline,
        r#"
        turn 1 0..2000 ended "Weather?" -
          llm 500..600 "Weather?" -
            tool get 600..710 "1"
            tool get_weather 600..710 "\"failed\"" error _OTHER: Error executing function call [get_weather]: boom
        "#,
    );
}

#[test]
fn cancelled_tool_call_holds_no_later_turn_open() {
    let mut pipeline = Pipeline::new();
    pipeline.user_says(1_000, "Weather?").at(1_700).asks("Weather?");
    pipeline
        .at(1_800)
        .answers("Wait.")
        .synthesizes("a", "Wait.")
        .calls_tool("weather", "1")
        .calls_tool("time", "2");
    pipeline.at(1_900).bot_starts().spoken("a", "Wait.");
    pipeline.at(2_500).voice().user_starts().push(LLM, &Frame::FunctionCallCancel { tool_call_id: "1" });
    pipeline.at(3_000).silence().at(3_100).hears("Never mind.").bot_replies(3_200, "Never mind.", "Fine.");
    pipeline.at(9_000).tool_returns("2", "12").ends();
    assert_tree(
        &pipeline,
        r#"
        turn 1 0..2500 interrupted "Weather?" "Wait." after 0.600
          stt 1000..1600 "Weather?"
          llm 1700..1800 "Weather?" "Wait." ttfb 0.100
            tool weather 1800..2500 - cancelled
            tool time 1800..2500 -
          tts 1800..1800 "Wait." "Wait." interrupted
        turn 2 2500..4400 completed "Never mind." "Fine." after 0.600
          stt 2500..3100 "Never mind."
          llm 3200..3300 "Never mind." "Fine." ttfb 0.100
          tts 3300..3300 "Fine." "Fine."
        "#,
    );
}
