//! `pipecat-trace send`: recorded conversations, to a backend afterwards.

use std::process::ExitCode;
use std::time::Duration;

use pipecat_instrument_runtime::emit::Tracers;
use pipecat_instrument_runtime::export::{self as setup, CheckError, ExporterKind, Setup, SetupError};

use crate::arguments::SendArguments;
use crate::diagnostics::{complain, refuse};
use crate::exit_status::Outcome;
use crate::replayer::Stage;
use crate::source::{Source, without_later_parts};

/// What the traces are said to come from, unless the environment or an option says otherwise.
const SERVICE_NAME: &str = "pipecat-trace";
/// How long one conversation may take to be sent.
const FLUSH: Duration = Duration::from_secs(60);

/// Why nothing was sent.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SendError {
    #[error(transparent)]
    Setup(#[from] SetupError),
    #[error(transparent)]
    Check(#[from] CheckError),
    #[error(
        "there is nowhere to send to: name a backend with --preset or --endpoint (and see whether OTEL_SDK_DISABLED, \
         ENABLE_TRACING or OTEL_TRACES_EXPORTER switch it off)"
    )]
    Nowhere,
}

/// What became of the files, and of the spans that were made of them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sent {
    files: Outcome,
    all_arrived: bool,
}

impl From<Sent> for ExitCode {
    fn from(sent: Sent) -> Self {
        if sent.all_arrived { sent.files.into() } else { Outcome::Failed.into() }
    }
}

/// Sends every file. One that cannot be read does not keep the others from it; a backend that takes nothing does.
pub(crate) fn run(arguments: &SendArguments) -> Result<Sent, SendError> {
    let setup = set_up(arguments)?;
    if !setup.is_on() {
        return Err(SendError::Nowhere);
    }
    let checked = setup.check()?;
    anstream::eprintln!("{checked}");
    let settings = arguments.words.over(setup.emit_settings().clone());
    let stage = Stage::new(Tracers::new(&setup.provider()), settings);
    let mut files = Outcome::Good;
    for source in without_later_parts(&arguments.files) {
        files = files.max(send(&stage, source));
        // One conversation at a time is in memory, however many there are.
        if !setup.flush_within(FLUSH).is_complete() {
            break;
        }
    }
    let report = setup.shutdown(FLUSH);
    anstream::println!("{report}");
    Ok(Sent { files, all_arrived: report.is_complete() })
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

/// The spans of one log, with their times. What is wrong with it is said on standard error.
fn send(stage: &Stage, source: &Source) -> Outcome {
    match stage.replay(source) {
        Ok(log) => complain(source, &log),
        Err(error) => refuse(source, &error),
    }
}
