//! `pipecat-trace timeline`, without a browser.
#![allow(clippy::unwrap_used, reason = "a failure here fails the test")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use support::{call, command, recording, scratch, stderr, stdout, trace};

/// Returns the page of some logs and the conversations in it.
fn page_of(name: &str, logs: &[&Path]) -> (String, Vec<Value>) {
    let page = scratch(&format!("timeline-{name}.html"));
    let output = trace(&["timeline", "--output", page.to_str().unwrap()], logs);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let page = fs::read_to_string(page).unwrap();
    let calls = calls_in(&page);
    (page, calls)
}

fn calls_in(page: &str) -> Vec<Value> {
    let (_, data) = page.split_once("id=\"data\">").unwrap();
    let (data, _) = data.split_once("</script>").unwrap();
    let data: Value = serde_json::from_str(data).unwrap();
    data["calls"].as_array().unwrap().clone()
}

#[test]
fn the_page_contains_the_spans_of_the_replay() {
    let (_, calls) = page_of("c_tool", &[&recording("c_tool")]);
    let turn = &calls[0]["turns"][0];
    assert_eq!((&turn["number"], &turn["ended"]), (&json!(1), &json!("completed")));
    let lanes: Vec<&str> =
        turn["spans"].as_array().unwrap().iter().map(|span| span["lane"].as_str().unwrap()).collect();
    assert_eq!(lanes, ["stt", "llm", "tool", "llm", "tts"]);
    let tool = &turn["spans"][2];
    assert_eq!((&tool["name"], &tool["input"]), (&json!("get_weather"), &json!("{\"city\":\"Paris\"}")));
    assert_eq!(
        (&turn["tokens_in"], &turn["tokens_out"], &turn["characters"]),
        (&json!(340), &json!(21), &json!(26))
    );
    let said: Vec<&str> =
        turn["lines"].as_array().unwrap().iter().map(|line| line["text"].as_str().unwrap()).collect();
    assert_eq!(said, ["What is the weather in Paris?", "It is 21 degrees in Paris."]);
}

#[test]
fn latency_stages_add_up_to_the_total() {
    let logs = [recording("c_tool"), recording("b_interrupt"), recording("vv_fast_turns")];
    let logs: Vec<&Path> = logs.iter().map(PathBuf::as_path).collect();
    let (_, calls) = page_of("stages", &logs);
    let turns = calls.iter().flat_map(|call| call["turns"].as_array().unwrap());
    let waits: Vec<&Value> = turns.filter_map(|turn| turn.get("latency")).collect();
    assert!(waits.len() >= 5, "{waits:?}");
    for wait in waits {
        let stages = wait["stages"].as_array().unwrap().iter();
        let sum: f64 = stages.map(|stage| stage["time"].as_f64().unwrap()).sum();
        // Each is rounded to a tenth of a millisecond.
        assert!((sum - wait["total"].as_f64().unwrap()).abs() < 0.5, "{wait}");
    }
}

#[test]
fn each_stage_names_its_owner_and_a_repeat_its_wait() {
    let (_, calls) = page_of("owners", &[&recording("own_speaks_again_twice")]);
    let turn = &calls[0]["turns"][0];
    assert_eq!(turn["initiator"], "user");
    assert_eq!(turn["repeats"]["count"], 2);
    assert!(turn["repeats"]["wait"].as_f64() > turn["latency"]["total"].as_f64(), "{turn}");
    let stages = turn["latency"]["stages"].as_array().unwrap();
    let owners: Vec<&str> = stages.iter().filter_map(|stage| stage["owner"].as_str()).collect();
    let expected = [
        "VAD stop_secs",
        "MockSTTService",
        "user turn strategies",
        "MockLLMService",
        "text_aggregation_mode",
        "MockTTSService",
        "MockOutputTransport",
    ];
    assert_eq!(owners, expected);
}

#[test]
fn withdrawn_call_is_marked() {
    let (_, calls) = page_of("withdrawn", &[&recording("own_eager_flux_azure")]);
    let spans = calls[0]["turns"][1]["spans"].as_array().unwrap();
    let llm_calls = spans.iter().filter(|span| span["lane"] == "llm");
    let is_withdrawn =
        |span: &Value| span["details"].as_array().unwrap().contains(&json!(["state", "withdrawn"]));
    assert_eq!(llm_calls.map(is_withdrawn).collect::<Vec<_>>(), [true, false]);
}

#[test]
fn an_interruption_splits_heard_and_unheard_text() {
    let (_, calls) = page_of("b_interrupt", &[&recording("b_interrupt")]);
    let turn = &calls[0]["turns"][0];
    assert_eq!(turn["ended"], "interrupted");
    let bot = &turn["lines"][1];
    assert_eq!((&bot["who"], &bot["text"]), (&json!("bot"), &json!("Once upon a time there was a fox.")));
    let unheard = bot["interruption"]["unheard"].as_str().unwrap();
    assert!(
        unheard.starts_with("The fox lived in a den.") && unheard.ends_with("The end of the story came.")
    );
    assert_eq!(bot["interruption"]["at"], turn["end"], "interrupted when the user spoke");
}

