//! The observer that flowcat calls.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use flowcat_core::processor::frame::next_frame_id;
use flowcat_core::{Frame as Flowcat, FrameEvent, FrameObserver, FramePushEvent};
use pipecat_instrument_runtime::engine::frame::{
    Direction, Frame, FrameId, Hop, ObservedFrame, ProcessorRef, ProcessorRegistry,
};
use pipecat_instrument_runtime::observer::{Observer, Ready};

use crate::builder::FlowcatObserverBuilder;
use crate::burst::Burst;
use crate::frame::{self, FlowcatFrame, Origin};
use crate::names;
use crate::tools::{ToolCalls, ToolStep};

/// Watches a flowcat pipeline of which no more is known than flowcat's own names.
///
/// What `#[instrument_task(via = pipecat_instrument_flowcat::observer)]` calls.
///
/// ```
/// use opentelemetry::trace::noop::NoopTracerProvider;
/// use pipecat_instrument_runtime::emit::Tracers;
/// use pipecat_instrument_runtime::observer::{ObserveOptions, ObserverProvider};
/// use flowcat_core::{Pipeline, PipelineTask, PipelineTaskParams};
///
/// let group = ObserverProvider::new(Tracers::new(&NoopTracerProvider::new()));
/// let observer = group.observe(ObserveOptions::new().conversation_id("call-42"));
///
/// let observers = vec![pipecat_instrument_flowcat::observer(observer)];
/// let task = PipelineTask::new(Pipeline::new(vec![]), PipelineTaskParams::default(), observers);
/// # let _ = task;
/// ```
pub fn observer(observer: Observer) -> Arc<dyn FrameObserver> {
    FlowcatObserver::builder().build(observer)
}

/// Watches a flowcat pipeline: turns its frames into those that a trace is made of.
///
/// ```
/// use std::sync::Arc;
///
/// use flowcat_core::FrameObserver;
/// use pipecat_instrument_flowcat::FlowcatObserver;
/// use pipecat_instrument_runtime::engine::frame::{Processor, Role};
/// use pipecat_instrument_runtime::observer::Observer;
///
/// /// Goes into `#[instrument_task(via = watch)]`.
/// fn watch(observer: Observer) -> Arc<dyn FrameObserver> {
///     FlowcatObserver::builder()
///         .service(Processor::new("Stt", "DeepgramSTTService", Role::Stt).model("nova-3"))
///         .service(Processor::new("Llm", "OpenAILLMService", Role::Llm).model("gpt-4o-mini"))
///         .service(Processor::new("Tts", "CartesiaTTSService", Role::Tts).voice("Sarah"))
///         .build(observer)
/// }
/// ```
pub struct FlowcatObserver {
    observer: Observer,
    directory: ProcessorRegistry,
    voice_stop: Option<Duration>,
    tools: ToolCalls,
    burst: Burst,
}

impl FlowcatObserver {
    /// Says what stands behind flowcat's names.
    pub fn builder() -> FlowcatObserverBuilder {
        FlowcatObserverBuilder::new()
    }

    pub(crate) fn new(
        observer: Observer,
        directory: ProcessorRegistry,
        voice_stop: Option<Duration>,
    ) -> Self {
        Self { observer, directory, voice_stop, tools: ToolCalls::default(), burst: Burst::default() }
    }

    #[inline]
    fn push(&self, event: &FramePushEvent<'_>) {
        if self.burst.is_dead_audio(event) {
            return;
        }
        let step = ToolStep::of(event);
        // Who passes a frame that says nothing about a trace does not matter.
        let hop = if step.is_some() || frame::kind_of(event.frame).is_traced() {
            hop_of(event, |name| self.directory.find(name))
        } else {
            hop_of(event, ProcessorRef::named)
        };

        if let Some(step) = step {
            self.tools.take(step, &mut |frame| self.tell(synthetic(hop), &frame));
        }
        let origin = Origin { source: hop.source, voice_stop: self.voice_stop };
        self.tell(hop, &FlowcatFrame::new(event.frame, origin));
        if is_failed_call(event) {
            self.tell(synthetic(hop), &Frame::LlmResponseEnd);
        }
    }

    #[inline]
    fn tell<F: ObservedFrame>(&self, hop: Hop<'_>, frame: &F) {
        self.observer.on_push_frame(&hop.with_frame(frame));
    }
}

/// How flowcat tells of a hop.
#[inline]
fn hop_of<'a>(event: &FramePushEvent<'a>, find: impl Fn(&'a str) -> ProcessorRef<'a>) -> Hop<'a> {
    Hop {
        source: find(event.source),
        destination: find(event.destination),
        direction: match event.direction {
            flowcat_core::Direction::Downstream => Direction::Downstream,
            flowcat_core::Direction::Upstream => Direction::Upstream,
        },
        id: Some(FrameId(event.meta.id)),
        sibling: event.meta.broadcast_sibling_id.map(FrameId),
    }
}

/// The same for a frame that flowcat does not send.
fn synthetic(hop: Hop<'_>) -> Hop<'_> {
    hop.synthetic(FrameId(next_frame_id()))
}

/// Whether a model's call has just failed. flowcat's adapter fails before the first frame of the answer, and sends none
/// after it.
fn is_failed_call(event: &FramePushEvent<'_>) -> bool {
    let Flowcat::Error { processor: Some(failed), .. } = event.frame else { return false };
    event.source == names::LLM && **failed == *names::LLM
}

/// Written out, and not left to `async_trait`, so that a hop allocates nothing.
impl FrameObserver for FlowcatObserver {
    fn on_process<'a, 'b, 'c, 'async_trait>(
        &'a self,
        _: &'b FrameEvent<'c>,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + 'async_trait>>
    where
        'a: 'async_trait,
        'b: 'async_trait,
        'c: 'async_trait,
        Self: 'async_trait,
    {
        Box::pin(Ready)
    }

    fn on_push<'a, 'b, 'c, 'async_trait>(
        &'a self,
        event: &'b FramePushEvent<'c>,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + 'async_trait>>
    where
        'a: 'async_trait,
        'b: 'async_trait,
        'c: 'async_trait,
        Self: 'async_trait,
    {
        self.push(event);
        Box::pin(Ready)
    }
}

impl fmt::Debug for FlowcatObserver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FlowcatObserver").field("observer", &self.observer).finish_non_exhaustive()
    }
}
