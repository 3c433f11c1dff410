//! Why nothing could be set up.

use std::fmt;
use std::io;
use std::path::PathBuf;

use super::Backend;

/// Why nothing could be set up. The message names the setting, and what to do about it; never a secret. `Debug` is the
/// same, for that is what a `main` that returns it prints.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// A setting that must be right cannot be read.
    #[error("{setting} {problem}")]
    Unreadable {
        /// The variable, or the method of the builder.
        setting: String,
        /// What is wrong with it, and what would be right.
        problem: String,
    },
    /// No backend is called that.
    #[error("{setting} is {given:?}, which is no backend: choose from {choices}", choices = Backend::NAMES)]
    UnknownBackend {
        /// The variable, or the method of the builder.
        setting: String,
        /// What it says.
        given: String,
    },
    /// The variables of several backends are set, and nothing says which is meant.
    #[error(
        "{first} and {second} are both set up in the environment: set PIPECAT_TRACE_PRESET to one of them, or unset the \
         other's variables"
    )]
    SeveralBackends {
        /// One that has its variables set.
        first: Backend,
        /// Another.
        second: Backend,
    },
    /// What a backend cannot do without.
    #[error("{backend} needs {variable}: set it, or name another backend in PIPECAT_TRACE_PRESET")]
    Missing {
        /// The backend.
        backend: Backend,
        /// The variable that is not set.
        variable: &'static str,
    },
    /// A backend that does not speak the protocol.
    #[error(
        "{backend} takes no traces over gRPC: set OTEL_EXPORTER_OTLP_PROTOCOL to http/protobuf, or unset it"
    )]
    NoGrpc {
        /// The backend.
        backend: Backend,
    },
    /// The program was built without what was asked for.
    #[error("{what} needs the feature `{feature}`: add it to `pipecat-instrument` in Cargo.toml{otherwise}")]
    NotBuiltIn {
        /// What was asked for.
        what: String,
        /// The feature that has it.
        feature: &'static str,
        /// What would do without it.
        otherwise: &'static str,
    },
    /// A file that is needed cannot be read.
    #[error("{setting} names {path}, which cannot be read: {source}", path = path.display())]
    File {
        /// The variable, or the method of the builder.
        setting: String,
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The exporter could not be built.
    #[error("no exporter can be built for {url}: {problem}")]
    Exporter {
        /// Where it was to send to.
        url: String,
        /// Why not.
        problem: String,
    },
}

impl fmt::Debug for SetupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}
