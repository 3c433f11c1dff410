//! Errors of building a setup.

use std::fmt;
use std::io;
use std::path::PathBuf;

use super::Backend;

/// An error of building a [`Setup`](super::Setup).
///
/// The message names the setting, the problem and the remedy, and never contains a secret. `Debug` prints the message
/// too, because that is what a `main` that returns the error prints.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// A URL, a header or a name is not valid.
    #[error("{setting} {problem}")]
    InvalidSetting {
        /// The variable, or the option of the builder.
        setting: String,
        /// The problem and the remedy, as the end of a sentence that begins with the setting.
        problem: String,
    },
    /// No backend has this name.
    #[error("{setting} is {name:?}, which is not a known backend: choose from {choices}", choices = Backend::NAMES)]
    UnknownBackend {
        /// The variable, or the option of the builder.
        setting: String,
        /// The unknown name.
        name: String,
    },
    /// The variables of two backends are set, and no setting chooses between them.
    #[error(
        "the variables of both {first} and {second} are set: set PIPECAT_TRACE_PRESET to one of the two, or unset the \
         variables of the other"
    )]
    AmbiguousBackend {
        /// One backend.
        first: Backend,
        /// The other.
        second: Backend,
    },
    /// A backend cannot work without a variable that is not set.
    #[error("{backend} needs {variable}: set it, or name another backend in PIPECAT_TRACE_PRESET")]
    MissingVariable {
        /// The backend.
        backend: Backend,
        /// The variable.
        variable: &'static str,
    },
    /// A backend does not accept gRPC.
    #[error(
        "{backend} does not accept traces over gRPC: set OTEL_EXPORTER_OTLP_PROTOCOL to http/protobuf, or unset it"
    )]
    GrpcNotSupported {
        /// The backend.
        backend: Backend,
    },
    /// The program was built without a feature that a setting needs.
    #[error(
        "{needed_for} needs the feature `{feature}`: add it to `pipecat-instrument` in Cargo.toml{alternative}"
    )]
    MissingFeature {
        /// The setting or the task that needs the feature.
        needed_for: String,
        /// The feature.
        feature: &'static str,
        /// A setting that works without the feature, as the end of the sentence.
        alternative: &'static str,
    },
    /// A file named by a setting cannot be read.
    #[error("{setting} names {path}, which cannot be read: {source}", path = path.display())]
    UnreadableFile {
        /// The variable, or the option of the builder.
        setting: String,
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// The exporter cannot be built.
    #[error("cannot build an exporter for {url}: {problem}")]
    Exporter {
        /// The URL of the backend.
        url: String,
        /// The reason.
        problem: String,
    },
}

impl SetupError {
    pub(super) fn invalid(setting: &str, problem: impl Into<String>) -> Self {
        Self::InvalidSetting { setting: setting.to_owned(), problem: problem.into() }
    }
}

impl fmt::Debug for SetupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}
