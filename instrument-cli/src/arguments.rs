//! What the command line says.

use std::num::ParseIntError;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use pipecat_instrument_runtime::emit::{Conventions, EmitSettings, Preset, SpanNaming, TraceLayout};
use pipecat_instrument_runtime::export::{Backend, Protocol};

use crate::output::Destination;
use crate::source::Source;

const CONVENTIONS_HELP: &str =
    "The words of spans: openinference, gen_ai, pipecat, langfuse and openobserve, with commas between them";

const FILES_HELP: &str =
    "Frame logs: `.jsonl`, or gzipped `.jsonl.gz`; `-` is standard input. Of a log in parts, the first";

const EXIT_STATUS: &str = "Exit status: 0 if all is well, 1 if lines were skipped, 2 if a file could not be read or is no frame \
    log, or the output could not be written.\n\nWhat the environment hides (OPENINFERENCE_HIDE_INPUTS=true, …) is not shown.";

/// Looks at the frame logs of voice agents.
#[derive(Debug, Parser)]
#[command(name = "pipecat-trace", version, after_help = EXIT_STATUS)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Replay(ReplayArguments),
    Show(ShowArguments),
    Timeline(TimelineArguments),
    Send(SendArguments),
}

/// Prints each conversation as trees of spans, as they were or would have been traced
#[derive(Debug, Args)]
#[command(after_help = EXIT_STATUS)]
pub(crate) struct ReplayArguments {
    #[arg(value_name = "FILE", required = true, help = FILES_HELP)]
    pub(crate) files: Vec<Source>,

    /// Wait for what is still being written, and print each turn when it is over; files need not be there yet. Ends with
    /// the conversation, or with Ctrl-C
    #[arg(long, short)]
    pub(crate) follow: bool,

    /// Write the spans as OTLP JSON lines; `-` is standard output, and prints no trees
    #[arg(long, value_name = "OUT")]
    pub(crate) otlp_json: Option<Destination>,

    /// Print no trees
    #[arg(long)]
    no_tree: bool,

    /// Whether trees are colored
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = Color::Auto)]
    pub(crate) color: Color,

    /// How long after the bot has stopped a turn ends, whatever the log says
    #[arg(long, value_name = "MS", value_parser = milliseconds)]
    pub(crate) turn_end_timeout: Option<Duration>,

    #[command(flatten)]
    pub(crate) words: WordArguments,
}

impl ReplayArguments {
    /// Whether trees are printed.
    pub(crate) fn wants_trees(&self) -> bool {
        !self.no_tree && !matches!(self.otlp_json, Some(Destination::Stdout))
    }
}

/// Prints each conversation as text: who said what when, latencies, tools, errors, what was cut
#[derive(Debug, Args)]
#[command(after_help = EXIT_STATUS)]
pub(crate) struct ShowArguments {
    #[arg(value_name = "FILE", required = true, help = FILES_HELP)]
    pub(crate) files: Vec<Source>,

    /// Whether the text is colored
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = Color::Auto)]
    pub(crate) color: Color,

    /// Columns that what was said is wrapped to
    #[arg(long, value_name = "COLUMNS", default_value_t = 100)]
    pub(crate) width: usize,

    /// How long after the bot has stopped a turn ends, whatever the log says
    #[arg(long, value_name = "MS", value_parser = milliseconds)]
    pub(crate) turn_end_timeout: Option<Duration>,
}

/// Writes conversations as one page for a browser: lanes, transcript, latencies, turns. It needs no network
#[derive(Debug, Args)]
#[command(after_help = EXIT_STATUS)]
pub(crate) struct TimelineArguments {
    #[arg(value_name = "FILE", required = true, help = FILES_HELP)]
    pub(crate) files: Vec<Source>,

    /// Where the page is written; `-` is standard output
    #[arg(long, short, value_name = "OUT")]
    pub(crate) output: Destination,

