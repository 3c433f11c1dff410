//! Agents, whose runner passes its observer to all of their pipelines.

use std::sync::Arc;

use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
use pipecat_instrument::{PipecatInstrumentor, instrument_task};
use pipecat_instrument_rustvani::Billing;
use rustvani::agents::{AgentRunner, BaseAgent, LocalAgentBus};
use rustvani::observer::BaseObserver;
use rustvani::{
    Frame, FrameDirection, FrameProcessor, LLMAssistantAggregator, PipelineParams, PipelineTask,
    shared_context, system_clock,
};

use crate::call::{FrameCounter, ObserverPair};
use crate::harness::{self, Round};
use crate::trace::Trace;

#[instrument_task(observers = observers, via = pipecat_instrument_rustvani::observer, conversation_id = "call-42")]
fn runner(observers: Vec<Arc<dyn BaseObserver>>, counter: Arc<FrameCounter>) -> AgentRunner {
    let runner = AgentRunner::new("runner", Arc::new(LocalAgentBus::new()), system_clock());
    observers.into_iter().fold(runner, |runner, observer| {
        runner.with_observer(Arc::new(ObserverPair(observer, Arc::clone(&counter))))
    })
}

fn task(processors: Vec<FrameProcessor>) -> PipelineTask {
    PipelineTask::new(processors, PipelineParams { allow_interruptions: true, ..PipelineParams::default() })
}

#[tokio::test]
async fn pipelines_of_a_runner_are_one_conversation() {
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
    let scoped = PipecatInstrumentor::builder().scoped(provider).unwrap();

    let desk =
        task(harness::processors(&["Hello?"], &[&[Round::Say(&["Here I am."])]], Billing::for_trace()));
    let idle = task(vec![LLMAssistantAggregator::new(shared_context(None))]);
    let push = desk.push_sender();

    let counter = Arc::new(FrameCounter::default());
    let runner = Arc::new(runner(Vec::new(), Arc::clone(&counter)));
    runner.add_agent(Arc::new(BaseAgent::new("desk", desk, None, true))).await.unwrap();
    runner.add_agent(Arc::new(BaseAgent::new("idle", idle, None, true))).await.unwrap();
    let running = tokio::spawn({
        let runner = Arc::clone(&runner);
        async move { runner.run().await }
    });

    counter.wait_for("StartFrame", 2).await;
    for frame in [Frame::vad_user_started_speaking(0.2, 0.0), Frame::vad_user_stopped_speaking(0.2, 0.0)] {
        push.send((frame, FrameDirection::Downstream)).await.unwrap();
    }
    counter.wait_for("OutputAudioRawFrame", 1).await;
    tokio::time::sleep(harness::REPLY).await;
    runner.end(None).await;
    running.await.unwrap().unwrap();
    let trace = Trace::new(exporter.get_finished_spans().unwrap());
    drop(scoped);

    assert_eq!(
        trace.tree(),
        "\
turn in: Hello?; out: Here I am.; ends: completed
  stt in: Hello?; out: Hello?
  llm in: Hello?; out: Here I am.
  tts in: Here I am.; out: Here I am.
"
    );
}
