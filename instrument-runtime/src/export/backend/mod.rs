//! The backends known by name.

mod defaults;

use std::fmt;
use std::str::FromStr;

pub(super) use defaults::BackendDefaults;

use super::{Environment, Protocol, SetupError};
use crate::emit::Preset;

/// A backend known by name: `PIPECAT_TRACE_PRESET`, or [`SetupBuilder::backend`](super::SetupBuilder::backend).
///
/// A backend brings an endpoint, the headers that authenticate, and the [`Preset`] of conventions that suits it.
///
/// ```
/// # mod pipecat_instrument { pub use pipecat_instrument_runtime::export as setup; }
/// use pipecat_instrument::setup::{Backend, SetupError};
///
/// assert_eq!("langfuse".parse::<Backend>()?, Backend::Langfuse);
/// assert_eq!(Backend::OpenObserve.to_string(), "OpenObserve");
/// # Ok::<(), SetupError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Backend {
    /// Arize Phoenix: `PHOENIX_COLLECTOR_ENDPOINT`, `PHOENIX_API_KEY`, `PHOENIX_PROJECT_NAME`.
    Phoenix,
    /// Arize AX: `ARIZE_SPACE_ID`, `ARIZE_API_KEY`, `ARIZE_PROJECT_NAME`.
    Arize,
    /// Langfuse: `LANGFUSE_PUBLIC_KEY`, `LANGFUSE_SECRET_KEY`, `LANGFUSE_BASE_URL` or `LANGFUSE_REGION`.
    Langfuse,
    /// `OpenObserve`: `OPENOBSERVE_URL`, `OPENOBSERVE_ORG`, `OPENOBSERVE_AUTH_TOKEN`, `OPENOBSERVE_TRACES_STREAM_NAME`.
    OpenObserve,
    /// Jaeger on this machine, unless an endpoint is set.
    Jaeger,
    /// Zipkin with its OTLP module on this machine, unless an endpoint is set.
    Zipkin,
    /// An OpenTelemetry Collector on this machine, unless an endpoint is set.
    Collector,
}

/// A row of [`BACKENDS`].
struct BackendInfo {
    backend: Backend,
    /// The name in `PIPECAT_TRACE_PRESET`.
    id: &'static str,
    /// The name in messages.
    name: &'static str,
    /// The variables that only users of this backend set.
    variables: &'static [&'static str],
    defaults: fn(&Environment, Protocol) -> Result<BackendDefaults, SetupError>,
}

/// All backends, in the order of their declaration.
const BACKENDS: [BackendInfo; 7] = [
    BackendInfo {
        backend: Backend::Phoenix,
        id: "phoenix",
        name: "Phoenix",
        variables: &[defaults::PHOENIX_COLLECTOR_ENDPOINT, defaults::PHOENIX_API_KEY],
        defaults: defaults::phoenix,
    },
    BackendInfo {
        backend: Backend::Arize,
        id: "arize",
        name: "Arize",
        variables: &[defaults::ARIZE_SPACE_ID, defaults::ARIZE_API_KEY],
        defaults: defaults::arize,
    },
    BackendInfo {
        backend: Backend::Langfuse,
        id: "langfuse",
        name: "Langfuse",
        variables: &[defaults::LANGFUSE_PUBLIC_KEY, defaults::LANGFUSE_SECRET_KEY],
        defaults: defaults::langfuse,
    },
    BackendInfo {
        backend: Backend::OpenObserve,
        id: "openobserve",
        name: "OpenObserve",
        variables: &[defaults::OPENOBSERVE_URL, defaults::OPENOBSERVE_AUTH_TOKEN],
        defaults: defaults::openobserve,
    },
    BackendInfo {
        backend: Backend::Jaeger,
        id: "jaeger",
        name: "Jaeger",
        variables: &[],
        defaults: defaults::collector,
    },
    BackendInfo {
        backend: Backend::Zipkin,
        id: "zipkin",
        name: "Zipkin",
        variables: &[],
        defaults: defaults::zipkin,
    },
    BackendInfo {
        backend: Backend::Collector,
        id: "collector",
        name: "a collector",
        variables: &[],
        defaults: defaults::collector,
    },
];

impl Backend {
    /// All names in `PIPECAT_TRACE_PRESET`, for messages.
    pub(super) const NAMES: &'static str = "phoenix, arize, langfuse, openobserve, jaeger, zipkin, collector";

    fn info(self) -> &'static BackendInfo {
        &BACKENDS[self as usize]
    }

    /// Returns the backend whose own variables are set, if any. It is an error if those of two backends are.
    pub(super) fn detect(environment: &Environment) -> Result<Option<Self>, SetupError> {
        let is_configured =
            |info: &&BackendInfo| info.variables.iter().any(|name| environment.get(name).is_some());
        let mut backends = BACKENDS.iter().filter(is_configured).map(|info| info.backend);
        match (backends.next(), backends.next()) {
            (Some(first), Some(second)) => Err(SetupError::AmbiguousBackend { first, second }),
            (only, _) => Ok(only),
        }
    }

    /// Returns the backend of a name that `setting` holds.
    pub(super) fn parse(setting: &str, name: &str) -> Result<Self, SetupError> {
        match BACKENDS.iter().find(|info| info.id.eq_ignore_ascii_case(name)) {
            Some(info) => Ok(info.backend),
            None => Err(SetupError::UnknownBackend { setting: setting.to_owned(), name: name.to_owned() }),
        }
    }

    /// Returns the settings that the backend's own variables give.
    pub(super) fn defaults(
        self,
        environment: &Environment,
        protocol: Protocol,
    ) -> Result<BackendDefaults, SetupError> {
        (self.info().defaults)(environment, protocol)
    }

    /// Returns the layout, names and conventions that suit the backend.
    ///
    /// A collector has none, as it may forward spans to any backend.
    ///
    /// ```
    /// # mod pipecat_instrument {
    /// #     pub use pipecat_instrument_runtime::{emit::Preset, export as setup};
    /// # }
    /// use pipecat_instrument::Preset;
    /// use pipecat_instrument::setup::Backend;
    ///
    /// assert_eq!(Backend::Zipkin.preset(), Some(Preset::jaeger()));
    /// assert_eq!(Backend::Collector.preset(), None);
    /// ```
    pub const fn preset(self) -> Option<Preset> {
        match self {
            Self::Phoenix => Some(Preset::phoenix()),
            Self::Arize => Some(Preset::arize()),
            Self::Langfuse => Some(Preset::langfuse()),
            Self::OpenObserve => Some(Preset::openobserve()),
            Self::Jaeger | Self::Zipkin => Some(Preset::jaeger()),
            Self::Collector => None,
        }
    }
}

/// Parses a name of `PIPECAT_TRACE_PRESET`.
impl FromStr for Backend {
    type Err = SetupError;

    fn from_str(name: &str) -> Result<Self, SetupError> {
        Self::parse("the backend", name)
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.info().name)
    }
}

#[cfg(test)]
mod tests;