    /// How long after the bot has stopped a turn ends, whatever the log says
    #[arg(long, value_name = "MS", value_parser = milliseconds)]
    pub(crate) turn_end_timeout: Option<Duration>,
}

/// Sends recorded conversations to a backend, with the times at which they were held.
///
/// Where to and how is said by the options, else by the environment: `PIPECAT_TRACE_PRESET`,
/// `OTEL_EXPORTER_OTLP_ENDPOINT`, `OTEL_EXPORTER_OTLP_HEADERS`, `PHOENIX_API_KEY`, `LANGFUSE_SECRET_KEY` and so on. A key
/// is never an option, as others can see those. One span, `setup.check`, goes ahead to see whether the backend takes any.
///
/// What is sent twice is there twice.
///
/// Exit status: 0 if all is well, 1 if lines were skipped, 2 if a file could not be read or not all spans were taken.
#[derive(Debug, Args)]
pub(crate) struct SendArguments {
    #[arg(value_name = "FILE", required = true, help = FILES_HELP)]
    pub(crate) files: Vec<Source>,

    /// Where to: phoenix, arize, langfuse, openobserve, jaeger, zipkin or collector
    #[arg(long, value_name = "BACKEND")]
    pub(crate) preset: Option<Backend>,

    /// The address, if it is not the backend's usual one: `http://localhost:6006`
    #[arg(long, value_name = "URL")]
    pub(crate) endpoint: Option<String>,

    /// How it is spoken to: http/protobuf or grpc
    #[arg(long, value_name = "PROTOCOL")]
    pub(crate) protocol: Option<Protocol>,

    /// The project that the traces belong to, in Phoenix and Arize
    #[arg(long, value_name = "NAME")]
    pub(crate) project: Option<String>,

    /// What the traces are said to come from
    #[arg(long, value_name = "NAME")]
    pub(crate) service_name: Option<String>,

    #[command(flatten)]
    pub(crate) words: SingleWordArguments,
}

/// How spans are written. What is said by itself counts over the preset.
#[derive(Debug, Args)]
pub(crate) struct WordArguments {
    /// What suits a backend: phoenix, arize, langfuse, openobserve or jaeger
    #[arg(long, value_name = "BACKEND")]
    preset: Option<Preset>,

    #[command(flatten)]
    single: SingleWordArguments,
}

/// How spans are written, one thing at a time.
#[derive(Debug, Args)]
pub(crate) struct SingleWordArguments {
    /// What is one trace: per-turn or per-conversation
    #[arg(long, value_name = "LAYOUT")]
    layout: Option<TraceLayout>,

    /// What spans are called: openinference or pipecat
    #[arg(long, value_name = "NAMES")]
    names: Option<SpanNaming>,

    #[arg(long, value_name = "SET", help = CONVENTIONS_HELP)]
    conventions: Option<Conventions>,
}

impl WordArguments {
    /// The settings that they mean.
    pub(crate) fn settings(&self) -> EmitSettings {
        let mut settings = EmitSettings::default();
        if let Some(preset) = self.preset {
            settings = settings.preset(preset);
        }
        self.single.over(settings)
    }
}

impl SingleWordArguments {
    /// `settings`, with what is said here in place of its own.
    pub(crate) fn over(&self, mut settings: EmitSettings) -> EmitSettings {
        settings.layout = self.layout.unwrap_or(settings.layout);
        settings.span_names = self.names.unwrap_or(settings.span_names);
        settings.conventions = self.conventions.unwrap_or(settings.conventions);
        settings
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless the environment says otherwise
    Auto,
    Always,
    Never,
}

impl From<Color> for anstream::ColorChoice {
    fn from(color: Color) -> Self {
        match color {
            Color::Auto => Self::Auto,
            Color::Always => Self::Always,
            Color::Never => Self::Never,
        }
    }
}

fn milliseconds(text: &str) -> Result<Duration, ParseIntError> {
    text.parse().map(Duration::from_millis)
}
