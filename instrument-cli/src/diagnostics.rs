//! What is wrong with a log, said on standard error.

use pipecat_instrument_runtime::frame_log::FrameLogReadError;

use crate::conversation_view::LogHealth;
use crate::exit_status::Outcome;
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
pub(crate) fn refuse(source: &Source, error: &FrameLogReadError) -> Outcome {
    match error {
        // It names the file itself.
        FrameLogReadError::Open { .. } => anstream::eprintln!("{error}"),
        _ => anstream::eprintln!("{source}: {error}"),
    }
    Outcome::Failed
}
