//! What is wrong with a log, said on standard error.

use pipecat_instrument_runtime::debug_log::FrameLogError;

use crate::call::LogHealth;
use crate::outcome::Outcome;
use crate::source::Source;

/// Says what is wrong with a log that was read.
pub(crate) fn complain(source: &Source, log: &LogHealth) -> Outcome {
    for bad in &log.bad_lines {
        anstream::eprintln!("{source}: {bad}");
    }
    for sentence in &log.sentences {
        anstream::eprintln!("{source}: {sentence}");
    }
    if log.bad_lines.is_empty() { Outcome::Good } else { Outcome::BadLines }
}

/// Says why a log cannot be read at all.
pub(crate) fn refuse(source: &Source, error: &FrameLogError) -> Outcome {
    match error {
        // It names the file itself.
        FrameLogError::Open { .. } => anstream::eprintln!("{error}"),
        _ => anstream::eprintln!("{source}: {error}"),
    }
    Outcome::Failed
}
