//! The conversations, and what was traced of them.

use std::sync::LazyLock;
use std::time::Duration;

use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
use pipecat_instrument::PipecatInstrumentor;
use tokio::runtime::Runtime;

use crate::call::Call;
use crate::spans::Spans;
use crate::telephone::caller::{Cue, Say};
use crate::telephone::model::Model;
use crate::telephone::model_server::ModelServer;

const CUT: &[Say] = &[
    Say { when: Cue::AfterReply, text: "How much is whitening?" },
    Say { when: Cue::IntoReply(Duration::from_secs(1)), text: "When are you open?" },
];
const CUT_EARLY: &[Say] = &[
    Say { when: Cue::AfterReply, text: "What do you do?" },
    Say { when: Cue::IntoReply(Duration::from_millis(200)), text: "When are you open?" },
];
const TOOL: &[Say] = &[Say { when: Cue::AfterReply, text: "Wait, is Tuesday free?" }];
const TOOL_DROPPED: &[Say] = &[
    Say { when: Cue::AfterReply, text: "Wait, is Tuesday free?" },
    // 300 ms of silence, 120 ms to a transcript and 250 ms to the call: then the look-up takes 600 ms.
    Say { when: Cue::AfterSilence(Duration::from_millis(850)), text: "When are you open?" },
];
const FAILURE: &[Say] = &[
    Say { when: Cue::AfterReply, text: "Yes please." },
    Say { when: Cue::AfterSilence(Duration::from_millis(1_400)), text: "Hello, are you there?" },
];

/// Those that come to their end.
pub(crate) struct Conversations {
    pub(crate) cut: Spans,
    pub(crate) cut_early: Spans,
    pub(crate) tool: Spans,
    pub(crate) tool_dropped: Spans,
    pub(crate) failure: Spans,
}

/// All of them, held at once by the test that asks first.
pub(crate) static HELD: LazyLock<Conversations> = LazyLock::new(|| {
    Runtime::new().unwrap().block_on(async {
        let (cut, cut_early, tool, tool_dropped, failure) = tokio::join!(
            spans_of(CUT),
            spans_of(CUT_EARLY),
            spans_of(TOOL),
            spans_of(TOOL_DROPPED),
            spans_of(FAILURE),
        );
        Conversations { cut, cut_early, tool, tool_dropped, failure }
    })
});

async fn spans_of(script: &'static [Say]) -> Spans {
    let traced = Traced::on_loopback().await;
    traced.call(script).hold(None).await.unwrap();
    traced.spans()
}

/// A model, and what is traced of one call with it.
pub(crate) struct Traced {
    _server: ModelServer,
    model: Model,
    spans: InMemorySpanExporter,
    provider: SdkTracerProvider,
}

impl Traced {
    pub(crate) async fn on_loopback() -> Self {
        let server = ModelServer::start().await.unwrap();
        let model = Model::on_loopback(server.base_url());
        let spans = InMemorySpanExporter::default();
        let provider = SdkTracerProvider::builder().with_simple_exporter(spans.clone()).build();
        Self { _server: server, model, spans, provider }
    }

    pub(crate) fn call(&self, script: &'static [Say]) -> Call {
        let _switched_on = PipecatInstrumentor::builder().scoped(self.provider.clone()).unwrap();
        Call::new("call-42", script, &self.model)
    }

    pub(crate) fn spans(&self) -> Spans {
        Spans::new(self.spans.get_finished_spans().unwrap())
    }
}
