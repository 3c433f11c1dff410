//! Tool calls.

use super::support::{LLM, Pipeline};
use super::tree::assert_tree;
use crate::engine::frame::{Frame, FunctionCallResult};
use crate::engine::record::SpanDetails;

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
fn last_result_ends_the_tool_call() {
    let mut pipeline = Pipeline::new();
    pipeline.at(500).asks("Flight?").at(600).answers("").calls_tool("search", "1");
    pipeline.at(700).tool_reports("1", "1").at(800).tool_reports("1", "2").at(900).tool_returns("1", "3");
    pipeline.at(950).tool_returns("1", "4").at(2_000).ends();
    assert_tree(
        &pipeline,
        r#"
        turn 1 0..2000 ended "Flight?" -
          llm 500..600 "Flight?" -
            tool search 600..900 "3"
        "#,
    );
}

#[test]
fn intermediate_result_stays_if_no_other_follows() {
    let mut pipeline = Pipeline::new();
    pipeline.at(500).asks("Flight?").at(600).answers("");
    pipeline.calls_tool("search", "1").calls_tool("book", "2").calls_tool("pay", "3");
    pipeline.at(700).tool_reports("1", "1").tool_reports("2", "2").tool_reports("3", "3");
    pipeline.at(800).push(LLM, &Frame::FunctionCallCancel { tool_call_id: "1" });
    let no_more =
        FunctionCallResult { name: "", tool_call_id: "2", result: None, error: None, is_final: true };
    pipeline.push(LLM, &Frame::FunctionCallResult(no_more)).at(2_000).ends();
    assert_tree(
        &pipeline,
        r#"
        turn 1 0..2000 ended "Flight?" -
          llm 500..600 "Flight?" -
            tool search 600..800 "1" cancelled
            tool book 600..800 "2"
            tool pay 600..2000 "3" unfinished
        "#,
    );
}

#[test]
fn error_in_an_intermediate_result_is_no_failure() {
    let mut pipeline = Pipeline::new();
    pipeline.at(500).asks("Flight?").at(600).answers("").calls_tool("search", "1");
    pipeline.at(700).tool_reports("1", r#"{"error":"it broke"}"#).at(800).tool_returns("1", "2");
    assert!(!pipeline.at(2_000).ends().tree().contains("error"), "{}", pipeline.tree());
}

#[test]
fn running_intermediate_result_holds_its_turn_open() {
    let mut pipeline = Pipeline::new();
    pipeline.user_says(1_000, "Flight?").bot_replies(1_700, "Flight?", "Wait.");
    pipeline.at(2_800).calls_tool("search", "1").at(3_000).tool_reports("1", "1");
    pipeline.at(9_000).tool_returns("1", "2").at(20_000).voice();
    assert!(pipeline.tree().contains("turn 1 0..9000 completed"), "{}", pipeline.tree());
}

#[test]
fn too_many_tool_calls_write_ended_ones_first() {
    let mut pipeline = Pipeline::new();
    pipeline.at(500).asks("Flights?").at(600).answers("");
    for call in 0..1_500 {
        pipeline.at(1_000 + call).calls_tool("search", &call.to_string());
    }
    for call in 0..1_500 {
        pipeline.at(4_000 + call).tool_returns(&call.to_string(), "1");
    }
    pipeline.at(9_000).ends();
    let calls = |unfinished| {
        let tools = pipeline.spans.ended.iter().filter_map(|record| match &record.details {
            SpanDetails::Tool(tool) => Some(tool),
            _ => None,
        });
        tools.filter(|tool| tool.unfinished == unfinished && tool.result.is_none() == unfinished).count()
    };
    assert_eq!((calls(true), calls(false)), (1_500 - 1_024, 1_024));
}

#[test]
fn tool_call_with_a_result_makes_room_for_the_next() {
    let mut pipeline = Pipeline::new();
    pipeline.at(500).asks("Flights?").at(600).answers("").calls_tool("slow", "slow");
    for call in 0..3_000 {
        let id = call.to_string();
        pipeline.at(1_000 + call).calls_tool("search", &id).tool_returns(&id, "1");
    }
    pipeline.at(5_000).tool_returns("slow", "2").at(9_000).ends();
    assert!(pipeline.tree().contains("tool slow 600..5000 \"2\"\n"));
    assert!(!pipeline.tree().contains("unfinished"));
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
            tool time 1800..2500 - unfinished
          tts 1800..1800 "Wait." "Wait." interrupted
        turn 2 2500..4400 completed "Never mind." "Fine." after 0.600
          stt 2500..3100 "Never mind."
          llm 3200..3300 "Never mind." "Fine." ttfb 0.100
          tts 3300..3300 "Fine." "Fine."
        "#,
    );
}

#[test]
fn error_frame_and_error_result_are_one_error() {
    let failed = r#"{"error":"it broke"}"#;
    let mut pipeline = Pipeline::new();
    pipeline.at(500).asks("Weather?").at(600).answers("").calls_tool("get_weather", "1");
    pipeline
        .at(700)
        .fails(LLM, "Error executing function call [get_weather]: boom")
        .at(701)
        .tool_returns("1", failed);
    pipeline.at(800).calls_tool("get_time", "2").at(900).tool_returns("2", failed);
    pipeline.at(901).fails(LLM, "Error executing function call [get_time]: boom").at(2_000).ends();
    assert_eq!(
        pipeline.errors(),
        ["tool get_weather: Error executing function call [get_weather]: boom", "tool get_time: it broke"]
    );
}

#[test]
fn error_of_one_of_two_calls_of_a_tool_belongs_to_that_one() {
    let mut pipeline = Pipeline::new();
    pipeline.at(500).asks("Weather?").at(600).answers("").calls_tool("get_weather", "1");
    pipeline
        .calls_tool("get_weather", "2")
        .at(700)
        .fails(LLM, "Error executing function call [get_weather]: boom");
    pipeline
        .at(701)
        .tool_returns("1", r#"{"error":"it broke"}"#)
        .at(900)
        .tool_returns("2", "21")
        .at(2_000)
        .ends();
    assert_tree(
        &pipeline,
        r#"
        turn 1 0..2000 ended "Weather?" -
          llm 500..600 "Weather?" -
            tool get_weather 600..701 "{\"error\":\"it broke\"}" error _OTHER: Error executing function call [get_weather]: boom
            tool get_weather 600..900 "21"
        "#,
    );
}
