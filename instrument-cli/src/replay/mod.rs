//! `pipecat-trace replay`.

mod follow;

use std::io::{self, Write};
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use anstream::AutoStream;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData, SpanExporter, TracerProviderBuilder};
use pipecat_instrument_runtime::console::{Color, SpanTree, TreeStyle};
use pipecat_instrument_runtime::emit::Tracers;

use crate::arguments::ReplayArguments;
use crate::diagnostics::ExitStatus;
use crate::output::{Destination, OutputError, write_otlp_line};
use crate::replayer::Replayer;
use crate::source::without_later_parts;

/// Replays every file, once or for as long as they grow.
pub(crate) fn run(arguments: &ReplayArguments) -> Result<ExitStatus, OutputError> {
    if arguments.follow { follow::run(arguments) } else { replay_once(arguments) }
}

/// Replays every file as it is now. A file that cannot be read does not stop the others.
fn replay_once(arguments: &ReplayArguments) -> Result<ExitStatus, OutputError> {
    let collector = SpanCollector::default();
    let resource = resource();
    let replayer =
        replayer(arguments, &resource, |provider| provider.with_simple_exporter(collector.clone()));
    let mut otlp = arguments.otlp_json.as_ref().map(Destination::open).transpose()?;
    let mut trees =
        arguments.wants_trees().then(|| AutoStream::new(io::stdout().lock(), arguments.color.into()));
    let mut status = ExitStatus::Success;
    let mut separator = "";
    for source in without_later_parts(&arguments.files) {
        let result = replayer.replay(source);
        let spans = collector.take();
        if status.check(source, result, |report| report).is_none() {
            continue;
        }
        if let Some(out) = &mut trees {
            write!(out, "{separator}{}", SpanTree::from_spans(&spans).render(tree_style()))?;
            separator = "\n";
        }
        if let Some(out) = &mut otlp {
            write_otlp_line(out, &resource, spans)?;
        }
    }
    if let Some(out) = &mut trees {
        out.flush()?;
    }
    if let Some(out) = &mut otlp {
        out.flush()?;
    }
    Ok(status)
}

/// Creates a replayer whose spans have `resource` and go to `exporters` when they end.
fn replayer(
    arguments: &ReplayArguments,
    resource: &Resource,
    exporters: impl FnOnce(TracerProviderBuilder) -> TracerProviderBuilder,
) -> Replayer {
    let provider = exporters(SdkTracerProvider::builder().with_resource(resource.clone())).build();
    Replayer::new(Tracers::new(&provider), arguments.emit.settings())
        .turn_end_timeout(arguments.turn_end_timeout)
}

fn resource() -> Resource {
    Resource::builder().with_service_name("pipecat-trace").build()
}

/// Colors are always written: the output stream removes them where they are not wanted.
fn tree_style() -> TreeStyle {
    TreeStyle { color: Color::Always, ..TreeStyle::default() }
}

/// An exporter that collects spans. Clones share them.
#[derive(Debug, Clone, Default)]
struct SpanCollector {
    spans: Arc<Mutex<Vec<SpanData>>>,
}

impl SpanCollector {
    /// Returns the spans collected since the last call.
    fn take(&self) -> Vec<SpanData> {
        mem::take(&mut *self.spans.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl SpanExporter for SpanCollector {
    async fn export(&self, mut batch: Vec<SpanData>) -> OTelSdkResult {
        self.spans.lock().unwrap_or_else(PoisonError::into_inner).append(&mut batch);
        Ok(())
    }
}
