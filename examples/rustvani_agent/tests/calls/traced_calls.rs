//! The calls of the tests, and the spans they produced.

use std::sync::LazyLock;
use std::time::Duration;

use example_common::caller::{Cue, Utterance};
use example_common::model_server::ModelServer;
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
use pipecat_instrument::PipecatInstrumentor;
use rustvani_agent::Call;
use tokio::runtime::Runtime;

use crate::span_assert::Spans;

const INTERRUPTED: &[Utterance] = &[
    Utterance { cue: Cue::AfterReply, text: "How much is whitening?" },
    Utterance { cue: Cue::IntoReply(Duration::from_secs(1)), text: "When are you open?" },
];
const INTERRUPTED_EARLY: &[Utterance] = &[
    Utterance { cue: Cue::AfterReply, text: "What do you do?" },
    Utterance { cue: Cue::IntoReply(Duration::from_millis(200)), text: "When are you open?" },
];
const TOOL: &[Utterance] = &[Utterance { cue: Cue::AfterReply, text: "Wait, is Tuesday free?" }];
const TOOL_CANCELLED: &[Utterance] = &[
    Utterance { cue: Cue::AfterReply, text: "Wait, is Tuesday free?" },
    // The tool starts after 300 ms of silence, 120 ms of recognition and 250 ms of the model. It takes 600 ms.
    Utterance { cue: Cue::AfterSilence(Duration::from_millis(850)), text: "When are you open?" },
];
const FAILED: &[Utterance] = &[
    Utterance { cue: Cue::AfterReply, text: "Yes please." },
    Utterance { cue: Cue::AfterSilence(Duration::from_millis(1_400)), text: "Hello, are you there?" },
];

/// The spans of each call.
pub(crate) struct Calls {
    pub(crate) interrupted: Spans,
    pub(crate) interrupted_early: Spans,
    pub(crate) tool: Spans,
    pub(crate) tool_cancelled: Spans,
    pub(crate) failed: Spans,
}

/// All calls, which run at once in real time when a test first needs one.
pub(crate) static CALLS: LazyLock<Calls> = LazyLock::new(|| {
    Runtime::new().unwrap().block_on(async {
        let (interrupted, interrupted_early, tool, tool_cancelled, failed) = tokio::join!(
            run(INTERRUPTED),
            run(INTERRUPTED_EARLY),
            run(TOOL),
            run(TOOL_CANCELLED),
            run(FAILED),
        );
        Calls { interrupted, interrupted_early, tool, tool_cancelled, failed }
    })
});

async fn run(script: &'static [Utterance]) -> Spans {
    let tracing = Tracing::start().await;
    tracing.call(script).run(None).await.unwrap();
    tracing.spans()
}

/// A language model server, and the exporter of the calls with it.
pub(crate) struct Tracing {
    server: ModelServer,
    exporter: InMemorySpanExporter,
    provider: SdkTracerProvider,
}

impl Tracing {
    pub(crate) async fn start() -> Self {
        let server = ModelServer::start().await.unwrap();
        let exporter = InMemorySpanExporter::default();
        let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
        Self { server, exporter, provider }
    }

    pub(crate) fn call(&self, script: &'static [Utterance]) -> Call {
        let _scope = PipecatInstrumentor::builder().scoped(self.provider.clone()).unwrap();
        Call::new("call-42", script, &self.server.model())
    }

    pub(crate) fn spans(&self) -> Spans {
        Spans::new(self.exporter.get_finished_spans().unwrap())
    }
}
