//! What was asked for on the command line.

use std::fmt;
use std::path::PathBuf;

/// What was asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    /// Where the frame log goes, if anywhere.
    pub(crate) debug_log: Option<PathBuf>,
}

/// An argument that makes no sense.
#[derive(Debug)]
pub(crate) struct Usage(String);

impl Options {
    /// Reads the arguments of the program, without its name.
    pub(crate) fn of(mut arguments: impl Iterator<Item = String>) -> Result<Self, Usage> {
        let mut options = Self::default();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--debug-log" => {
                    let file =
                        arguments.next().ok_or_else(|| Usage("--debug-log needs a file".to_owned()))?;
                    options.debug_log = Some(file.into());
                }
                other => return Err(Usage(format!("unknown argument {other}"))),
            }
        }
        Ok(options)
    }
}

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\nusage: voice_agent [--debug-log FILE]", self.0)
    }
}
