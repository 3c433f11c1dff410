//! `pipecat-trace show`, as a user runs it.
#![allow(clippy::unwrap_used, reason = "a failure here fails the test")]

mod support;

use std::fs;
use std::io::Write;
use std::path::Path;

use pipecat_instrument_runtime::console::columns;
use support::{call, command, recording, scratch, stderr, stdout, trace};

fn show(arguments: &[&str], log: &Path) -> String {
    let output = trace(&[&["show"], arguments].concat(), &[log]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    stdout(&output).to_owned()
}

/// Shows a call that `make` scripts.
fn shown(id: &str, arguments: &[&str], make: impl FnOnce(&mut call::Call)) -> String {
    let directory = scratch(&format!("show-{id}"));
    let _ = fs::remove_dir_all(&directory);
    let mut call = call::Call::begin(id, &directory.join("frames.jsonl"), None);
    make(&mut call);
    call.ends();
    show(arguments, &directory.join(format!("frames-{id}.jsonl")))
}

#[test]
fn a_conversation_is_printed_with_all_its_parts() {
    let text = shown("booking", &[], |call| {
        call.wait(500).user_says(1_000, "Is Tuesday free?").asks(300);
        call.calls("check_calendar", r#"{"day":"Tuesday"}"#, 600, r#"{"free":["9:30"]}"#).asks(200);
        call.bot_says("Half past nine is free.", "Half past nine is free.");
        call.wait(400).user_says(500, "And Wednesday?").asks(250);
        call.bot_says("Wednesday is full, I am afraid.", "Wednesday is full,");
        call.interrupts(600, "Then Tuesday.").asks(200).fails("the model took too long").asks(200);
        call.bot_says("Booked.", "Booked.");
    });
    assert_eq!(
        text,
        "\
conversation booking · 3 turns · 8.93 s

turn 1 · 4.38 s · completed · user→bot 1.58 s, 600 ms by check_calendar
             wait  endpointing 200 ms · transcription 90 ms · turn detection 10 ms · llm 500 ms ·
                   tools 600 ms · aggregation 40 ms · tts 110 ms · output 30 ms
   0:00.500  user  Is Tuesday free?
   0:02.100  tool  check_calendar {\"day\":\"Tuesday\"} → {\"free\":[\"9:30\"]} · 600 ms
   0:03.050  bot   Half past nine is free.

turn 2 · 2.01 s · interrupted · user→bot 730 ms, 250 ms by OpenAILLMService
             wait  endpointing 200 ms · transcription 90 ms · turn detection 10 ms · llm 250 ms ·
                   aggregation 40 ms · tts 110 ms · output 30 ms
   0:04.780  user  And Wednesday?
   0:05.980  bot   Wednesday is full,
                   ✂ cut at 0:06.790, not heard: I am afraid.

turn 3 · 1.74 s · completed · user→bot 880 ms, 400 ms by OpenAILLMService
             wait  endpointing 200 ms · transcription 90 ms · turn detection 10 ms · llm 400 ms ·
                   aggregation 40 ms · tts 110 ms · output 30 ms
   0:06.790  user  Then Tuesday.
   0:07.890  ✗     TimeoutError: the model took too long
   0:08.240  bot   Booked.

turns       3 · 1 interrupted
user→bot    median 880 ms · p95 1.58 s · max 1.58 s
tokens      540 in · 12 out
characters  61
tool calls  1
errors      1
log         81 events
"
    );
}

#[test]
fn lines_wrap_by_columns_without_control_characters() {
    let said = "お茶をください。".repeat(12);
    let text = shown("wrapped", &["--width", "60"], |call| {
        call.wait(100).user_says(400, &said).asks(200).bot_says(
            "A bell \u{7}, red \u{1b}[31m\u{202e}and turned.",
            "A bell \u{7}, red \u{1b}[31m\u{202e}and turned.",
        );
    });
    let lines: Vec<&str> = text.lines().filter(|line| line.contains('お')).collect();
    assert!(lines.len() > 3, "{text}");
    assert!(lines.iter().all(|line| columns(line) <= 60), "{text}");
    assert!(!text.contains(['\u{7}', '\u{1b}', '\u{202e}']), "{text}");
    assert!(text.contains("A bell , red [31mand turned."), "{text}");
}

#[test]
fn user_who_repeats_and_bot_that_begins_are_shown() {
    let text = show(&[], &recording("own_speaks_again_twice"));
    assert!(text.contains(" · user spoke 2 more times, waited "), "{text}");
    let text = show(&[], &recording("l_greeting"));
    assert!(text.contains(" · completed · bot began\n"), "{text}");
}

#[test]
fn reply_whose_words_are_not_reported_shows_how_much_was_played() {
    let text = show(&[], &recording("own_azure_transcribe_polly"));
    let line = "0:11.708  bot   (words not reported)\n                   ✂ cut at 0:12.856, 1.14 s of 4.68 s heard of: Once upon a time";
    assert!(text.contains(line) && !text.contains("(not heard)"), "{text}");
    // The reply was cut before the bot started to speak.
    let text = show(&[], &recording("own_bedrock_transcribe_piper"));
    assert!(
        text.contains("(not heard)\n                   ✂ cut at 0:07.561, not heard: Four degrees,"),
        "{text}"
    );
}

#[test]
fn unfinished_tool_call_is_marked() {
    let text = show(&[], &recording("own_async_tool_outlives"));
    assert!(text.contains("get_weather {} unfinished · 111 ms"), "{text}");
}

#[test]
fn colors_appear_on_request_only() {
    assert!(!show(&[], &recording("b_interrupt")).contains('\u{1b}'));
    assert!(show(&["--color", "always"], &recording("b_interrupt")).contains('\u{1b}'));
}

#[test]
fn hidden_content_is_not_shown() {
    let log = recording("b_interrupt");
    let open = show(&[], &log);
    let hidden = command(&["show"], &[&log])
        .env("OPENINFERENCE_HIDE_INPUTS", "true")
        .env("OPENINFERENCE_HIDE_OUTPUTS", "true")
        .output()
        .unwrap();
    for said in ["Tell me a story.", "Once upon a time", "The fox lived", "Okay, I stopped."] {
        assert!(open.contains(said) && !stdout(&hidden).contains(said), "{}", stdout(&hidden));
    }
    assert!(stdout(&hidden).contains("✂ cut at"), "the interruption is not content");
}

#[test]
fn hidden_outputs_hide_unheard_text_too() {
    let output = command(&["show"], &[&recording("b3_interrupt_llm")])
        .env("OPENINFERENCE_HIDE_OUTPUTS", "true")
        .output()
        .unwrap();
    assert!(stdout(&output).contains("Tell me a long story."), "inputs are not hidden");
    assert!(!stdout(&output).contains("Once upon a time"), "{}", stdout(&output));
}

#[test]
fn a_realtime_reply_shows_its_heard_and_unheard_text() {
    let text = show(&[], &recording("own_realtime_interrupted"));
    assert!(text.contains("bot   Once upon a time\n"), "{text}");
    assert!(text.contains("not heard: there was a fox. The fox lived"), "{text}");
}

#[test]
fn typed_text_is_shown_as_the_users() {
    let text = show(&[], &recording("xx_text_input"));
    assert!(text.contains("user  What is the capital of France?"), "{text}");
    assert!(text.contains("bot   It is Paris."), "{text}");
}

#[test]
fn problems_of_a_log_are_counted() {
    let log = scratch("show-bad.jsonl");
    let lines = fs::read_to_string(recording("a_simple")).unwrap();
    let footer = lines.lines().last().unwrap();
    let text =
        lines.replacen('\n', "\noops\n", 1).replace(footer, "{\"end\":true,\"events\":1,\"dropped\":7}");
    fs::write(&log, text).unwrap();
    let output = trace(&["show"], &[&log]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).contains(" · 7 dropped · 1 bad line\n"), "{}", stdout(&output));
    assert!(stderr(&output).contains("show-bad.jsonl: line 2: not JSON"), "{}", stderr(&output));
    assert!(stderr(&output).contains("lacks 7 events"), "{}", stderr(&output));
}

#[test]
fn a_truncated_gzip_log_is_read_as_far_as_possible() {
    let log = scratch("show-truncated.jsonl.gz");
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let whole = fs::read(recording("a_simple")).unwrap();
    // One flushed block, and one that is truncated.
    let (first, rest) = whole.split_at(whole.len() * 3 / 4);
    gzip.write_all(first).unwrap();
    gzip.flush().unwrap();
    gzip.write_all(rest).unwrap();
    let bytes = gzip.finish().unwrap();
    fs::write(&log, &bytes[..bytes.len() - 40]).unwrap();
    let output = trace(&["show"], &[&log]);
    assert!(stdout(&output).contains("turn 1"), "{}", stdout(&output));
    assert!(stdout(&output).contains("breaks off"), "{}", stdout(&output));
}

#[test]
fn unreadable_logs_name_a_remedy_and_the_others_are_shown() {
    let (empty, other) = (scratch("show-empty.jsonl"), scratch("show-other.txt"));
    fs::write(&empty, "").unwrap();
    fs::write(&other, "Dear diary\n").unwrap();
    let directory = scratch("");
    let missing = scratch("show-missing.jsonl");
    let output = trace(&["show"], &[&empty, &other, &directory, &missing, &recording("a_simple")]);
    assert_eq!(output.status.code(), Some(2));
    let said = stderr(&output);
    assert!(said.contains("show-empty.jsonl: not a frame log: the file is empty"), "{said}");
    assert!(said.contains("show-other.txt: not a frame log: the first line must be a header"), "{said}");
    assert!(said.contains("Is a directory") && said.contains("pass a file that"), "{said}");
    assert!(said.contains("show-missing.jsonl: No such file") && said.contains("check the path"), "{said}");
    assert!(stdout(&output).contains("conversation conv-a_simple"), "{}", stdout(&output));
}

#[test]
fn every_recording_is_shown() {
    for entry in fs::read_dir(recording("a_simple").parent().unwrap()).unwrap() {
        let path = entry.unwrap().path();
        let text = show(&[], &path);
        assert!(text.starts_with("conversation ") && text.contains("\nlog "), "{}: {text}", path.display());
    }
}

#[test]
fn the_documents_match_the_output() {
    let printed = show(&[], &recording("b_interrupt"));
    let first_turn = &printed[printed.find("turn 1").unwrap()..printed.find("\nturn 2").unwrap()];
    for (page, printed) in [("docs/frame-log.md", &*printed), ("README.md", first_turn)] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(page);
        let document = fs::read_to_string(path).unwrap();
        assert!(document.contains(printed), "{page} no longer shows this:\n{printed}");
    }
}
