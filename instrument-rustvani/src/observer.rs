//! The observer for rustvani, and its builder.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, Once, PoisonError};

use pipecat_instrument_runtime::engine::conversation::{FrameSupport, Support};
use pipecat_instrument_runtime::engine::frame::{
    Direction, Frame, FrameId, FrameKind, Hop, Metric, ObservedFrame, Processor, ProcessorRef,
    ProcessorRegistry,
};
use pipecat_instrument_runtime::observer::{Observer, Ready};
use rustvani::frames::next_frame_id;
use rustvani::observer::{BaseObserver, FrameProcessed, FramePushed};
use rustvani::{Frame as Rustvani, FrameDirection};

use crate::billing::{Billing, Usage};
use crate::frame::{RustvaniFrame, kind_of};
use crate::llm_rounds::{LlmRounds, LlmStep};
use crate::names;

/// rustvani announces the user's voice, but not turns. It announces the bot's speech, but with false stops at the end of each
/// response. It does not announce the spoken text.
const FRAME_SUPPORT: FrameSupport = FrameSupport {
    user_speech: Support::Inferred,
    bot_speech: Support::Unreliable,
    spoken_text: Support::Inferred,
};

/// Converts the observer of a conversation to rustvani's type.
///
/// For `PipelineTask::run`, or for `AgentRunner::with_observer`, which passes it to the pipelines of all its agents. Use
/// [`RustvaniObserver::builder`] to describe the services behind rustvani's names.
///
/// ```
/// use opentelemetry::trace::noop::NoopTracerProvider;
/// use pipecat_instrument_runtime::emit::Tracers;
/// use pipecat_instrument_runtime::observer::{ObserveOptions, ObserverProvider};
/// use rustvani::agents::{AgentRunner, LocalAgentBus};
/// use rustvani::system_clock;
///
/// let provider = ObserverProvider::new(Tracers::new(&NoopTracerProvider::new()));
/// let observer = provider.observe(ObserveOptions::new().conversation_id("call-42"));
///
/// let bus = std::sync::Arc::new(LocalAgentBus::new());
/// let runner = AgentRunner::new("runner", bus, system_clock())
///     .with_observer(pipecat_instrument_rustvani::observer(observer));
/// # let _ = runner;
/// ```
pub fn observer(observer: Observer) -> Arc<dyn BaseObserver> {
    RustvaniObserver::builder().build(observer)
}

/// Observes a rustvani pipeline and translates its frames.
///
/// ```
/// use std::sync::Arc;
///
/// use pipecat_instrument_runtime::engine::frame::{Processor, Role};
/// use pipecat_instrument_runtime::observer::Observer;
/// use pipecat_instrument_rustvani::{Billing, RustvaniObserver};
/// use rustvani::observer::BaseObserver;
///
/// fn describe_services(observer: Observer, billing: &Arc<Billing>) -> Arc<dyn BaseObserver> {
///     RustvaniObserver::builder()
///         .service(Processor::new("OpenAILLM", "OpenAILLM", Role::Llm).model("gpt-4.1"))
///         .service(Processor::new("MyTts", "CartesiaTTS", Role::Tts).voice("Sarah"))
///         .billing(billing)
///         .build(observer)
/// }
/// # let _ = describe_services;
/// ```
pub struct RustvaniObserver {
    observer: Observer,
    processors: ProcessorRegistry,
    rounds: LlmRounds,
    /// Names of the processors that the start frame has passed.
    members: Mutex<Vec<String>>,
    unknown_service_warning: Once,
}

impl RustvaniObserver {
    /// Returns a builder that knows rustvani's own processors.
    pub fn builder() -> RustvaniObserverBuilder {
        RustvaniObserverBuilder { processors: names::registry(), billing: None }
    }

    /// Ends the conversation, if it has not ended.
    pub(crate) fn close(&self) {
        self.observer.close();
    }

    /// Cancels the conversation, if it has not ended.
    pub(crate) fn cancel(&self) {
        self.observer.cancel();
    }

    /// Handles a hop from an observer or a hook.
    #[inline]
    pub(crate) fn on_hop(&self, hop: &RustvaniHop<'_>) {
        let RustvaniHop { source, destination, frame, direction } = *hop;
        let step = LlmStep::from_frame(frame);
        let kind = kind_of(frame);
        // An untraced frame needs no description of its processors.
        let find = |name| {
            if step.is_some() || kind.is_traced() {
                self.processors.find(name)
            } else {
                ProcessorRef::named(name)
            }
        };
        let hop = Hop {
            source: find(source),
            destination: find(destination),
            direction,
            id: Some(FrameId(frame.id)),
            sibling: frame.sibling_id.map(FrameId),
        };
        if kind == FrameKind::Start {
            self.add_member(destination);
        }
        self.push(hop, &RustvaniFrame::new(frame, source));
        if let Some(step) = step {
            self.rounds.on_step(step, frame.id, hop, &mut |hop, frame| self.push(to_synthetic(hop), &frame));
        }
    }

