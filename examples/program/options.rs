//! What was asked for on the command line.

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Parser;

/// Holds a telephone conversation with a voice agent, and shows its traces.
#[derive(Debug, Parser)]
#[command(after_help = "\
The language model is a small server in this process; with OPENAI_API_KEY (and OPENAI_BASE_URL, OPENAI_MODEL) set, it is \
that one instead.\nWith a backend in the environment (PIPECAT_TRACE_PRESET=phoenix, OTEL_EXPORTER_OTLP_ENDPOINT=…), the traces also go there.")]
pub(crate) struct Options {
    /// Write the frame log to this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) debug_log: Option<PathBuf>,

    /// What the call is called. Backends take calls of one name for one session [default: call- and the time]
    #[arg(long, value_name = "ID")]
    call_id: Option<String>,
}

impl Options {
    /// What the call is called.
    pub(crate) fn call_id(&self) -> String {
        self.call_id.clone().unwrap_or_else(|| {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            format!("call-{}", now.as_secs())
        })
    }
}