#[test]
fn speech_intervals_are_listed_beside_the_spans() {
    let log = scratch("timeline-speech/frames.jsonl");
    let _ = fs::remove_dir_all(log.parent().unwrap());
    let mut call = call::Call::begin("speech", &log, None);
    call.wait(500).user_says(1_000, "Hello?").asks(300).bot_says("Hi there.", "Hi");
    let interrupted_at = call.now();
    call.interrupts(600, "Stop.").asks(300).bot_says("Fine.", "Fine.").ends();
    let (_, calls) = page_of("speech", &[&log.with_file_name("frames-speech.jsonl")]);
    let speech = calls[0]["speech"].as_array().unwrap().iter();
    let speech: Vec<String> = speech
        .map(|speech| format!("{} {}..{}", speech["who"].as_str().unwrap(), speech["start"], speech["end"]))
        .collect();
    // Speech ends at the start of the silence that the VAD waited for; the bot stops when the user interrupts.
    let again = interrupted_at + 600;
    let second_reply = interrupted_at + 600 + 200 + 100 + 300 + 180;
    assert_eq!(
        speech,
        [
            "user 500.0..1500.0".to_owned(),
            format!("bot 2280.0..{interrupted_at}.0"),
            format!("user {interrupted_at}.0..{again}.0"),
            format!("bot {second_reply}.0..{}.0", second_reply + 260),
        ]
    );
}

#[test]
fn hidden_content_is_not_in_the_page() {
    for (name, said) in [
        ("b_interrupt", ["Tell me a story", "there was a fox", "The fox lived"].as_slice()),
        ("c_tool", &["weather in Paris", "21 degrees", "\\\"city\\\""]),
        ("own_tool_raises_beside_another", &["Book and pay", "The payment failed", "12A"]),
    ] {
        let log = recording(name);
        let (open, _) = page_of(&format!("open-{name}"), &[&log]);
        let hidden = command(&["timeline", "-o", "-"], &[&log])
            .env("OPENINFERENCE_HIDE_INPUTS", "true")
            .env("OPENINFERENCE_HIDE_OUTPUTS", "true")
            .output()
            .unwrap();
        for said in said {
            assert!(open.contains(said), "{said} is in {name}");
            assert!(!stdout(&hidden).contains(said), "{name} contains {said}");
        }
        assert!(stdout(&hidden).contains("__REDACTED__"));
    }
}

#[test]
fn several_logs_make_one_page_and_parts_one_log() {
    let log = scratch("timeline-parts/frames.jsonl");
    let _ = fs::remove_dir_all(log.parent().unwrap());
    let size = pipecat_instrument_runtime::frame_log::PartSize::bytes(3_000);
    let mut call = call::Call::begin("parts", &log, Some(size));
    call.user_says(900, "One?").asks(300).bot_says("Two.", "Two.").user_says(900, "Three?").asks(300);
    call.bot_says("Four.", "Four.").ends();
    let mut logs: Vec<PathBuf> =
        fs::read_dir(log.parent().unwrap()).unwrap().map(|entry| entry.unwrap().path()).collect();
    logs.sort();
    assert!(logs.len() > 1, "{logs:?}");
    logs.push(recording("a_simple"));
    let logs: Vec<&Path> = logs.iter().map(PathBuf::as_path).collect();
    let (_, calls) = page_of("several", &logs);
    let ids: Vec<&str> = calls.iter().map(|call| call["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["parts", "conv-a_simple"]);
    assert_eq!(calls[0]["turns"].as_array().unwrap().len(), 2);
    assert_eq!(calls[0]["log"]["problems"], json!([]));
}

#[test]
fn a_dash_is_standard_input_and_output() {
    let log = fs::File::open(recording("a_simple")).unwrap();
    let output = command(&["timeline", "-", "-o", "-"], &[]).stdin(log).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(calls_in(stdout(&output))[0]["id"], "conv-a_simple");
}

#[test]
fn unreadable_logs_are_reported_and_the_others_drawn() {
    let (empty, page) = (scratch("timeline-empty.jsonl"), scratch("timeline-nothing.html"));
    let _ = fs::remove_file(&page);
    fs::write(&empty, "").unwrap();
    let output = trace(&["timeline", "-o", page.to_str().unwrap()], &[&empty, &scratch("missing.jsonl")]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("timeline-empty.jsonl: not a frame log: the file is empty"));
    assert!(stderr(&output).contains("missing.jsonl: No such file"), "{}", stderr(&output));
    assert!(!page.exists(), "no page without a conversation");

    let output = trace(&["timeline", "-o", page.to_str().unwrap()], &[&empty, &recording("a_simple")]);
    assert_eq!(output.status.code(), Some(2));
    assert!(page.exists());
}

#[test]
fn the_page_lists_the_problems_of_a_log() {
    let log = scratch("timeline-bad.jsonl");
    let lines = fs::read_to_string(recording("g4_process_died")).unwrap();
    fs::write(&log, lines.replacen('\n', "\noops\n", 1)).unwrap();
    let page = scratch("timeline-bad.html");
    let output = trace(&["timeline", "-o", page.to_str().unwrap()], &[&log]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let calls = calls_in(&fs::read_to_string(page).unwrap());
    assert_eq!(calls[0]["log"]["bad_lines"], json!(["line 2: not JSON: expected value at column 1"]));
    assert!(calls[0]["log"]["problems"][0].as_str().unwrap().contains("breaks off"));
}

#[test]
fn an_unwritable_page_is_an_error() {
    let page = scratch("missing/page.html");
    let output = trace(&["timeline", "-o", page.to_str().unwrap()], &[&recording("a_simple")]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("cannot create"), "{}", stderr(&output));
}
