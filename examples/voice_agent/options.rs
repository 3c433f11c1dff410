//! What was asked for on the command line.

use std::path::PathBuf;

use clap::Parser;

/// Holds a telephone conversation with a voice agent, and shows its traces.
#[derive(Debug, Parser)]
#[command(after_help = "\
The language model is a small server in this process; with OPENAI_API_KEY (and OPENAI_BASE_URL, OPENAI_MODEL) set, it is \
that one instead.\nWith --features otlp and OTEL_EXPORTER_OTLP_ENDPOINT set, the traces are also sent to a backend.")]
pub(crate) struct Options {
    /// Write the frame log to this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) debug_log: Option<PathBuf>,
}
