//! `pipecat-trace replay`, as a user runs it.
#![allow(clippy::unwrap_used, reason = "a failure here fails the test")]

mod support;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::Value;
use support::{command, recording, scratch, stderr, stdout, trace};

fn replay(arguments: &[&str], files: &[&Path]) -> Output {
    trace(&[&["replay"], arguments].concat(), files)
}

/// Returns the sorted names of all spans in OTLP JSON lines.
fn span_names(lines: &str) -> Vec<String> {
    let mut names = Vec::new();
    for line in lines.lines() {
        let request: Value = serde_json::from_str(line).unwrap();
        for span in request["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap() {
            names.push(span["name"].as_str().unwrap().to_owned());
        }
    }
    names.sort();
    names
}

#[test]
fn a_good_log_is_printed_as_trees() {
    let output = replay(&[], &[&recording("a_simple")]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stdout(&output).contains("conv-a_simple"), "{}", stdout(&output));
    assert!(stdout(&output).contains("turn 2"), "{}", stdout(&output));
    assert!(!stdout(&output).contains('\u{1b}'), "colored, and no terminal");
    assert_eq!(stderr(&output), "");
}

#[test]
fn hidden_content_is_not_printed() {
    let output = command(&["replay"], &[&recording("a_simple")])
        .env("OPENINFERENCE_HIDE_INPUTS", "True")
        .env("OPENINFERENCE_HIDE_OUTPUTS", "true")
        .output()
        .unwrap();
    let printed = stdout(&output);
    assert!(printed.contains("turn 2") && printed.contains("__REDACTED__"), "{printed}");
    for said in ["capital of France?", "It is a big city"] {
        assert!(stdout(&replay(&[], &[&recording("a_simple")])).contains(said), "{said} is in the recording");
        assert!(!printed.contains(said), "{printed}");
    }
}

#[test]
fn colors_can_be_requested() {
    let output = replay(&["--color", "always"], &[&recording("a_simple")]);
    assert!(stdout(&output).contains('\u{1b}'));
}

#[test]
fn a_compressed_log_prints_the_same_trees() {
    let path = scratch("a_simple.jsonl.gz");
    let mut gzip =
        flate2::write::GzEncoder::new(fs::File::create(&path).unwrap(), flate2::Compression::fast());
    gzip.write_all(&fs::read(recording("a_simple")).unwrap()).unwrap();
    gzip.finish().unwrap();
    let (plain, gzip) = (replay(&[], &[&recording("a_simple")]), replay(&[], &[&path]));
    assert_eq!(gzip.status.code(), Some(0));
    assert_eq!(stdout(&gzip), stdout(&plain));
}

