//! The observer for flowcat, and its builder.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use flowcat_core::processor::frame::next_frame_id;
use flowcat_core::{Frame as Flowcat, FrameEvent, FrameObserver, FramePushEvent};
use pipecat_instrument_runtime::engine::conversation::{FrameSupport, Support};
use pipecat_instrument_runtime::engine::frame::{
    Direction, Frame, FrameId, Hop, ObservedFrame, Processor, ProcessorRef, ProcessorRegistry,
};
use pipecat_instrument_runtime::observer::{Observer, Ready};

use crate::frame::{self, FlowcatFrame, Origin};
use crate::names;
use crate::stale_audio::StaleAudio;
use crate::tools::{ToolCalls, ToolStep};

/// flowcat does not announce the bot's speech or the spoken text. A `VadProcessor` may announce the user's.
const FRAME_SUPPORT: FrameSupport = FrameSupport {
    user_speech: Support::Inferred,
    bot_speech: Support::Inferred,
    spoken_text: Support::Inferred,
};

/// Converts the observer of a conversation to flowcat's type.
///
/// For `#[instrument_task(via = pipecat_instrument_flowcat::observer)]`. Use [`FlowcatObserver::builder`] to describe the
/// services behind flowcat's names.
///
/// ```
/// use opentelemetry::trace::noop::NoopTracerProvider;
/// use pipecat_instrument_runtime::emit::Tracers;
/// use pipecat_instrument_runtime::observer::{ObserveOptions, ObserverProvider};
/// use flowcat_core::{Pipeline, PipelineTask, PipelineTaskParams};
///
/// let provider = ObserverProvider::new(Tracers::new(&NoopTracerProvider::new()));
/// let observer = provider.observe(ObserveOptions::new().conversation_id("call-42"));
///
/// let observers = vec![pipecat_instrument_flowcat::observer(observer)];
/// let task = PipelineTask::new(Pipeline::new(vec![]), PipelineTaskParams::default(), observers);
/// # let _ = task;
/// ```
pub fn observer(observer: Observer) -> Arc<dyn FrameObserver> {
    FlowcatObserver::builder().build(observer)
}

/// Observes a flowcat pipeline and translates its frames.
///
/// ```
/// use std::sync::Arc;
///
/// use flowcat_core::FrameObserver;
/// use pipecat_instrument_flowcat::FlowcatObserver;
/// use pipecat_instrument_runtime::engine::frame::{Processor, Role};
/// use pipecat_instrument_runtime::observer::Observer;
///
/// /// For `#[instrument_task(via = describe_services)]`.
/// fn describe_services(observer: Observer) -> Arc<dyn FrameObserver> {
///     FlowcatObserver::builder()
///         .service(Processor::new("Stt", "DeepgramSTTService", Role::Stt).model("nova-3"))
///         .service(Processor::new("Llm", "OpenAILLMService", Role::Llm).model("gpt-4o-mini"))
///         .service(Processor::new("Tts", "CartesiaTTSService", Role::Tts).voice("Sarah"))
///         .build(observer)
/// }
/// ```
pub struct FlowcatObserver {
    observer: Observer,
    processors: ProcessorRegistry,
    voice_stop: Option<Duration>,
    tools: ToolCalls,
    stale_audio: StaleAudio,
}

impl FlowcatObserver {
    /// Returns a builder that knows flowcat's own processors.
    pub fn builder() -> FlowcatObserverBuilder {
        FlowcatObserverBuilder { processors: names::registry(), voice_stop: None }
    }

    #[inline]
    fn on_hop(&self, event: &FramePushEvent<'_>) {
        if self.stale_audio.on_hop(event).is_break() {
            return;
        }
        let step = ToolStep::from_event(event);
        // An untraced frame needs no description of its processors.
        let hop = if step.is_some() || frame::kind_of(event.frame).is_traced() {
            to_hop(event, |name| self.processors.find(name))
        } else {
            to_hop(event, ProcessorRef::named)
        };

        if let Some(step) = step {
            self.tools.on_step(step, &mut |frame| self.push(to_synthetic(hop), &frame));
        }
        let origin = Origin { source: hop.source, voice_stop: self.voice_stop };
        self.push(hop, &FlowcatFrame::new(event.frame, origin));
        if is_failed_llm_call(event) {
            self.push(to_synthetic(hop), &Frame::LlmResponseEnd);
        }
    }

    #[inline]
    fn push<F: ObservedFrame>(&self, hop: Hop<'_>, frame: &F) {
        self.observer.on_push_frame(&hop.with_frame(frame));
    }
}

/// Converts flowcat's description of a hop.
#[inline]
fn to_hop<'a>(event: &FramePushEvent<'a>, find: impl Fn(&'a str) -> ProcessorRef<'a>) -> Hop<'a> {
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

/// Returns the same hop for a frame that flowcat does not send, with an id of its own.
fn to_synthetic(hop: Hop<'_>) -> Hop<'_> {
    hop.synthetic(FrameId(next_frame_id()))
}

/// Returns whether this hop reports a failed LLM call. flowcat's adapter fails before the first frame of the response, and
/// sends none afterwards.
fn is_failed_llm_call(event: &FramePushEvent<'_>) -> bool {
    let Flowcat::Error { processor: Some(failed), .. } = event.frame else { return false };
    event.source == names::LLM && **failed == *names::LLM
}

/// Written without `async_trait`, so that a hop does not allocate.
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
        self.on_hop(event);
        Box::pin(Ready)
    }
}

impl fmt::Debug for FlowcatObserver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FlowcatObserver").field("observer", &self.observer).finish_non_exhaustive()
    }
}

/// Builds a [`FlowcatObserver`]. Created by [`FlowcatObserver::builder`].
#[derive(Debug)]
pub struct FlowcatObserverBuilder {
    processors: ProcessorRegistry,
    voice_stop: Option<Duration>,
}

impl FlowcatObserverBuilder {
    /// Describes the processor named `service.id`: `Stt`, `Llm` and `Tts` are flowcat's own services; for another
    /// processor, it is what its `name()` returns.
    ///
    /// [`Role::Unknown`] keeps the role that the adapter knows or infers.
    ///
    /// [`Role::Unknown`]: pipecat_instrument_runtime::engine::frame::Role::Unknown
    pub fn service(mut self, service: Processor) -> Self {
        self.processors.describe(service);
        self
    }

    /// Sets the silence after which the voice detection reports the end of speech (its `stop_secs`).
    ///
    /// flowcat's `VadProcessor` reports the length of one analysis window instead. Without this setting, the user seems to
    /// have spoken longer, and the bot to have answered faster.
    pub fn voice_stop(mut self, silence: Duration) -> Self {
        self.voice_stop = Some(silence);
        self
    }

    /// Builds the observer for flowcat.
    pub fn build(self, observer: Observer) -> Arc<dyn FrameObserver> {
        Arc::new(FlowcatObserver {
            observer: observer.with_frame_support(FRAME_SUPPORT),
            processors: self.processors,
            voice_stop: self.voice_stop,
            tools: ToolCalls::default(),
            stale_audio: StaleAudio::default(),
        })
    }
}
