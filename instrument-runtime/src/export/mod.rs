//! Sends spans to a backend: builds a tracer provider from the environment, and reports the outcome of every span.
//!
//! The facade exports this module as `pipecat_instrument::setup`.
//!
//! ```no_run
//! # mod pipecat_instrument { pub use pipecat_instrument_runtime::export as setup; }
//! # fn answer_calls() {}
//! use std::time::Duration;
//!
//! use pipecat_instrument::setup;
//!
//! let setup = setup::from_env()?; // keep it until the program ends
//! println!("{setup}"); // Traces of desk go to Phoenix at http://localhost:6006/v1/traces.
//! setup.instrument()?; // observes every annotated task from now on
//!
//! answer_calls();
//!
//! println!("{}", setup.shutdown(Duration::from_secs(5))); // Phoenix at …: 40 spans exported
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The feature `otlp` sends OTLP over HTTP, `otlp-grpc` also over gRPC. Without them, the feature `setup` prints traces to the
//! console. No async runtime is needed, and any works: spans are sent by a thread of their own, so that the voice pipeline
//! never waits for a backend.
//!
//! # Choosing a backend
//!
//! In the environment, either name the backend:
//!
//! ```sh
//! PIPECAT_TRACE_PRESET=phoenix
//! ```
//!
//! or set the variables of its own client, which name it as well:
//!
//! ```sh
//! LANGFUSE_PUBLIC_KEY=pk-lf-… LANGFUSE_SECRET_KEY=sk-lf-…
//! ```
//!
//! or send to any other server that accepts OTLP, such as an OpenTelemetry Collector:
//!
//! ```sh
//! OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4318
//! ```
//!
//! In code, [`SetupBuilder`] has a method for each setting:
//!
//! ```
//! # mod pipecat_instrument { pub use pipecat_instrument_runtime::export as setup; }
//! use pipecat_instrument::setup::{self, Backend};
//! # use pipecat_instrument::setup::ExporterKind;
//!
//! let setup = setup::builder()
//!     .backend(Backend::Phoenix)
//!     .endpoint("http://phoenix.example:6006")
//!     .service_name("desk")
//! #   .exporters([ExporterKind::Console])
//!     .build()?;
//! # drop(setup);
//! # Ok::<(), setup::SetupError>(())
//! ```
//!
//! A [`Backend`] brings an endpoint, the headers that authenticate, and the layout, names and conventions that suit it:
//!
//! | backend | in `PIPECAT_TRACE_PRESET` | its own variables | endpoint by default |
//! |---|---|---|---|
//! | Arize Phoenix | `phoenix` | `PHOENIX_COLLECTOR_ENDPOINT`, `PHOENIX_API_KEY`, `PHOENIX_PROJECT_NAME` | `http://localhost:6006` |
//! | Arize AX | `arize` | `ARIZE_SPACE_ID`, `ARIZE_API_KEY`, `ARIZE_PROJECT_NAME`, `ARIZE_COLLECTOR_ENDPOINT` | `https://otlp.arize.com` |
//! | Langfuse | `langfuse` | `LANGFUSE_PUBLIC_KEY`, `LANGFUSE_SECRET_KEY`, `LANGFUSE_BASE_URL`, `LANGFUSE_REGION` | `https://cloud.langfuse.com` |
//! | OpenObserve | `openobserve` | `OPENOBSERVE_AUTH_TOKEN`, `OPENOBSERVE_URL`, `OPENOBSERVE_ORG`, `OPENOBSERVE_TRACES_STREAM_NAME` | `http://localhost:5080` |
//! | Jaeger | `jaeger` | | `http://localhost:4318` |
//! | Zipkin, with its OTLP module | `zipkin` | | `http://localhost:9411` |
//! | OpenTelemetry Collector | `collector` | | `http://localhost:4318` |
//!
//! If nothing names a backend or an endpoint, spans go to a collector on this machine, or to the
//! [fallback](SetupBuilder::fallback_exporters). If the variables of two backends are set, `PIPECAT_TRACE_PRESET` has to choose.
//! An `OTEL_EXPORTER_OTLP_ENDPOINT` gets the key of a backend only if `PIPECAT_TRACE_PRESET` names that backend, so that a
//! key is never sent to a server that it is not for.
//!
//! [`Setup::check`] sends one span and returns a sentence that says whether the backend took it; if not, why, and what to
//! change. [The guide to backends][guide] shows what each of them displays.
//!
//! # Precedence
//!
//! The first of these that has a value decides a setting:
//!
//! 1. code: a method of [`SetupBuilder`],
//! 2. a variable for traces, `OTEL_EXPORTER_OTLP_TRACES_…`,
//! 3. the general variable, `OTEL_EXPORTER_OTLP_…`,
//! 4. a variable of the backend, such as `PHOENIX_API_KEY`,
//! 5. the default.
//!
//! Headers of all levels are sent together, and the first level that has a header of some name decides its value; but
//! `OTEL_EXPORTER_OTLP_TRACES_HEADERS` replaces `OTEL_EXPORTER_OTLP_HEADERS`, as in the specification.
//!
//! # Variables
//!
//! | variable | meaning | default |
//! |---|---|---|
//! | `PIPECAT_TRACE_PRESET` | the backend | detected by its own variables |
//! | `OTEL_TRACES_EXPORTER` | `otlp`, `console` or `none`, or several with commas | `otlp` |
//! | `OTEL_CONSOLE_EXPORT` | `true` adds the console | `false` |
//! | `OTEL_SDK_DISABLED` | `true` disables tracing | `false` |
//! | `ENABLE_TRACING` | `false` disables tracing | `true` |
//! | `OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES` | the sending program | `unknown_service:` and the program's name |
//! | `OTEL_TRACES_SAMPLER`, `OTEL_TRACES_SAMPLER_ARG` | the sampler | `parentbased_always_on` |
//! | `OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT` | attributes of one span | 1,024 |
//! | `OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT` | characters of one text | no limit |
//! | `OTEL_SPAN_EVENT_COUNT_LIMIT`, `OTEL_SPAN_LINK_COUNT_LIMIT`, `OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT`, `OTEL_LINK_ATTRIBUTE_COUNT_LIMIT` | events and links of one span, and their attributes | 128 each |
//! | `OTEL_BSP_MAX_QUEUE_SIZE` | queued spans | 65,536 |
//! | `PIPECAT_TRACE_MAX_QUEUE_BYTES` | bytes of all queued spans | 128 MiB |
//! | `PIPECAT_TRACE_SPOOL_DIR` | a directory for spans that cannot be sent: see [`spool`](SetupBuilder::spool) | none |
//! | `PIPECAT_TRACE_SPOOL_MAX_BYTES` | bytes of all files in that directory | 1 GiB |
//! | `OTEL_BSP_MAX_EXPORT_BATCH_SIZE` | spans in one request | 512 |
//! | `OTEL_BSP_SCHEDULE_DELAY` | longest wait of a span for others to share its request, in ms | 1,000 |
//!
//! These also have a form for traces alone, `OTEL_EXPORTER_OTLP_TRACES_…`:
//!
//! | variable | meaning | default |
//! |---|---|---|
//! | `OTEL_EXPORTER_OTLP_ENDPOINT` | the URL, to which `/v1/traces` is appended; the form for traces is used as it is | the backend's |
//! | `OTEL_EXPORTER_OTLP_HEADERS` | `name=value,name=value`, with percent-encoded values | none |
//! | `OTEL_EXPORTER_OTLP_PROTOCOL` | `http/protobuf` or `grpc` | `http/protobuf` |
//! | `OTEL_EXPORTER_OTLP_TIMEOUT` | limit of one request, in ms | 10,000 |
//! | `OTEL_EXPORTER_OTLP_COMPRESSION` | `gzip` or `none` | `none` |
//! | `OTEL_EXPORTER_OTLP_CERTIFICATE` | a PEM file with the certificates to trust | Mozilla's |
//! | `OTEL_EXPORTER_OTLP_INSECURE` | `true` uses `http://` for gRPC endpoints without a scheme | `false` |
//!
//! An empty variable counts as not set. A number, flag or choice that cannot be parsed is logged and ignored, as
//! OpenTelemetry's specification wants it; see [`Setup::warnings`]. A URL, a header or a credential that is missing or invalid is
//! a [`SetupError`].
//!
//! # Shutdown
//!
//! Spans are queued and sent in batches, so the last of them are still queued when a program ends.
//!
//! - [`Setup::shutdown`] ends the conversations that are open, sends all spans within a time limit, and returns a
//!   [`DeliveryReport`]: how many spans each destination took, how many were lost, and why.
//! - Dropping the [`Setup`] does the same within five seconds, and logs a warning if some did not arrive.
//! - [`std::process::exit`], a signal without a handler, [`std::mem::forget`] and an abort run no destructors: what is
//!   queued, and every open conversation, is lost. Call `shutdown` before, on Ctrl-C in a handler:
//!   `ctrlc::set_handler(move || { setup.shutdown(timeout); std::process::exit(130) })`, with the setup in an `Arc`.
//!
//! Spans that end later are not sent. All three methods that wait ([`check`](Setup::check), [`flush`](Setup::flush) and
//! [`shutdown`](Setup::shutdown)) block their thread; in async code, call them in `spawn_blocking`, or where nothing else has
//! to run.
//!
//! ```no_run
//! # mod pipecat_instrument { pub use pipecat_instrument_runtime::export as setup; }
//! use std::time::Duration;
//!
//! use pipecat_instrument::setup;
//!
//! # fn answer_calls() {}
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let setup = setup::from_env()?;
//!     setup.instrument()?;
//!     answer_calls();
//!     // Fails if a span was lost, with a message that says why.
//!     setup.shutdown(Duration::from_secs(5)).complete()?;
//!     Ok(())
//! }
//! ```
//!
//! # Outages
//!
//! A backend that is away, busy (429, 502, 503, 504) or hanging is waited out: its spans stay in the queue and are sent again,
//! after a wait that doubles from 0.1 to 30 seconds, or after the `Retry-After` of the backend (up to an hour). The queue is
//! bounded in spans and in bytes. When it is full, the oldest spans are dropped; the voice pipeline never waits. A span may
//! arrive twice if a backend took it but its answer was lost.
//!
//! Spans are lost only if the queue is full, if the backend refuses them (400, 401, 404, …), if a single one is too large for it, or
//! if the time at the end is too short. Each case is counted in the report and logged once.
//!
//! With a spool, [`SetupBuilder::spool`] or `PIPECAT_TRACE_SPOOL_DIR`, the spans that a full queue or a shutdown would lose
//! are written to that directory, and sent once the backend is back or after the next start.
//!
//! [guide]: https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/backends.md