#[test]
fn bad_lines_are_reported_and_the_rest_replayed() {
    let path = scratch("bad_lines.jsonl");
    let log = fs::read_to_string(recording("a_simple")).unwrap();
    let mut lines: Vec<&str> = log.lines().collect();
    lines.insert(4, "oops");
    lines.insert(9, r#"{"n":3,"wall":7}"#);
    fs::write(&path, lines.join("\n")).unwrap();

    let output = replay(&[], &[&path]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("bad_lines.jsonl: line 5: not JSON"), "{}", stderr(&output));
    assert!(stderr(&output).contains("bad_lines.jsonl: line 10: missing field"), "{}", stderr(&output));
    assert_eq!(stdout(&output), stdout(&replay(&[], &[&recording("a_simple")])));
}

#[test]
fn unreadable_files_are_errors_and_the_others_replayed() {
    let path = scratch("no_log.jsonl");
    fs::write(&path, "{\"hello\":\"world\"}\n").unwrap();
    let output = replay(&[], &[&path, &scratch("missing.jsonl"), &recording("a_simple")]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("no_log.jsonl: not a frame log"), "{}", stderr(&output));
    assert!(stderr(&output).contains("missing.jsonl"), "{}", stderr(&output));
    assert!(stdout(&output).contains("conv-a_simple"), "{}", stdout(&output));
}

#[test]
fn a_log_without_a_footer_is_reported() {
    let output = replay(&[], &[&recording("g4_process_died")]);
    assert_eq!(output.status.code(), Some(0));
    assert!(stderr(&output).contains("breaks off"), "{}", stderr(&output));
}

#[test]
fn otlp_on_standard_output_prints_no_trees() {
    let output = replay(&["--otlp-json", "-"], &[&recording("a_simple"), &recording("c_tool")]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(stdout(&output).lines().count(), 2, "one line a conversation");
    let names = span_names(stdout(&output));
    assert!(names.contains(&"pipecat.conversation.turn".to_owned()), "{names:?}");
    assert!(names.iter().any(|name| name.starts_with("pipecat.tool.")), "{names:?}");
}

#[test]
fn otlp_has_the_format_of_the_file_exporter() {
    let path = scratch("a_simple.otlp.jsonl");
    let output = replay(&["--otlp-json", path.to_str().unwrap()], &[&recording("a_simple")]);
    assert!(stdout(&output).contains("conv-a_simple"), "trees are printed as well");
    let request: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    let resource = request["resourceSpans"][0]["resource"]["attributes"].as_array().unwrap();
    assert!(resource.iter().any(|attribute| attribute["key"] == "service.name"));
    let span = &request["resourceSpans"][0]["scopeSpans"][0]["spans"][0];
    let is_hex = |id: &Value, length| {
        id.as_str().is_some_and(|id| id.len() == length && id.bytes().all(|byte| byte.is_ascii_hexdigit()))
    };
    assert!(is_hex(&span["traceId"], 32) && is_hex(&span["spanId"], 16), "{span}");
    assert!(span["startTimeUnixNano"].as_str().is_some_and(|time| time.parse::<u64>().is_ok()), "{span}");
    assert!(span["kind"].is_u64() && span["status"]["code"].is_u64(), "{span}");
}

/// Returns each span as `name < parent's name`, sorted.
fn span_parents(lines: &str) -> Vec<String> {
    let request: Value = serde_json::from_str(lines).unwrap();
    let spans = request["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap();
    let name_of = |id: &Value| spans.iter().find(|span| span["spanId"] == *id).map(|span| &span["name"]);
    let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or("nobody").to_owned();
    let line =
        |span: &Value| format!("{} < {}", text(span.get("name")), text(name_of(&span["parentSpanId"])));
    let mut lines: Vec<String> = spans.iter().map(line).collect();
    lines.sort();
    lines
}

#[test]
fn one_trace_per_conversation_with_pipecat_names() {
    let arguments = ["--layout", "per-conversation", "--names", "pipecat", "--otlp-json", "-"];
    assert_eq!(
        span_parents(stdout(&replay(&arguments, &[&recording("a_simple")]))),
        [
            "conversation-conv-a_simple < nobody",
            "llm_mockllmservice < turn-1",
            "llm_mockllmservice < turn-2",
            "stt_mocksttservice < turn-1",
            "stt_mocksttservice < turn-2",
            "tts_mockttsservice < turn-1",
            "tts_mockttsservice < turn-2",
            "turn-1 < conversation-conv-a_simple",
            "turn-2 < conversation-conv-a_simple",
        ]
    );
}

#[test]
fn trees_do_not_depend_on_names_and_layout() {
    let tree = |arguments: &[&str]| stdout(&replay(arguments, &[&recording("c_tool")])).to_owned();
    for backend in ["phoenix", "arize", "langfuse", "openobserve", "jaeger"] {
        assert_eq!(tree(&["--preset", backend]), tree(&[]), "{backend}");
    }
}

#[test]
fn single_options_override_the_preset() {
    let lines = |arguments: &[&str]| {
        let arguments = [arguments, &["--otlp-json", "-"]].concat();
        stdout(&replay(&arguments, &[&recording("a_simple")])).to_owned()
    };
    let jaeger = lines(&["--preset", "jaeger"]);
    assert!(
        jaeger.contains("metrics.ttfb_ms") && jaeger.contains("gen_ai.") && !jaeger.contains("langfuse.")
    );
    let other = lines(&["--conventions", "langfuse", "--preset", "jaeger"]);
    assert!(!other.contains("metrics.ttfb_ms") && !other.contains("gen_ai.") && other.contains("langfuse."));
    assert!(span_names(&other).contains(&"turn-1".to_owned()), "the names are still the preset's");
}

#[test]
fn an_unknown_convention_lists_the_valid_ones() {
    let output = replay(&["--conventions", "gen_ai,genai"], &[&recording("a_simple")]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("choose from openinference, gen_ai, pipecat"), "{}", stderr(&output));
}

#[test]
fn trees_can_be_disabled() {
    let output = replay(&["--no-tree"], &[&recording("a_simple")]);
    assert_eq!((output.status.code(), stdout(&output)), (Some(0), ""));
}

#[test]
fn a_closed_pipe_is_not_an_error() {
    let files: Vec<PathBuf> = fs::read_dir(recording("a_simple").parent().unwrap())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    let mut child = command(&["replay", "--otlp-json", "-"], &[])
        .args(files)
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(!stderr(&output).contains("panicked"), "{}", stderr(&output));
}

#[test]
fn an_unwritable_output_is_an_error() {
    let path = scratch("missing/spans.jsonl");
    let output = replay(&["--otlp-json", path.to_str().unwrap()], &[&recording("a_simple")]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("cannot create"), "{}", stderr(&output));
}

#[test]
fn the_turn_end_timeout_can_be_overridden() {
    let greeting = recording("l_greeting");
    let turns = |arguments: &[&str]| stdout(&replay(arguments, &[&greeting])).to_owned();
    assert_eq!(turns(&["--turn-end-timeout", "2500"]), turns(&[]));
    assert_ne!(turns(&["--turn-end-timeout", "1"]), turns(&[]));
    assert_eq!(replay(&["--turn-end-timeout", "soon"], &[&greeting]).status.code(), Some(2));
}
