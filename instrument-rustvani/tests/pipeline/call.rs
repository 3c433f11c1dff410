//! A call: a task that runs, and who is on the line.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
use pipecat_instrument::{PipecatInstrumentor, ScopedGuard, instrument_task};
use pipecat_instrument_rustvani::{Billing, Observed, Processors};
use rustvani::observer::{BaseObserver, FrameProcessed, FramePushed};
use rustvani::{
    BillingCollector, Frame, FrameDirection, FrameProcessor, PipelineParams, PipelineTask, Result,
    system_clock,
};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;

use crate::stage::{self, REPLY, Round};
use crate::support::locked;
use crate::trace::Trace;

/// No test waits longer for anything.
const PATIENCE: Duration = Duration::from_secs(20);

/// How the pipeline is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Through {
    /// By the observer that the task runs with.
    Observer,
    /// By the hooks of its processors.
    Hooks,
}

/// A call under way.
pub(crate) struct Call {
    push: mpsc::Sender<(Frame, FrameDirection)>,
    pub(crate) seen: Arc<Seen>,
    pub(crate) running: JoinHandle<Result<()>>,
    pub(crate) billing: Arc<Billing>,
    exporter: InMemorySpanExporter,
    _scoped: ScopedGuard,
}

#[instrument_task(conversation_id = "call-42")]
fn observed(processors: Vec<FrameProcessor>, billing: &Arc<Billing>) -> Observed<PipelineTask> {
    Observed::new(PipelineTask::new(processors, params())).billing(billing)
}

#[instrument_task(observers = processors, conversation_id = "call-42")]
fn hooked(processors: Processors) -> PipelineTask {
    PipelineTask::new(processors.into(), params())
}

fn params() -> PipelineParams {
    PipelineParams { allow_interruptions: true, ..PipelineParams::default() }
}

impl Call {
    /// Begins a call in which the user says `words`, one after the other, and the model `answers` likewise.
    pub(crate) async fn begin(through: Through, words: &[&str], answers: &[&[Round]]) -> Self {
        let exporter = InMemorySpanExporter::default();
        let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
        let scoped = PipecatInstrumentor::builder().scoped(provider).unwrap();

        let billing = Billing::for_trace();
        let collector = Arc::clone(&billing) as Arc<dyn BillingCollector>;
        let processors = stage::processors(words, answers, collector);
        let seen = Arc::new(Seen::default());
        let theirs = Arc::clone(&seen) as Arc<dyn BaseObserver>;
        let (push, running) = match through {
            Through::Observer => {
                let task = observed(processors, &billing);
                let push = task.push_sender();
                (push, tokio::spawn(async move { task.run(system_clock(), Some(theirs)).await }))
            }
            Through::Hooks => {
                let task = hooked(Processors::from(processors).billing(&billing));
                let push = task.push_sender();
                (push, tokio::spawn(async move { task.run(system_clock(), Some(theirs)).await }))
            }
        };
        let call = Self { push, seen, running, billing, exporter, _scoped: scoped };
        call.seen.wait_for("StartFrame", 1).await;
        call
    }

    /// Pushes a frame in at the head of the pipeline.
    pub(crate) async fn push(&self, frame: Frame) {
        self.push.send((frame, FrameDirection::Downstream)).await.unwrap();
    }

    /// The user speaks, and is understood.
    pub(crate) async fn user_speaks(&self) {
        let heard = self.seen.count("VADUserStoppedSpeakingFrame");
        self.push(Frame::vad_user_started_speaking(0.2, 0.0)).await;
        self.push(Frame::vad_user_stopped_speaking(0.2, 0.0)).await;
        self.seen.wait_for("VADUserStoppedSpeakingFrame", heard + 1).await;
    }

    /// Waits until the model has responded so often in all, and so many replies have been said to their end.
    pub(crate) async fn hears(&self, responses: usize, replies: usize) {
        self.seen.wait_for("LLMFullResponseEndFrame", responses).await;
        self.seen.wait_for("OutputAudioRawFrame", replies).await;
        tokio::time::sleep(REPLY).await;
    }

    /// Hangs up, and gives the trace.
    pub(crate) async fn hang_up(self) -> Trace {
        self.ends_with(Frame::end()).await
    }

    /// Ends the task with `frame`, and gives the trace.
    pub(crate) async fn ends_with(self, frame: Frame) -> Trace {
        self.push(frame).await;
        tokio::time::timeout(PATIENCE, self.running).await.unwrap().unwrap().unwrap();
        Trace::of(self.exporter.get_finished_spans().unwrap())
    }

    /// Drops the run, as a server does whose caller is gone, and gives the trace.
    pub(crate) async fn dropped(self) -> Trace {
        self.running.abort();
        assert!(self.running.await.unwrap_err().is_cancelled());
        Trace::of(self.exporter.get_finished_spans().unwrap())
    }
}

/// What the user's own observer has seen arrive at the end of the pipeline, by class.
#[derive(Default)]
pub(crate) struct Seen {
    classes: Mutex<Vec<&'static str>>,
    more: Notify,
}

impl Seen {
    fn note(&self, event: &FramePushed) {
        if event.destination_name == "PipelineTaskSink" {
            locked(&self.classes).push(event.frame.name());
            self.more.notify_waiters();
        }
    }

    pub(crate) fn count(&self, class: &str) -> usize {
        locked(&self.classes).iter().filter(|seen| **seen == class).count()
    }

    pub(crate) async fn wait_for(&self, class: &str, count: usize) {
        let arrived = async {
            loop {
                let more = self.more.notified();
                if self.count(class) >= count {
                    return;
                }
                more.await;
            }
        };
        let in_time = tokio::time::timeout(PATIENCE, arrived).await;
        assert!(in_time.is_ok(), "{count} of {class} did not arrive");
    }
}

#[async_trait]
impl BaseObserver for Seen {
    async fn on_process_frame(&self, _: FrameProcessed) {}

    async fn on_push_frame(&self, event: FramePushed) {
        self.note(&event);
    }
}

/// An observer of the trace, and what was seen.
pub(crate) struct Both(pub(crate) Arc<dyn BaseObserver>, pub(crate) Arc<Seen>);

#[async_trait]
impl BaseObserver for Both {
    async fn on_process_frame(&self, event: FrameProcessed) {
        self.0.on_process_frame(event).await;
    }

    async fn on_push_frame(&self, event: FramePushed) {
        self.1.note(&event);
        self.0.on_push_frame(event).await;
    }
}
