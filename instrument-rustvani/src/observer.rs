//! The observer that rustvani calls.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, Once, PoisonError};

use pipecat_instrument_runtime::engine::frame::{
    Direction, Frame, FrameId, FrameKind, Hop, Metric, ObservedFrame, ProcessorRef, ProcessorRegistry,
};
use pipecat_instrument_runtime::observer::{Observer, Ready};
use rustvani::frames::next_frame_id;
use rustvani::observer::{BaseObserver, FrameProcessed, FramePushed};
use rustvani::{Frame as Rustvani, FrameDirection};

use crate::billing::Billed;
use crate::builder::RustvaniObserverBuilder;
use crate::frame::{RustvaniFrame, kind_of};
use crate::names;
use crate::rounds::{Rounds, Step};

/// Watches a rustvani pipeline of which no more is known than rustvani's own names: for `PipelineTask::run`, or
/// `AgentRunner::with_observer`, which gives it to the pipelines of all its agents.
///
/// ```
/// use opentelemetry::trace::noop::NoopTracerProvider;
/// use pipecat_instrument_runtime::emit::Tracers;
/// use pipecat_instrument_runtime::observer::{ObserveOptions, ObserverProvider};
/// use rustvani::agents::{AgentRunner, LocalAgentBus};
/// use rustvani::system_clock;
///
/// let group = ObserverProvider::new(Tracers::new(&NoopTracerProvider::new()));
/// let observer = group.observe(ObserveOptions::new().conversation_id("call-42"));
///
/// let bus = std::sync::Arc::new(LocalAgentBus::new());
/// let runner = AgentRunner::new("runner", bus, system_clock())
///     .with_observer(pipecat_instrument_rustvani::observer(observer));
/// # let _ = runner;
/// ```
pub fn observer(observer: Observer) -> Arc<dyn BaseObserver> {
    RustvaniObserver::builder().build(observer)
}

/// Watches a rustvani pipeline: turns its frames into those that a trace is made of.
///
/// ```
/// use std::sync::Arc;
///
/// use pipecat_instrument_runtime::engine::frame::{Processor, Role};
/// use pipecat_instrument_runtime::observer::Observer;
/// use pipecat_instrument_rustvani::{Billing, RustvaniObserver};
/// use rustvani::observer::BaseObserver;
///
/// fn watch(observer: Observer, billing: &Arc<Billing>) -> Arc<dyn BaseObserver> {
///     RustvaniObserver::builder()
///         .service(Processor::new("OpenAILLM", "OpenAILLM", Role::Llm).model("gpt-4.1"))
///         .service(Processor::new("MyTts", "CartesiaTTS", Role::Tts).voice("Sarah"))
///         .billing(billing)
///         .build(observer)
/// }
/// # let _ = watch;
/// ```
pub struct RustvaniObserver {
    observer: Observer,
    directory: ProcessorRegistry,
    rounds: Rounds,
    /// The names in the pipeline, which the start passes one after the other.
    members: Mutex<Vec<String>>,
    unknown_biller: Once,
}

impl RustvaniObserver {
    /// Says what stands behind rustvani's names.
    pub fn builder() -> RustvaniObserverBuilder {
        RustvaniObserverBuilder::new()
    }

    pub(crate) fn new(observer: Observer, directory: ProcessorRegistry) -> Self {
        Self {
            observer,
            directory,
            rounds: Rounds::default(),
            members: Mutex::default(),
            unknown_biller: Once::new(),
        }
    }

    /// Ends the conversation, if it is not over.
    pub(crate) fn close(&self) {
        self.observer.close();
    }

    /// Cancels the conversation, if it is not over.
    pub(crate) fn cancel(&self) {
        self.observer.cancel();
    }

    /// One hop, however it came to be known.
    #[inline]
    pub(crate) fn push(&self, hop: &RustvaniHop<'_>) {
        let RustvaniHop { source, destination, frame, direction } = *hop;
        let step = Step::of(frame);
        let kind = kind_of(frame);
        // Who passes a frame that says nothing about a trace does not matter.
        let find = |name| {
            if step.is_some() || kind.is_traced() {
                self.directory.find(name)
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
            self.is_member(destination);
        }
        self.tell(hop, &RustvaniFrame::new(frame, source));
        if let Some(step) = step {
            self.rounds.take(step, frame.id, hop, &mut |hop, frame| self.tell(synthetic(hop), &frame));
        }
    }

    #[inline]
    fn tell<F: ObservedFrame>(&self, hop: Hop<'_>, frame: &F) {
        self.observer.on_push_frame(&hop.with_frame(frame));
    }

    fn is_member(&self, name: &str) {
        let mut members = self.members.lock().unwrap_or_else(PoisonError::into_inner);
        if !members.iter().any(|member| member == name) {
            members.push(name.to_owned());
        }
    }

    /// A service has billed something: told as a metric of its own.
    pub(crate) fn is_billed(&self, billed: &Billed<'_>) {
        let members = self.members.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(service) = self.biller(&members, billed) else {
            self.unknown_biller.call_once(|| {
                tracing::warn!(
                    provider = billed.provider,
                    "a service bills that is not known by its name: say `.service(Processor::new(NAME, CLASS, \
                     Role::…))` of the processor, or its usage is missing from the trace"
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
        let metric = Metric { processor: service.name(), model: billed.model, value: billed.what };
        self.tell(synthetic(hop), &Frame::Metrics(&[metric]));
    }

    /// Who has billed: the only member of that role; of several, the one that bills in the provider's name.
    fn biller<'a>(&'a self, members: &'a [String], billed: &Billed<'_>) -> Option<ProcessorRef<'a>> {
        let of_role = || {
            let members = members.iter().filter_map(|name| self.directory.get(name));
            members.filter(|member| member.role == billed.role)
        };
        let mut candidates = of_role();
        let only = candidates.next().filter(|_| candidates.next().is_none());
        let of_provider = || {
            of_role().find(|member| {
                let bills_as = names::bills_as(&member.id).or(member.provider.as_deref());
                bills_as == Some(billed.provider)
            })
        };
        only.or_else(of_provider).map(ProcessorRef::from)
    }
}

/// One hop, as rustvani tells it.
#[derive(Clone, Copy)]
pub(crate) struct RustvaniHop<'a> {
    pub(crate) source: &'a str,
    pub(crate) destination: &'a str,
    pub(crate) frame: &'a Rustvani,
    pub(crate) direction: Direction,
}

impl<'a> RustvaniHop<'a> {
    #[inline]
    pub(crate) fn of(event: &'a FramePushed) -> Self {
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

/// The same for a frame that rustvani does not send.
fn synthetic(hop: Hop<'_>) -> Hop<'_> {
    hop.synthetic(FrameId(next_frame_id()))
}

/// Written out, and not left to `async_trait`, so that a hop allocates nothing.
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
        self.push(&RustvaniHop::of(&event));
        Box::pin(Ready)
    }
}

impl fmt::Debug for RustvaniObserver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RustvaniObserver").field("observer", &self.observer).finish_non_exhaustive()
    }
}
