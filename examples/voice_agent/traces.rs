//! Where the spans go: to this terminal, and to a backend if there is one.

use std::error::Error;
use std::io::IsTerminal;

use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SdkTracerProvider, TracerProviderBuilder};
use pipecat_instrument::setup::tree::{Colour, SpanTree, TreeStyle};

use crate::turns::Turns;

/// The spans of this process.
pub(crate) struct Traces {
    provider: SdkTracerProvider,
    turns: Turns,
}

impl Traces {
    /// Gathers spans here, and sends them to the backend that the environment names.
    pub(crate) fn new() -> Result<Self, Box<dyn Error>> {
        let turns = Turns::default();
        let provider = SdkTracerProvider::builder()
            .with_resource(Resource::builder().with_service_name("voice_agent").build())
            .with_span_processor(turns.clone());
        Ok(Self { provider: with_backend(provider)?.build(), turns })
    }

    /// What makes spans.
    pub(crate) fn provider(&self) -> SdkTracerProvider {
        self.provider.clone()
    }

    /// Every span so far, as trees for this terminal.
    pub(crate) fn as_trees(&self) -> String {
        let colour = if std::io::stdout().is_terminal() { Colour::Always } else { Colour::Never };
        SpanTree::from_spans(&self.turns.spans()).render(TreeStyle { colour, ..TreeStyle::default() })
    }

    /// Sends what has not been sent, and says so if that fails: a shutdown alone would not.
    pub(crate) fn close(self) -> Result<(), Box<dyn Error>> {
        let flushed = self.provider.force_flush();
        self.provider.shutdown()?;
        Ok(flushed.map_err(|error| format!("the backend did not take the traces: {error}"))?)
    }
}

/// The address of a backend, from the variables that OpenTelemetry names for it.
fn backend() -> Option<String> {
    ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|address| !address.is_empty()))
}

#[cfg(feature = "otlp")]
fn with_backend(provider: TracerProviderBuilder) -> Result<TracerProviderBuilder, Box<dyn Error>> {
    use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig};

    use crate::terminal::say;

    let Some(address) = backend() else { return Ok(provider) };
    say(format_args!("Traces go to {address}."));
    let exporter = SpanExporter::builder().with_http().with_protocol(Protocol::HttpBinary).build()?;
    Ok(provider.with_batch_exporter(exporter))
}

#[cfg(not(feature = "otlp"))]
fn with_backend(provider: TracerProviderBuilder) -> Result<TracerProviderBuilder, Box<dyn Error>> {
    match backend() {
        Some(address) => Err(format!("to send traces to {address}, run this with `--features otlp`").into()),
        None => Ok(provider),
    }
}
