//! The frame log of the one call that is held here, under the name that was asked for.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Duration;

use pipecat_instrument::PipecatInstrumentor;

use super::terminal::say;

/// A frame log while it is being written. A program that holds many conversations writes one file for each, with the
/// conversation's id in its name; this one has only one, and gives it the plain name in the end.
pub(crate) struct FrameLog {
    /// What the instrumentor is told.
    pub(crate) template: PathBuf,
    written: PathBuf,
    target: PathBuf,
}

impl FrameLog {
    /// A log of the call `id` that is to be at `target`.
    pub(crate) fn of(id: &str, target: &Path) -> Self {
        let name = target.file_name().unwrap_or_default().to_string_lossy();
        let unfinished =
            |id: &str| target.with_file_name(format!("unfinished-{}-{id}-{name}", std::process::id()));
        Self { template: unfinished("{conversation_id}"), written: unfinished(id), target: target.to_owned() }
    }

    /// Waits until all of it is written, and gives it its name.
    pub(crate) fn finish(&self) -> Result<(), Box<dyn Error>> {
        PipecatInstrumentor::flush_frame_logs(Duration::from_secs(5))?;
        std::fs::rename(&self.written, &self.target)?;
        say(format_args!("\nThe frame log is {}.", self.target.display()));
        Ok(())
    }
}
