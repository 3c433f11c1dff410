//! A running task, with a simulated user.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
use pipecat_instrument::{PipecatInstrumentor, ScopedGuard, instrument_task};
use pipecat_instrument_rustvani::{Billing, HookedProcessors, Observed};
use rustvani::observer::{BaseObserver, FrameProcessed, FramePushed};
use rustvani::{
    BillingCollector, Frame, FrameDirection, FrameProcessor, PipelineParams, PipelineTask, Result,
    system_clock,
};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;

use crate::harness::{self, REPLY, Round};
use crate::support::lock;
use crate::trace::Trace;

/// Limit of each wait.
const PATIENCE: Duration = Duration::from_secs(20);

/// The way in which the pipeline is observed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ObservedBy {
    /// With the observer of the task.
    Observer,
    /// With the hooks of its processors.
    Hooks,
}

/// A running call.
pub(crate) struct Call {
    push: mpsc::Sender<(Frame, FrameDirection)>,
    pub(crate) counter: Arc<FrameCounter>,
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
fn hooked(processors: HookedProcessors) -> PipelineTask {
    PipelineTask::new(processors.into(), params())
}

fn params() -> PipelineParams {
    PipelineParams { allow_interruptions: true, ..PipelineParams::default() }
}

impl Call {
    /// Starts a call in which the user says `words` in order, and the model responds with `answers` in order.
    pub(crate) async fn start(observed_by: ObservedBy, words: &[&str], answers: &[&[Round]]) -> Self {
        let exporter = InMemorySpanExporter::default();
        let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
        let scoped = PipecatInstrumentor::builder().scoped(provider).unwrap();

        let billing = Billing::for_trace();
        let collector = Arc::clone(&billing) as Arc<dyn BillingCollector>;
        let processors = harness::processors(words, answers, collector);
        let counter = Arc::new(FrameCounter::default());
        let theirs = Arc::clone(&counter) as Arc<dyn BaseObserver>;
        let (push, running) = match observed_by {
            ObservedBy::Observer => {
                let task = observed(processors, &billing);
                let push = task.push_sender();
                (push, tokio::spawn(async move { task.run(system_clock(), Some(theirs)).await }))
            }
            ObservedBy::Hooks => {
                let task = hooked(HookedProcessors::from(processors).billing(&billing));
                let push = task.push_sender();
                (push, tokio::spawn(async move { task.run(system_clock(), Some(theirs)).await }))
            }
        };
        let call = Self { push, counter, running, billing, exporter, _scoped: scoped };
        call.counter.wait_for("StartFrame", 1).await;
        call
    }

    /// Pushes a frame at the head of the pipeline.
    pub(crate) async fn push(&self, frame: Frame) {
        self.push.send((frame, FrameDirection::Downstream)).await.unwrap();
    }

    /// Sends the speech of the user, and waits for the transcript.
    pub(crate) async fn user_speaks(&self) {
        let heard = self.counter.count("VADUserStoppedSpeakingFrame");
        self.push(Frame::vad_user_started_speaking(0.2, 0.0)).await;
        self.push(Frame::vad_user_stopped_speaking(0.2, 0.0)).await;
        self.counter.wait_for("VADUserStoppedSpeakingFrame", heard + 1).await;
    }

    /// Waits until the call has had this many LLM responses and completed replies.
    pub(crate) async fn wait_for_replies(&self, responses: usize, replies: usize) {
        self.counter.wait_for("LLMFullResponseEndFrame", responses).await;
        self.counter.wait_for("OutputAudioRawFrame", replies).await;
        tokio::time::sleep(REPLY).await;
    }

    /// Hangs up, and returns the trace.
    pub(crate) async fn hang_up(self) -> Trace {
        self.end_with(Frame::end()).await
    }

    /// Ends the task with `frame`, and returns the trace.
    pub(crate) async fn end_with(self, frame: Frame) -> Trace {
        self.push(frame).await;
        tokio::time::timeout(PATIENCE, self.running).await.unwrap().unwrap().unwrap();
        Trace::new(self.exporter.get_finished_spans().unwrap())
    }

    /// Drops the run, as a server does when its caller disconnects, and returns the trace.
    pub(crate) async fn drop_run(self) -> Trace {
        self.running.abort();
        assert!(self.running.await.unwrap_err().is_cancelled());
        Trace::new(self.exporter.get_finished_spans().unwrap())
    }
}

/// Counts the frames that reach the end of the pipeline, by class.
#[derive(Default)]
pub(crate) struct FrameCounter {
    classes: Mutex<Vec<&'static str>>,
    more: Notify,
}

impl FrameCounter {
    fn count_frame(&self, event: &FramePushed) {
        if event.destination_name == "PipelineTaskSink" {
            lock(&self.classes).push(event.frame.name());
            self.more.notify_waiters();
        }
    }

    pub(crate) fn count(&self, class: &str) -> usize {
        lock(&self.classes).iter().filter(|seen| **seen == class).count()
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
impl BaseObserver for FrameCounter {
    async fn on_process_frame(&self, _: FrameProcessed) {}

    async fn on_push_frame(&self, event: FramePushed) {
        self.count_frame(&event);
    }
}

/// An observer of the trace, and a frame counter.
pub(crate) struct ObserverPair(pub(crate) Arc<dyn BaseObserver>, pub(crate) Arc<FrameCounter>);

#[async_trait]
impl BaseObserver for ObserverPair {
    async fn on_process_frame(&self, event: FrameProcessed) {
        self.0.on_process_frame(event).await;
    }

    async fn on_push_frame(&self, event: FramePushed) {
        self.1.count_frame(&event);
        self.0.on_push_frame(event).await;
    }
}
