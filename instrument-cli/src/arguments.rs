//! Command-line arguments.

use std::num::ParseIntError;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use pipecat_instrument_runtime::emit::{Conventions, EmitSettings, Preset, SpanNaming, TraceLayout};
use pipecat_instrument_runtime::export::{Backend, Protocol};

use crate::output::Destination;
use crate::source::Source;

const CONVENTIONS_HELP: &str =
    "Attribute conventions, separated by commas: openinference, gen_ai, pipecat, langfuse, openobserve";

const FILES_HELP: &str = "Frame logs: `.jsonl`, or gzipped `.jsonl.gz`; `-` for standard input. For a log in parts, \
    name the first part";

const EXIT_STATUS: &str = "Exit status: 0 on success, 1 if lines were skipped, 2 if a file could not be read or is not a \
    frame log, or the output could not be written.\n\nContent that the environment hides \
    (OPENINFERENCE_HIDE_INPUTS=true, …) is redacted.";

/// Replays, shows and sends the frame logs of voice agents
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

/// Replays conversations and prints their spans as trees
#[derive(Debug, Args)]
#[command(after_help = EXIT_STATUS)]
pub(crate) struct ReplayArguments {
    #[arg(value_name = "FILE", required = true, help = FILES_HELP)]
    pub(crate) files: Vec<Source>,

    /// Follow logs that are still being written, and print each turn when it is complete. Waits for files that do not
    /// exist yet. Ends with the conversation, or on Ctrl-C
    #[arg(long, short)]
    pub(crate) follow: bool,

    /// Write the spans as OTLP JSON lines to a file; `-` for standard output, without trees
    #[arg(long, value_name = "OUT")]
    pub(crate) otlp_json: Option<Destination>,

    /// Do not print trees
    #[arg(long)]
    no_tree: bool,

    /// When to color the trees
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = Color::Auto)]
    pub(crate) color: Color,

    /// Time in milliseconds from the end of the bot's speech to the end of its turn. Overrides the setting in the log
    #[arg(long, value_name = "MS", value_parser = milliseconds)]
    pub(crate) turn_end_timeout: Option<Duration>,

    #[command(flatten)]
    pub(crate) emit: EmitArguments,
}

impl ReplayArguments {
    /// Returns whether trees are printed.
    pub(crate) fn wants_trees(&self) -> bool {
        !self.no_tree && !matches!(self.otlp_json, Some(Destination::Stdout))
    }
}

/// Prints conversations as text: transcript, latencies, tools, errors, interruptions
#[derive(Debug, Args)]
#[command(after_help = EXIT_STATUS)]
pub(crate) struct ShowArguments {
    #[arg(value_name = "FILE", required = true, help = FILES_HELP)]
    pub(crate) files: Vec<Source>,

    /// When to color the text
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = Color::Auto)]
    pub(crate) color: Color,

    /// Width of the text in columns
    #[arg(long, value_name = "COLUMNS", default_value_t = 100)]
    pub(crate) width: usize,

    /// Time in milliseconds from the end of the bot's speech to the end of its turn. Overrides the setting in the log
    #[arg(long, value_name = "MS", value_parser = milliseconds)]
    pub(crate) turn_end_timeout: Option<Duration>,
}

/// Writes conversations as an HTML page with timeline, transcript and latencies. The page needs no network
#[derive(Debug, Args)]
#[command(after_help = EXIT_STATUS)]
pub(crate) struct TimelineArguments {
    #[arg(value_name = "FILE", required = true, help = FILES_HELP)]
    pub(crate) files: Vec<Source>,

    /// The file to write the page to; `-` for standard output
    #[arg(long, short, value_name = "OUT")]
    pub(crate) output: Destination,

    /// Time in milliseconds from the end of the bot's speech to the end of its turn. Overrides the setting in the log
    #[arg(long, value_name = "MS", value_parser = milliseconds)]
    pub(crate) turn_end_timeout: Option<Duration>,
}

/// Sends recorded conversations to a backend, with their original times.
///
/// Options override environment variables: `PIPECAT_TRACE_PRESET`, `OTEL_EXPORTER_OTLP_ENDPOINT`,
/// `OTEL_EXPORTER_OTLP_HEADERS`, `PHOENIX_API_KEY`, `LANGFUSE_SECRET_KEY` and so on. API keys can only be set by
/// variables, as other users of the machine can see options. One span, `setup.check`, is sent first to check the
/// connection.
///
/// Sending a log twice creates duplicate spans.
///
/// Exit status: 0 on success, 1 if lines were skipped, 2 if a file could not be read or a span was not accepted.
#[derive(Debug, Args)]
pub(crate) struct SendArguments {
    #[arg(value_name = "FILE", required = true, help = FILES_HELP)]
    pub(crate) files: Vec<Source>,

    /// Backend: phoenix, arize, langfuse, openobserve, jaeger, zipkin or collector
    #[arg(long, value_name = "BACKEND")]
    pub(crate) preset: Option<Backend>,

    /// Endpoint URL, if it is not the backend's default, such as `http://localhost:6006`
    #[arg(long, value_name = "URL")]
    pub(crate) endpoint: Option<String>,

    /// OTLP protocol: http/protobuf or grpc
    #[arg(long, value_name = "PROTOCOL")]
    pub(crate) protocol: Option<Protocol>,

    /// Project name in Phoenix and Arize
    #[arg(long, value_name = "NAME")]
    pub(crate) project: Option<String>,

    /// Service name of the traces
    #[arg(long, value_name = "NAME")]
    pub(crate) service_name: Option<String>,

    #[command(flatten)]
    pub(crate) emit: EmitOverrides,
}

/// The preset and the settings of spans. Single settings override the preset.
#[derive(Debug, Args)]
pub(crate) struct EmitArguments {
    /// Settings for a backend: phoenix, arize, langfuse, openobserve or jaeger
    #[arg(long, value_name = "BACKEND")]
    preset: Option<Preset>,

    #[command(flatten)]
    overrides: EmitOverrides,
}

/// Single settings of spans.
#[derive(Debug, Args)]
pub(crate) struct EmitOverrides {
    /// Scope of a trace: per-turn or per-conversation
    #[arg(long, value_name = "LAYOUT")]
    layout: Option<TraceLayout>,

    /// Naming of spans: openinference or pipecat
    #[arg(long, value_name = "NAMES")]
    names: Option<SpanNaming>,

    #[arg(long, value_name = "SET", help = CONVENTIONS_HELP)]
    conventions: Option<Conventions>,
}

impl EmitArguments {
    /// Returns the default settings with the preset and the overrides applied.
    pub(crate) fn settings(&self) -> EmitSettings {
        let mut settings = EmitSettings::default();
        if let Some(preset) = self.preset {
            settings = settings.preset(preset);
        }
        self.overrides.apply_to(settings)
    }
}

impl EmitOverrides {
    /// Returns `settings` with the given options applied.
    pub(crate) fn apply_to(&self, mut settings: EmitSettings) -> EmitSettings {
        settings.layout = self.layout.unwrap_or(settings.layout);
        settings.span_names = self.names.unwrap_or(settings.span_names);
        settings.conventions = self.conventions.unwrap_or(settings.conventions);
        settings
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless the environment disables colors
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
