//! `pipecat-trace send`: sends recorded conversations to a backend.

use std::time::Duration;

use pipecat_instrument_runtime::emit::Tracers;
use pipecat_instrument_runtime::export::{self as setup, CheckError, ExporterKind, Setup, SetupError};

use crate::arguments::SendArguments;
use crate::diagnostics::ExitStatus;
use crate::replayer::Replayer;
use crate::source::without_later_parts;

/// The service name, unless the environment or an option sets another.
const SERVICE_NAME: &str = "pipecat-trace";
/// Timeout for sending one conversation.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(60);

/// An error that prevents sending anything.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SendError {
    #[error(transparent)]
    Setup(#[from] SetupError),
    #[error(transparent)]
    Check(#[from] CheckError),
    #[error(
        "no backend is configured: name a backend with --preset or --endpoint (and check whether OTEL_SDK_DISABLED, \
         ENABLE_TRACING or OTEL_TRACES_EXPORTER disable tracing)"
    )]
    NoBackend,
}

/// Sends every file. A file that cannot be read does not stop the others; a backend that accepts nothing does.
pub(crate) fn run(arguments: &SendArguments) -> Result<ExitStatus, SendError> {
    let setup = set_up(arguments)?;
    if !setup.is_on() {
        return Err(SendError::NoBackend);
    }
    let checked = setup.check()?;
    anstream::eprintln!("{checked}");
    let settings = arguments.emit.apply_to(setup.emit_settings().clone());
    let replayer = Replayer::new(Tracers::new(&setup.provider()), settings);
    let mut status = ExitStatus::Success;
    let mut shutdown_timeout = FLUSH_TIMEOUT;
    for source in without_later_parts(&arguments.files) {
        status.check(source, replayer.replay(source), |report| report);
        // One conversation at a time is in memory, however many there are.
        if !setup.flush_within(FLUSH_TIMEOUT).is_complete() {
            // The flush has waited for the backend.
            shutdown_timeout = Duration::ZERO;
            break;
        }
    }
    let report = setup.shutdown(shutdown_timeout);
    anstream::println!("{report}");
    Ok(if report.is_complete() { status } else { ExitStatus::Failure })
}

fn set_up(arguments: &SendArguments) -> Result<Setup, SetupError> {
    let mut builder = setup::builder().fallback_exporters([]).default_service_name(SERVICE_NAME);
    if let Some(name) = &arguments.service_name {
        builder = builder.service_name(name);
    }
    if let Some(backend) = arguments.preset {
        builder = builder.backend(backend).exporters([ExporterKind::Otlp]);
    }
    if let Some(endpoint) = &arguments.endpoint {
        builder = builder.endpoint(endpoint).exporters([ExporterKind::Otlp]);
    }
    if let Some(protocol) = arguments.protocol {
        builder = builder.protocol(protocol);
    }
    if let Some(project) = &arguments.project {
        builder = builder.project(project);
    }
    builder.build()
}
