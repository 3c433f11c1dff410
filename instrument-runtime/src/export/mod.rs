//! Out the door: a provider of spans from the environment, and what becomes of them.
//!
//! ```no_run
//! use pipecat_instrument_runtime::export as setup;
//!
//! let setup = setup::from_env()?; // held until the program ends
//! setup.instrument()?; // every annotated task from here on
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | | |
//! |---|---|
//! | [`from_env`], [`builder`] | the environment, and what code says over it |
//! | [`Setup`] | the provider; `check`, `flush`, `shutdown`, each with an honest report |
//! | [`Backend`] | backends that are known by name |
//! | [`DeliveryReport`], [`ExportError`] | what became of spans, and why |
//! | [`tree`], [`ConsoleExporter`] | spans as trees, to be read by people |
//! | [`text`], [`units`] | text as a terminal shows it, times as people read them |
//!
//! With feature `otlp`, spans go to a backend over HTTP; with `otlp-grpc` over gRPC. Neither needs an async runtime, and
//! both work in any.
//!
//! # Variables
//!
//! | | |
//! |---|---|
//! | `PIPECAT_TRACE_PRESET` | the backend: `phoenix`, `arize`, `langfuse`, `openobserve`, `jaeger`, `zipkin`, `collector` |
//! | `OTEL_EXPORTER_OTLP_ENDPOINT`, `_HEADERS`, `_PROTOCOL`, `_TIMEOUT`, `_COMPRESSION`, `_CERTIFICATE`, `_INSECURE` | how it is reached; each also as `OTEL_EXPORTER_OTLP_TRACES_…`, which counts over it |
//! | `OTEL_TRACES_EXPORTER` | `otlp`, `console`, `none`, or several with commas; `OTEL_CONSOLE_EXPORT=true` adds the console |
//! | `OTEL_SDK_DISABLED`, `ENABLE_TRACING` | `true`, or `false`, switches all of it off |
//! | `OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES` | who sends |
//! | `OTEL_TRACES_SAMPLER`, `_ARG` | which traces are kept |
//! | `OTEL_BSP_SCHEDULE_DELAY`, `_MAX_QUEUE_SIZE`, `_MAX_EXPORT_BATCH_SIZE`, `PIPECAT_TRACE_MAX_QUEUE_BYTES` | how spans wait |
//! | `OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT`, `OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT` and their like | how much a span carries |
//!
//! What code says counts over a variable for traces, that over the general one, that over the backend's own, that over the
//! default. A number, flag or choice that cannot be read is warned of and counts as not set, as OpenTelemetry's
//! specification wants it; an address, a header or a credential that cannot be read is an error.

// What is read of the environment is read whatever is built in, and used where something is sent.
#![cfg_attr(not(feature = "otlp"), allow(dead_code))]

mod backend;
mod builder;
mod check;
mod clock;
mod delivery;
mod endpoint;
mod env_reader;
mod environment;
mod error;
mod export_pipeline;
mod headers;
#[cfg(feature = "otlp")]
mod otlp;
mod protocol;
mod secret;
mod settings;
mod setup;

pub use backend::Backend;
pub use builder::SetupBuilder;
pub use check::{CheckError, CheckReport};
pub use delivery::{
    DeliveryError, DeliveryReport, DestinationReport, ExportError, FailedSpans, ResponseCode,
};
pub use env_reader::SettingWarning;
pub use environment::Environment;
pub use error::SetupError;
pub use protocol::Protocol;
pub use settings::{Compression, ExporterKind};
pub use setup::Setup;

/// Sets up what the environment says.
///
/// ```no_run
/// use pipecat_instrument_runtime::export as setup;
///
/// let setup = setup::from_env()?;
/// setup.instrument()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn from_env() -> Result<Setup, SetupError> {
    builder().build()
}

/// The same, with settings by code, which count over the environment.
pub fn builder() -> SetupBuilder {
    SetupBuilder::default()
}
