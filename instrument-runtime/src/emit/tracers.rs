//! Where spans are made.

use std::sync::Arc;

use opentelemetry::InstrumentationScope;
use opentelemetry::global::BoxedTracer;
use opentelemetry::trace::{Tracer, TracerProvider};

/// The name of the instrumentation scope that every span bears.
const SCOPE: &str = "pipecat-instrument";

/// That scope, with this crate's version.
pub(super) fn scope() -> InstrumentationScope {
    InstrumentationScope::builder(SCOPE).with_version(env!("CARGO_PKG_VERSION")).build()
}

/// A tracer of some provider, whose type is forgotten: what an [`Emitter`](super::Emitter) makes its spans with.
///
/// Cheap to clone. Holds the provider for as long as its tracers do.
///
/// ```
/// use opentelemetry::trace::noop::NoopTracerProvider;
/// use pipecat_instrument_runtime::emit::Tracers;
///
/// let tracers = Tracers::new(&NoopTracerProvider::new());
/// let for_another_conversation = tracers.clone();
/// ```
#[derive(Debug, Clone)]
pub struct Tracers {
    tracer: Arc<BoxedTracer>,
}

impl Tracers {
    /// Spans are made by `provider`, under the scope `pipecat-instrument` and this crate's version.
    pub fn new<P>(provider: &P) -> Self
    where
        P: TracerProvider,
        P::Tracer: Send + Sync + 'static,
        <P::Tracer as Tracer>::Span: Send + Sync + 'static,
    {
        Self { tracer: Arc::new(BoxedTracer::new(Box::new(provider.tracer_with_scope(scope())))) }
    }

    /// The tracer.
    pub(super) fn tracer(&self) -> &BoxedTracer {
        &self.tracer
    }
}
