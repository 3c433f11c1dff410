//! `pipecat-trace replay`.

mod follow;
mod once;

use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SdkTracerProvider, TracerProviderBuilder};
use pipecat_instrument_runtime::emit::Tracers;

use crate::arguments::ReplayArguments;
use crate::exit_status::Outcome;
use crate::output::OutputError;
use crate::replayer::Stage;

/// Replays every file, once or for as long as they grow.
pub(crate) fn run(arguments: &ReplayArguments) -> Result<Outcome, OutputError> {
    if arguments.follow { follow::run(arguments) } else { once::run(arguments) }
}

/// Where conversations become spans of `resource`, which go where `exporters` are, as they end.
fn stage(
    arguments: &ReplayArguments,
    resource: &Resource,
    exporters: impl FnOnce(TracerProviderBuilder) -> TracerProviderBuilder,
) -> Stage {
    let provider = exporters(SdkTracerProvider::builder().with_resource(resource.clone())).build();
    Stage::new(Tracers::new(&provider), arguments.words.settings())
        .turn_end_timeout(arguments.turn_end_timeout)
}

/// What replayed conversations are said to come from.
fn resource() -> Resource {
    Resource::builder().with_service_name("pipecat-trace").build()
}
