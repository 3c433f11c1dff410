//! Faults of adapters, and the check that each one fails.

use super::super::{Report, Script, Suite};
use super::reference::{Detail, Reference};

/// A fault of an adapter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// Upstream frames are missing.
    NoUpstream,
    /// Frames have no ids.
    NoIds,
    /// Chunks of a response are marked as cumulative.
    MarkedCumulative,
    /// Chunks of a response are marked as words without spaces.
    MarkedWithoutSpaces,
    /// A response end follows each chunk.
    InventedResponseEnds,
    /// Errors are missing.
    NoErrors,
    /// Voice detection is missing.
    NoVoice,
    /// Metrics are missing.
    NoMetrics,
    /// Contexts are missing.
    NoContexts,
    /// Tool calls in progress are missing.
    NoToolsInProgress,
    /// Interim transcripts are marked as final.
    InterimAsFinal,
    /// The end is missing, and the observer is kept.
    KeptObserver,
    /// Work continues after the task was dropped.
    WorkAfterEnd,
    /// The pipeline panics.
    Panic,
}

/// Each fault with a script, and a part of the report.
const EXPECTED: [(Fault, Script, &str); 14] = [
    (
        Fault::NoUpstream,
        Script::FailingModel,
        r#"failing model: turn 1, LLM 1: status: expected an error containing "the engine is overloaded", found "Ok""#,
    ),
    (
        Fault::NoIds,
        Script::OneTurn,
        r#"one turn: turn 1: input.value: expected "When are you open?", found "When are you open? When are you open?""#,
    ),
    (
        Fault::MarkedCumulative,
        Script::OddChunks,
        r#"odd chunks: turn 1, LLM 1: output.value: expected "The number is 111, ha ha ha, naïve 🦷.", found "."#,
    ),
    (
        Fault::MarkedWithoutSpaces,
        Script::OddChunks,
        r#"odd chunks: turn 1, LLM 1: output.value: expected "The number is 111, ha ha ha, naïve 🦷.", found "The num ber"#,
    ),
    (
        Fault::InventedResponseEnds,
        Script::OddChunks,
        r#"odd chunks: turn 1, LLM 1: output.value: expected "The number is 111, ha ha ha, naïve 🦷.", found "#,
    ),
    (
        Fault::NoErrors,
        Script::FailingSynthesis,
        r#"failing synthesis: turn 1, TTS 1: status: expected an error containing "the voice is hoarse", found "Ok""#,
    ),
    (
        Fault::NoVoice,
        Script::OneTurn,
        "one turn: turn 1, STT 1: stt.time_to_last_transcription_seconds: expected a value, found nothing",
    ),
    (
        Fault::NoMetrics,
        Script::OneTurn,
        "one turn: turn 1, LLM 1: llm.token_count.prompt: expected 100, found nothing",
    ),
    (
        Fault::NoContexts,
        Script::OneTurn,
        r#"one turn: turn 1, LLM 1: input.value: expected "When are you open?", found nothing"#,
    ),
    (Fault::NoToolsInProgress, Script::Tool, "tool: turn 1, tool 1: missing span (8 checks)"),
    (
        Fault::InterimAsFinal,
        Script::OneTurn,
        r#"one turn: turn 1, STT 1: input.value: expected "When are you open?", found "When When are you open?""#,
    ),
    (Fault::KeptObserver, Script::OneTurn, "one turn: conversation: still open 3 s after its end"),
    (Fault::WorkAfterEnd, Script::Dropped, "dropped: conversation: pipecat.llm started after the end"),
    (Fault::Panic, Script::OneTurn, "one turn: conversation: the pipeline panicked: on purpose"),
];

#[test]
fn every_fault_fails_a_check() {
    let reports: Vec<(Fault, &str, Report)> = std::thread::scope(|scope| {
        let threads = EXPECTED.map(|(fault, script, expected)| {
            let suite = Suite::new(Reference { detail: Detail::Full, fault: Some(fault) }).only([script]);
            (fault, expected, scope.spawn(move || suite.run()))
        });
        threads
            .into_iter()
            .map(|(fault, expected, thread)| (fault, expected, thread.join().unwrap()))
            .collect()
    });
    let missed: Vec<String> = reports
        .iter()
        .filter(|(_, expected, report)| {
            !report.failed_checks().iter().any(|check| check.to_string().contains(expected))
        })
        .map(|(fault, expected, report)| format!("{fault:?}: expected {expected}\n{report}"))
        .collect();
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}
