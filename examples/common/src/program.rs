//! The program around a voice agent: options, language model, tracing and output.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use pipecat_instrument::PipecatInstrumentor;
use tokio::runtime::Runtime;

use crate::model_server::{Model, ModelServer};
use crate::traces::{Traces, print_line};

type Outcome = Result<(), Box<dyn Error>>;

/// Runs `call` with a call id and a language model, and prints its trace.
///
/// `name` is the name of the program and of the service in its traces.
pub fn run<Call>(name: &'static str, call: Call) -> ExitCode
where
    Call: AsyncFnOnce(&str, &Model) -> Outcome,
{
    let outcome = Options::from_args().and_then(|options| {
        if let Some(options) = options {
            return trace(name, &options, call);
        }
        print_line(format_args!("Usage: {name} {HELP}"));
        Ok(())
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{name}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn trace<Call>(name: &'static str, options: &Options, call: Call) -> Outcome
where
    Call: AsyncFnOnce(&str, &Model) -> Outcome,
{
    // Outside the async runtime, because an exporter may block.
    let traces = Traces::start(name)?;
    let mut instrumentor = traces.setup().instrumentor();
    let frame_log = options.frame_log.as_deref().map(|path| FrameLog::new(&options.call_id, path));
    if let Some(log) = &frame_log {
        instrumentor = instrumentor.debug_log(&log.template);
    }
    instrumentor.instrument(traces.setup().provider())?;

    let outcome = Runtime::new()?.block_on(run_call(&options.call_id, call));
    if let Some(log) = &frame_log {
        log.finish()?;
    }
    PipecatInstrumentor::uninstrument();
    traces.print_trees();
    traces.shutdown()?;
    outcome
}

/// Runs the call with `OpenAI` if a key is set, otherwise with the server in this process.
async fn run_call<Call>(call_id: &str, call: Call) -> Outcome
where
    Call: AsyncFnOnce(&str, &Model) -> Outcome,
{
    print_line("Speech-to-text and text-to-speech are stand-ins: the caller speaks in tones, the bot hums.");
    if let Some(model) = Model::from_env() {
        print_line(format_args!("The model is {} at {}.\n", model.name, model.base_url));
        return call(call_id, &model).await;
    }
    let server = ModelServer::start().await?;
    let model = server.model();
    print_line(format_args!("The model is a small server in this process, at {}.\n", model.base_url));
    call(call_id, &model).await
}

const HELP: &str = "[--debug-log FILE] [--call-id ID]

Simulates a telephone call with a voice agent and prints its trace.

  --debug-log FILE  Writes the frame log to FILE
  --call-id ID      Sets the conversation id, which backends use as the session id [default: call- and the time]

The language model is a small server in this process, or OpenAI's if OPENAI_API_KEY is set (OPENAI_BASE_URL and
OPENAI_MODEL are optional). Built with the feature `otlp`, the program also sends the traces to the backend in the
environment (PIPECAT_TRACE_PRESET=phoenix, OTEL_EXPORTER_OTLP_ENDPOINT=…).";

/// Options from the command line.
struct Options {
    frame_log: Option<PathBuf>,
    call_id: String,
}

impl Options {
    /// Reads the command line. Returns `None` if it asks for help.
    fn from_args() -> Result<Option<Self>, Box<dyn Error>> {
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let mut options = Self { frame_log: None, call_id: format!("call-{seconds}") };
        let mut args = std::env::args().skip(1);
        while let Some(option) = args.next() {
            let mut value = || args.next().ok_or_else(|| format!("{option} requires a value"));
            match option.as_str() {
                "--debug-log" => options.frame_log = Some(value()?.into()),
                "--call-id" => options.call_id = value()?,
                "--help" | "-h" => return Ok(None),
                _ => return Err(format!("unknown option {option}; see --help").into()),
            }
        }
        Ok(Some(options))
    }
}

/// The frame log of the only call of this program.
///
/// Most programs trace many conversations, so the path of a frame log contains the conversation id. This one renames
/// the finished log to the path that the user chose.
struct FrameLog {
    template: PathBuf,
    written: PathBuf,
    path: PathBuf,
}

impl FrameLog {
    fn new(call_id: &str, path: &Path) -> Self {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let unfinished =
            |id: &str| path.with_file_name(format!("unfinished-{}-{id}-{name}", std::process::id()));
        Self {
            template: unfinished("{conversation_id}"),
            written: unfinished(call_id),
            path: path.to_owned(),
        }
    }

    /// Waits until the log is complete, and renames it.
    fn finish(&self) -> Outcome {
        PipecatInstrumentor::flush_frame_logs(Duration::from_secs(5))?;
        fs::rename(&self.written, &self.path)?;
        print_line(format_args!("\nThe frame log is {}.", self.path.display()));
        Ok(())
    }
}
