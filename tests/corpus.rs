//! Every recorded conversation, replayed, becomes the spans that it must become.
//!
//! `tests/corpus/frames/X.jsonl` is a conversation recorded from a real pipeline, and `tests/corpus/expected/X.json`
//! says fact by fact what its trace must tell. One recording is one test:
//!
//! ```text
//! cargo test --test corpus                 # all of it
//! cargo test --test corpus c_tool          # one recording: every wrong fact is a line of the failure
//! ```

mod checker;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use checker::expected::Expected;
use checker::replay::Replayed;
use checker::{Outcome, check};
use serde_json::Value;

/// One test for each recording, and [`RECORDINGS`], their names.
macro_rules! recordings {
    ($($name:ident)*) => {
        const RECORDINGS: &[&str] = &[$(stringify!($name)),*];

        $(
            #[test]
            fn $name() -> Outcome<()> {
                becomes_what_it_must(stringify!($name))
            }
        )*
    };
}

recordings! {
    a_simple
    aa_slow_tool
    b3_interrupt_llm
    b_interrupt
    c3_tool_error
    c_tool
    cc_backchannel
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
    own_cancel_llm_bills
    own_cancel_llm_streams
    own_cancel_tool_runs
    own_cancel_user_speaks
    own_code_not_spoken
    own_end_tool_runs
    own_final_in_no_turn
    own_live_turns
    own_llm_error_fatal
    own_llm_pauses
    own_mute_greeting_blip
    own_mute_starts_speaking_late
    own_no_interruptions
    own_no_metrics
    own_no_text_at_all
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
    p_multimodal
    q2_real_vadprocessor
    tt_context_edits
    u_silence_before_end
    vv_fast_turns
    xx_text_input
    yy_text_output
}

/// How many facts `tests/corpus/expected` holds, as the checker of the Python peers counts them, too.
const FACTS: usize = 10_174;

#[test]
fn the_tests_are_the_files_of_the_corpus() -> Outcome<()> {
    let tests: BTreeSet<String> = RECORDINGS.iter().map(|&name| name.to_owned()).collect();
    assert_eq!(tests, stems("frames")?, "one test for each recording, and no other");
    assert_eq!(tests, stems("expected")?, "one expectation for each recording, and no other");
    Ok(())
}

/// Facts come from what is expected alone, so that a trace that lacks something cannot have fewer of them.
#[test]
fn of_conversations_that_left_no_spans_every_fact_is_wrong() -> Outcome<()> {
    let mut facts = 0;
    for name in RECORDINGS {
        let report = check(&expected(name)?, &Replayed::default());
        assert_eq!(report.right(), 0, "{name}: {report}");
        facts += report.total();
    }
    assert_eq!(facts, FACTS);
    Ok(())
}

fn becomes_what_it_must(name: &str) -> Outcome<()> {
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
    Replayed::from_log(&corpus("frames").join(name).with_extension("jsonl"))
}

/// The names of the files in a folder of the corpus, without their endings.
fn stems(folder: &str) -> Outcome<BTreeSet<String>> {
    let mut stems = BTreeSet::new();
    for entry in fs::read_dir(corpus(folder))? {
        let path = entry?.path();
        stems.extend(path.file_stem().map(|stem| stem.to_string_lossy().into_owned()));
    }
    Ok(stems)
}

fn corpus(folder: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", "corpus", folder].iter().collect()
}
