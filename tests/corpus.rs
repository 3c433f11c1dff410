//! Replays recorded conversations, and compares their spans with expected ones.
//!
//! `tests/corpus/frames/X.jsonl`, or `X.jsonl.gz`, is a conversation recorded from a real pipeline. `tests/corpus/expected/X.json` lists the
//! facts of its trace. One recording is one test:
//!
//! ```text
//! cargo test --test corpus                 # all recordings
//! cargo test --test corpus c_tool          # one recording; the failure lists every wrong fact
//! ```

mod checker;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use checker::conversation::Replayed;
use checker::expected::Expected;
use checker::invariants::INVARIANTS;
use checker::{Outcome, check};
use serde_json::{Map, Value};

/// Declares one test for each recording, and [`RECORDINGS`], the list of their names.
macro_rules! recordings {
    ($($name:ident)*) => {
        const RECORDINGS: &[&str] = &[$(stringify!($name)),*];

        $(
            #[test]
            fn $name() -> Outcome<()> {
                check_recording(stringify!($name))
            }
        )*
    };
}

recordings! {
    a1_deepgram_openai_cartesia
    a6_settings_update
    a_simple
    aa_slow_tool
    b1_whisper_anthropic_openaitts
    b2_whisper_anthropic_openaitts
    b3_interrupt_llm
    b_interrupt
    c3_tool_error
    c_tool
    cc_backchannel
    d3_tts_lost_midway
    d_stream200
    dd_same_tool_twice
    e_cumulative
    f3_usage_after_end
    f_metrics
    g4_process_died
    g_cancel
    h_error
    hh_llm_retry
    i_long_prefilled
    ii_net_cache
    j_concurrent_1
    j_concurrent_2
    k_audio20ms
    kk_end_while_llm_streams
    l_greeting
    n_multi_segment
    nn3_late_final
    own_async_tool_outlives
    own_azure_speech_words
    own_azure_transcribe_polly
    own_bedrock_transcribe_piper
    own_bedrock_transcribe_storm
    own_cancel_llm_bills
    own_cancel_llm_streams
    own_cancel_tool_runs
    own_cancel_user_speaks
    own_code_not_spoken
    own_eager_flux_azure
    own_end_tool_runs
    own_final_in_no_turn
    own_gemini_live
    own_live_turns
    own_llm_error_fatal
    own_llm_pauses
    own_mute_greeting_blip
    own_mute_starts_speaking_late
    own_no_interruptions
    own_no_metrics
    own_no_text_at_all
    own_openai_realtime
    own_parallel_classifier
    own_realtime_interrupted
    own_realtime_turns
    own_short_timeout
    own_skip_tts
    own_speak_frames_only
    own_speaks_again_twice
    own_stop_frame
    own_stt_detects_turns
    own_system_instruction
    own_tool_raises_beside_another
    own_tool_survives_user
    own_transcripts_only
    own_tts_error_before_start
    own_tts_words
    own_usage_after_end
    p_groq
    p_multimodal
    q2_real_vadprocessor
    r1_openai_realtime
    s2_gemini_live_sentences
    tt_context_edits
    u_silence_before_end
    vv_fast_turns
    xx_text_input
    yy_text_output
}

#[test]
fn every_recording_has_one_test_and_one_expectation() -> Outcome<()> {
    let tests: BTreeSet<String> = RECORDINGS.iter().map(|&name| name.to_owned()).collect();
    assert_eq!(tests, stems("frames")?, "one test for each recording, and no other");
    assert_eq!(tests, stems("expected")?, "one expectation for each recording, and no other");
    Ok(())
}

/// The checker checks every field of the expectation files, and a missing span does not remove facts: for an empty
/// trace, all of them are wrong.
#[test]
fn every_expected_field_is_checked_and_wrong_without_spans() -> Outcome<()> {
    for name in RECORDINGS {
        let report = check(&expected(name)?, &Replayed::default());
        assert_eq!(report.total(), count_facts(&expected_json(name)?), "{name}");
        assert_eq!(report.right(), 0, "{name}: {report}");
    }
    Ok(())
}

/// Counts the facts in an expectation file without the checker's own reader.
fn count_facts(file: &Value) -> usize {
    const READABLE_AND_NUMBER_OF_TURNS: usize = 2;
    const TURN_EXISTS_WITHOUT_OTHER_SPANS: usize = 2;
    const SPAN_EXISTS_WITH_PARENT: usize = 2;

    let turns = file["turns"].as_array().into_iter().flatten().map(|turn| {
        let spans = turn["spans"].as_array().into_iter().flatten();
        let spans = spans.map(|span| SPAN_EXISTS_WITH_PARENT + count_claims(span));
        TURN_EXISTS_WITHOUT_OTHER_SPANS + count_claims(turn) + spans.sum::<usize>()
    });
    let session_attributes = file["session_attributes"].as_object().map_or(0, Map::len);
    READABLE_AND_NUMBER_OF_TURNS + INVARIANTS.len() + session_attributes + turns.sum::<usize>()
}

/// Counts the fields of a turn or span that claim something: each field is one claim, except that `attrs` holds several, and
/// `min_ms` and `max_ms` are one together.
fn count_claims(turn_or_span: &Value) -> usize {
    let fields = turn_or_span.as_object().into_iter().flatten();
    fields
        .map(|(field, value)| match (field.as_str(), value) {
            ("number" | "spans" | "kind" | "parent" | "ref" | "tie" | "note", _) => 0,
            ("latency", Value::String(any)) if any == "any" => 0,
            ("max_ms", _) if turn_or_span.get("min_ms").is_some() => 0,
            ("attrs", attributes) => attributes.as_object().map_or(0, Map::len),
            _ => 1,
        })
        .sum()
}

fn check_recording(name: &str) -> Outcome<()> {
    let report = check(&expected(name)?, &replayed(name)?);
    assert!(report.is_all_right(), "{name}:\n{report}");
    Ok(())
}

fn expected(name: &str) -> Outcome<Expected> {
    Expected::read(expected_json(name)?)
}

fn expected_json(name: &str) -> Outcome<Value> {
    let text = fs::read_to_string(corpus("expected").join(name).with_extension("json"))?;
    Ok(serde_json::from_str(&text)?)
}

fn replayed(name: &str) -> Outcome<Replayed> {
    let plain = corpus("frames").join(name).with_extension("jsonl");
    let compressed = plain.with_extension("jsonl.gz");
    Replayed::from_log(if plain.exists() { &plain } else { &compressed })
}

/// Returns the names of the files in a folder of the corpus, without extensions.
fn stems(folder: &str) -> Outcome<BTreeSet<String>> {
    let mut stems = BTreeSet::new();
    for entry in fs::read_dir(corpus(folder))? {
        let file_name = entry?.file_name().to_string_lossy().into_owned();
        stems.extend(file_name.split('.').next().map(str::to_owned));
    }
    Ok(stems)
}

fn corpus(folder: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", "corpus", folder].iter().collect()
}
