//! The backends that are known by name: where they listen, how one signs in, what suits them.
//!
//! What each file says of addresses, headers and variables is what the backend's own documentation, or its own client
//! for Python, says.

mod arize;
mod jaeger_zipkin;
mod langfuse;
mod openobserve;
mod phoenix;

use std::fmt;
use std::str::FromStr;

use super::secret::Secret;
use super::{Environment, Protocol, SetupError};
use crate::emit::Preset;

/// A backend that is known by name: `PIPECAT_TRACE_PRESET`, or [`SetupBuilder::backend`](super::SetupBuilder::backend).
///
/// Those with variables of their own are also known by these, unless `OTEL_EXPORTER_OTLP_ENDPOINT` sends traces elsewhere.
///
/// ```
/// use pipecat_instrument_runtime::export::{Backend, SetupError};
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
    /// Zipkin with its module for OTLP, on this machine unless an endpoint is set.
    Zipkin,
    /// A collector on this machine, unless an endpoint is set.
    Collector,
}

/// What a backend is told apart by, and what is known of it.
struct Known {
    backend: Backend,
    /// What it is called in `PIPECAT_TRACE_PRESET`.
    word: &'static str,
    name: &'static str,
    /// Variables that only somebody with this backend sets.
    variables: &'static [&'static str],
    /// Where it listens, and how one signs in.
    account: fn(&Environment, Protocol) -> Result<Account, SetupError>,
}

const KNOWN: [Known; 7] = [
    phoenix::KNOWN,
    arize::KNOWN,
    langfuse::KNOWN,
    openobserve::KNOWN,
    jaeger_zipkin::JAEGER,
    jaeger_zipkin::ZIPKIN,
    jaeger_zipkin::COLLECTOR,
];

/// Where a backend listens, and how one signs in.
#[derive(Debug)]
pub(super) struct Account {
    /// The address, before `/v1/traces`, where nothing else says one.
    pub(super) endpoint: String,
    /// What decides the address.
    pub(super) endpoint_variable: &'static str,
    /// What every request carries.
    pub(super) headers: Vec<(String, Secret)>,
    /// The project that spans belong to, for backends that have such.
    pub(super) project: Option<String>,
    /// What to set, or to check, if the backend does not know who sends.
    pub(super) credentials: &'static str,
}

impl Backend {
    /// What they are called in `PIPECAT_TRACE_PRESET`.
    pub(super) const NAMES: &'static str = "phoenix, arize, langfuse, openobserve, jaeger, zipkin, collector";

    fn known(self) -> &'static Known {
        // The table holds every backend, in the order in which they are declared.
        &KNOWN[self as usize]
    }

    /// The backend whose own variables are set.
    pub(super) fn recognized(environment: &Environment) -> Result<Option<Self>, SetupError> {
        let is_set = |known: &&Known| known.variables.iter().any(|name| environment.get(name).is_some());
        let mut set = KNOWN.iter().filter(is_set).map(|known| known.backend);
        match (set.next(), set.next()) {
            (Some(first), Some(second)) => Err(SetupError::SeveralBackends { first, second }),
            (only, _) => Ok(only),
        }
    }

    /// The backend that is called `name` in `setting`.
    pub(super) fn named(setting: &str, name: &str) -> Result<Self, SetupError> {
        let known = KNOWN.iter().find(|known| known.word.eq_ignore_ascii_case(name));
        known
            .map(|known| known.backend)
            .ok_or_else(|| SetupError::UnknownBackend { setting: setting.to_owned(), given: name.to_owned() })
    }

    /// Where it listens for `protocol`, and how one signs in.
    pub(super) fn account(
        self,
        environment: &Environment,
        protocol: Protocol,
    ) -> Result<Account, SetupError> {
        (self.known().account)(environment, protocol)
    }

    /// What suits it: layout, names, conventions. A collector may pass spans on to any, and so has none of its own.
    ///
    /// ```
    /// use pipecat_instrument_runtime::emit::Preset;
    /// use pipecat_instrument_runtime::export::Backend;
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

/// By the word that stands for it in `PIPECAT_TRACE_PRESET`.
impl FromStr for Backend {
    type Err = SetupError;

    fn from_str(name: &str) -> Result<Self, SetupError> {
        Self::named("the preset", name)
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.known().name)
    }
}

#[cfg(test)]
mod tests;
