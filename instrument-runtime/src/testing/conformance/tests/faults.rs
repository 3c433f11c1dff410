//! What adapters do wrong, and which fact shows it.

use super::super::{Report, Script, Suite};
use super::reference::{Reference, Words};

/// Something that an adapter does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// Frames that go up are left out.
    DropsUpstream,
    /// No frame has an id.
    NoIds,
    /// Pieces of an answer are told as the whole answer so far.
    Cumulative,
    /// Pieces of an answer are told as words without the spaces between them.
    WordsWithoutSpaces,
    /// An end of the response is told after each piece of it.
    InventsEnds,
    /// Errors are left out.
    NoErrors,
    /// The voice detection is left out.
    NoVoice,
    /// Measurements are left out.
    NoMetrics,
    /// Contexts are left out.
    NoContexts,
    /// That a tool is in progress is left out.
    NoToolsInProgress,
    /// Interim transcripts are told as final ones.
    GuessesAreFinal,
    /// The end is left out, and the observer kept.
    KeepsObserver,
    /// It goes on for a while after the task was dropped.
    GoesOn,
    /// It panics.
    Panics,
}

/// Each fault, a script, and what the report says of it.
const CAUGHT: [(Fault, Script, &str); 14] = [
    (
        Fault::DropsUpstream,
        Script::FailingModel,
        r#"failing model: turn 1, LLM 1: status should be an error that says "the engine is overloaded", and is "Ok""#,
    ),
    (
        Fault::NoIds,
        Script::OneTurn,
        r#"one turn: turn 1: input.value should be "When are you open?", and is "When are you open? When are you open?""#,
    ),
    (
        Fault::Cumulative,
        Script::OddChunks,
        r#"odd chunks: turn 1, LLM 1: output.value should be "The number is 111, ha ha ha, naïve 🦷.", and is "."#,
    ),
    (
        Fault::WordsWithoutSpaces,
        Script::OddChunks,
        r#"odd chunks: turn 1, LLM 1: output.value should be "The number is 111, ha ha ha, naïve 🦷.", and is "The num ber"#,
    ),
    (
        Fault::InventsEnds,
        Script::OddChunks,
        r#"odd chunks: turn 1, LLM 1: output.value should be "The number is 111, ha ha ha, naïve 🦷.", and is "#,
    ),
    (
        Fault::NoErrors,
        Script::FailingSynthesis,
        r#"failing synthesis: turn 1, TTS 1: status should be an error that says "the voice is hoarse", and is "Ok""#,
    ),
    (
        Fault::NoVoice,
        Script::OneTurn,
        "one turn: turn 1, STT 1: stt.time_to_last_transcription_seconds should be something, and is nothing",
    ),
    (
        Fault::NoMetrics,
        Script::OneTurn,
        "one turn: turn 1, LLM 1: llm.token_count.prompt should be 100, and is nothing",
    ),
    (
        Fault::NoContexts,
        Script::OneTurn,
        r#"one turn: turn 1, LLM 1: input.value should be "When are you open?", and is nothing"#,
    ),
    (
        Fault::NoToolsInProgress,
        Script::Tool,
        "tool: turn 1, tool 1: this span, of which 8 facts should hold, should be there, and is missing",
    ),
    (
        Fault::GuessesAreFinal,
        Script::OneTurn,
        r#"one turn: turn 1, STT 1: input.value should be "When are you open?", and is "When When are you open?""#,
    ),
    (
        Fault::KeepsObserver,
        Script::OneTurn,
        "what happens in it should be what the script says, and is the conversation is open 3 s after it was over",
    ),
    (
        Fault::GoesOn,
        Script::Dropped,
        "what happens in it should be what the script says, and is pipecat.llm began after it was over",
    ),
    (Fault::Panics, Script::OneTurn, "and is the pipeline panicked: as it was told to"),
];

#[test]
fn every_fault_breaks_a_fact_that_is_named() {
    let played: Vec<(Fault, &str, Report)> = std::thread::scope(|scope| {
        let playing = CAUGHT.map(|(fault, script, expected)| {
            let suite = Suite::new(Reference { words: Words::Many, fault: Some(fault) }).only([script]);
            (fault, expected, scope.spawn(move || suite.run()))
        });
        playing.into_iter().map(|(fault, expected, it)| (fault, expected, it.join().unwrap())).collect()
    });
    let missed: Vec<String> = played
        .iter()
        .filter(|(_, expected, report)| {
            !report.failed_checks().iter().any(|fact| fact.to_string().contains(expected))
        })
        .map(|(fault, expected, report)| format!("{fault:?}: not {expected}\n{report}"))
        .collect();
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}