// Settings are parsed with every set of features, and used with `otlp`.
#![cfg_attr(not(feature = "otlp"), allow(dead_code))]

mod backend;
mod builder;
mod clock;
mod delivery;
mod endpoint;
mod env_reader;
mod error;
mod headers;
mod open_conversations;
mod settings;
mod setup;
mod spool;
mod transport;

pub use backend::Backend;
pub use builder::SetupBuilder;
pub use delivery::{
    DeliveryError, DeliveryReport, DestinationReport, ExportError, FailedSpans, ResponseCode,
};
pub use endpoint::Protocol;
pub use env_reader::{Environment, SettingWarning};
pub use error::SetupError;
pub use settings::{Compression, ExporterKind};
pub use setup::{CheckError, CheckReport, Setup};

/// Builds a setup from this process's environment variables.
///
/// ```no_run
/// # mod pipecat_instrument { pub use pipecat_instrument_runtime::export as setup; }
/// use pipecat_instrument::setup;
///
/// let setup = setup::from_env()?;
/// setup.instrument()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// Returns an error in the cases of [`SetupBuilder::build`].
pub fn from_env() -> Result<Setup, SetupError> {
    builder().build()
}

/// Returns a builder, for settings by code, which override the environment.
pub fn builder() -> SetupBuilder {
    SetupBuilder::default()
}