    #[inline]
    fn push<F: ObservedFrame>(&self, hop: Hop<'_>, frame: &F) {
        self.observer.on_push_frame(&hop.with_frame(frame));
    }

    fn add_member(&self, name: &str) {
        let mut members = self.members.lock().unwrap_or_else(PoisonError::into_inner);
        if !members.iter().any(|member| member == name) {
            members.push(name.to_owned());
        }
    }

    /// Adds usage to the trace, as a metrics frame of its service.
    pub(crate) fn on_usage(&self, usage: &Usage<'_>) {
        let members = self.members.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(service) = self.find_service(&members, usage) else {
            self.unknown_service_warning.call_once(|| {
                tracing::warn!(
                    provider = usage.provider,
                    "usage of an unknown service is missing from the trace: describe its processor with \
                     `.service(Processor::new(NAME, CLASS, Role::…))`"
                );
            });
            return;
        };
        let hop = Hop {
            source: service,
            destination: service,
            direction: Direction::Downstream,
            id: None,
            sibling: None,
        };
        let metric = Metric { processor: service.name(), model: usage.model, value: usage.value };
        self.push(to_synthetic(hop), &Frame::Metrics(&[metric]));
    }

    /// Finds the service that reported the usage: the only member with its role, or the one with its provider.
    fn find_service<'a>(&'a self, members: &'a [String], usage: &Usage<'_>) -> Option<ProcessorRef<'a>> {
        let with_role = || {
            let members = members.iter().filter_map(|name| self.processors.get(name));
            members.filter(|member| member.role == usage.role)
        };
        let mut candidates = with_role();
        let only = candidates.next().filter(|_| candidates.next().is_none());
        let with_provider = || {
            with_role().find(|member| {
                let provider = names::billing_provider(&member.id).or(member.provider.as_deref());
                provider == Some(usage.provider)
            })
        };
        only.or_else(with_provider).map(ProcessorRef::from)
    }
}

/// A hop as rustvani describes it.
#[derive(Clone, Copy)]
pub(crate) struct RustvaniHop<'a> {
    pub(crate) source: &'a str,
    pub(crate) destination: &'a str,
    pub(crate) frame: &'a Rustvani,
    pub(crate) direction: Direction,
}

impl<'a> RustvaniHop<'a> {
    #[inline]
    pub(crate) fn from_event(event: &'a FramePushed) -> Self {
        Self {
            source: &event.source_name,
            destination: &event.destination_name,
            frame: &event.frame,
            direction: match event.direction {
                FrameDirection::Downstream => Direction::Downstream,
                FrameDirection::Upstream => Direction::Upstream,
            },
        }
    }
}

/// Returns the same hop for a frame that rustvani does not send, with an id of its own.
fn to_synthetic(hop: Hop<'_>) -> Hop<'_> {
    hop.synthetic(FrameId(next_frame_id()))
}

/// Written without `async_trait`, so that a hop does not allocate.
impl BaseObserver for RustvaniObserver {
    fn on_process_frame<'a, 'async_trait>(
        &'a self,
        _: FrameProcessed,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + 'async_trait>>
    where
        'a: 'async_trait,
        Self: 'async_trait,
    {
        Box::pin(Ready)
    }

    fn on_push_frame<'a, 'async_trait>(
        &'a self,
        event: FramePushed,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + 'async_trait>>
    where
        'a: 'async_trait,
        Self: 'async_trait,
    {
        self.on_hop(&RustvaniHop::from_event(&event));
        Box::pin(Ready)
    }
}

impl fmt::Debug for RustvaniObserver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RustvaniObserver").field("observer", &self.observer).finish_non_exhaustive()
    }
}

/// Builds a [`RustvaniObserver`]. Created by [`RustvaniObserver::builder`].
#[derive(Debug, Clone)]
pub struct RustvaniObserverBuilder {
    processors: ProcessorRegistry,
    billing: Option<Arc<Billing>>,
}

impl RustvaniObserverBuilder {
    /// Describes the processor named `service.id`, the name that it was created with (`OpenAILLM`, `DeepgramTts`, …).
    ///
    /// [`Role::Unknown`] keeps the role that the adapter knows or infers.
    ///
    /// [`Role::Unknown`]: pipecat_instrument_runtime::engine::frame::Role::Unknown
    #[must_use]
    pub fn service(mut self, service: Processor) -> Self {
        self.processors.describe(service);
        self
    }

    /// Adds the tokens, characters and seconds of audio that the services report to `billing`.
    #[must_use]
    pub fn billing(mut self, billing: &Arc<Billing>) -> Self {
        self.billing = Some(Arc::clone(billing));
        self
    }

    /// Builds the observer for rustvani.
    pub fn build(self, observer: Observer) -> Arc<RustvaniObserver> {
        let built = Arc::new(RustvaniObserver {
            observer: observer.with_frame_support(FRAME_SUPPORT),
            processors: self.processors,
            rounds: LlmRounds::default(),
            members: Mutex::default(),
            unknown_service_warning: Once::new(),
        });
        if let Some(billing) = &self.billing {
            billing.set_observer(&built);
        }
        built
    }
}
