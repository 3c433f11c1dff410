//! `pipecat-trace send`: recorded conversations, to a backend afterwards.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use pipecat_instrument_runtime::core::conversation::ConversationConfig;
use pipecat_instrument_runtime::debug_log::{self, FrameLogReader};
use pipecat_instrument_runtime::emit::{EmitSettings, Emitter, Tracers};
use pipecat_instrument_runtime::privacy::Privacy;
use pipecat_instrument_runtime::setup::{self, CheckFailed, ExporterKind, Setup, SetupError};

use crate::arguments::SendArguments;
use crate::replay::{self, Outcome};

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
    Check(#[from] CheckFailed),
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
    let sender = Sender::new(arguments, &setup);
    let mut files = Outcome::Good;
    for file in &arguments.files {
        files = files.max(sender.send(file));
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
    let mut builder = setup::builder().otherwise([]).default_service_name(SERVICE_NAME);
    if let Some(name) = &arguments.service_name {
        builder = builder.service_name(name);
    }
    if let Some(backend) = arguments.preset {
        builder = builder.preset(backend).exporters([ExporterKind::Otlp]);
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

/// Turns logs into spans of the setup's provider.
struct Sender {
    tracers: Tracers,
    settings: Arc<EmitSettings>,
    privacy: Privacy,
}

impl Sender {
    fn new(arguments: &SendArguments, setup: &Setup) -> Self {
        let provider = setup.provider();
        Self {
            tracers: Tracers::new(&provider),
            settings: Arc::new(arguments.words.over(setup.emit_settings().clone())),
            privacy: Privacy::from_env(),
        }
    }

    /// The spans of one log, with their times. What is wrong with it is said on standard error.
    fn send(&self, file: &Path) -> Outcome {
        let mut reader = match FrameLogReader::open(file) {
            Ok(reader) => reader,
            Err(error) => {
                anstream::eprintln!("{}: {error}", file.display());
                return Outcome::Failed;
            }
        };
        let config = reader.header().config(ConversationConfig::default());
        let session = replay::session(file, reader.header());
        let mut emitter =
            Emitter::new(&self.tracers, Arc::clone(&self.settings), session).privacy(self.privacy.clone());
        let report = debug_log::replay(&mut reader, config, &mut emitter);
        emitter.finish();
        replay::complain(file, &report)
    }
}
