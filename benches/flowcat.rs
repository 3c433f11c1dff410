//! Measures an observed flowcat pipeline at full speed. `benches/README.md` describes the yardsticks.

mod support;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use flowcat_core::pipeline::{Pipeline, PipelineTask, PipelineTaskParams};
use flowcat_core::{AudioFrame, Frame, FrameObserver, FrameProcessor};
use pipecat_instrument::ObserveOptions;
use pipecat_instrument::frame::{Processor, Role};
use pipecat_instrument_flowcat::FlowcatObserver;
use support::group;

/// Forwards every frame.
struct PassThrough(&'static str);

#[async_trait]
impl FrameProcessor for PassThrough {
    fn name(&self) -> &str {
        self.0
    }
}

/// Ignores every frame. Measures flowcat's own cost of an observer.
struct IgnoringObserver;

#[async_trait]
impl FrameObserver for IgnoringObserver {}

/// The observers of a pipeline.
#[derive(Clone, Copy)]
enum ObserverKind {
    None,
    Ignoring,
    Tracing,
}

impl ObserverKind {
    const fn name(self) -> &'static str {
        match self {
            Self::None => "yardstick: no observer",
            Self::Ignoring => "an observer that ignores all frames",
            Self::Tracing => "observed",
        }
    }

    fn observers(self) -> Vec<Arc<dyn FrameObserver>> {
        match self {
            Self::None => Vec::new(),
            Self::Ignoring => vec![Arc::new(IgnoringObserver)],
            Self::Tracing => vec![observed()],
        }
    }
}

const NAMES: [&str; 8] = ["Line", "Vad", "Stt", "User", "Llm", "Tts", "Output", "Assistant"];
const FRAMES: u64 = 500;

fn observed() -> Arc<dyn FrameObserver> {
    let observer = group().observe(ObserveOptions::new().conversation_id("call-42"));
    let service = |name: &str, role| Processor::new(name, name, role);
    FlowcatObserver::builder()
        .service(service("Stt", Role::Stt))
        .service(service("Llm", Role::Llm))
        .service(service("Tts", Role::Tts))
        .build(observer)
}

async fn run(observers: Vec<Arc<dyn FrameObserver>>, frame: &Frame) {
    let processors = NAMES.map(|name| Box::new(PassThrough(name)) as Box<dyn FrameProcessor>);
    let task = PipelineTask::new(Pipeline::new(processors.into()), PipelineTaskParams::default(), observers);
    for _ in 0..FRAMES {
        task.queue_frame(frame.clone()).await;
    }
    task.stop_when_done().await;
    let _ = task.run().await;
}

fn pipeline(c: &mut Criterion) {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_time().build() else { return };
    let audio = Frame::InputAudio(Arc::new(AudioFrame::mono(vec![0; 320], 16_000)));
    let token = Frame::LlmText(" weather".into());
    for (what, frame) in [("audio", audio), ("tokens", token)] {
        let mut benches = c.benchmark_group(format!("flowcat, {what} over nine hops"));
        benches.throughput(Throughput::Elements(FRAMES));
        for kind in [ObserverKind::None, ObserverKind::Ignoring, ObserverKind::Tracing] {
            benches.bench_function(BenchmarkId::from_parameter(kind.name()), |b| {
                b.iter(|| runtime.block_on(run(kind.observers(), &frame)));
            });
        }
        benches.finish();
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(4)).sample_size(30);
    targets = pipeline
}
criterion_main!(benches);
