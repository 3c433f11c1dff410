//! Observes a pipeline through the hooks of its processors.

use std::fmt;
use std::sync::Arc;

use pipecat_instrument_runtime::engine::frame::{Direction, Processor};
use pipecat_instrument_runtime::observer::Observer;
use rustvani::frames::WeakFrameProcessor;
use rustvani::{Frame, FrameInner, FrameProcessor, SystemFrame};

use crate::billing::Billing;
use crate::names::TASK_SOURCE;
use crate::observer::{RustvaniHop, RustvaniObserver, RustvaniObserverBuilder};

/// The processors of a pipeline, with hooks for an observer.
///
/// For code that must return rustvani's own task type and does not run the task itself, as in a `BaseAgent`.
///
/// ```
/// use pipecat_instrument::instrument_task;
/// use pipecat_instrument_rustvani::HookedProcessors;
/// use rustvani::{PipelineParams, PipelineTask};
///
/// #[instrument_task(observers = processors, conversation_id = call_id)]
/// fn build_task(call_id: &str, processors: HookedProcessors) -> PipelineTask {
///     PipelineTask::new(processors.into(), PipelineParams::default())
/// }
///
/// let task = build_task("call-42", vec![].into());
/// # let _ = task;
/// ```
///
/// # Limits
///
/// - Hooks do not receive the direction of a frame. The adapter infers it from the type of the frame.
/// - They do not receive fatal errors of the first processor.
/// - The conversation ends with `End` or `Cancel`, or when the processors are dropped. A run that is dropped leaves them
///   running, and rustvani never drops them.
pub struct HookedProcessors {
    processors: Vec<FrameProcessor>,
    builder: RustvaniObserverBuilder,
}

impl HookedProcessors {
    /// Describes the service behind a name, like [`RustvaniObserverBuilder::service`].
    #[must_use]
    pub fn service(self, service: Processor) -> Self {
        Self { builder: self.builder.service(service), ..self }
    }

    /// Adds the usage that services bill, like [`RustvaniObserverBuilder::billing`].
    #[must_use]
    pub fn billing(self, billing: &Arc<Billing>) -> Self {
        Self { builder: self.builder.billing(billing), ..self }
    }

    /// Adds hooks for `observer` to all processors. `#[instrument_task(observers = …)]` calls this.
    pub fn push(&mut self, observer: Observer) {
        let observer = self.builder.clone().build(observer);
        if let Some(first) = self.processors.first() {
            hook_entry(first, &observer);
        }
        for processor in &self.processors {
            hook(processor, &observer);
        }
    }
}

/// Hooks a processor and the processors inside it.
fn hook(processor: &FrameProcessor, observer: &Arc<RustvaniObserver>) {
    // The processor owns the hook, so the hook must not keep the processor alive.
    let (this, hooked) = (processor.downgrade(), Arc::clone(observer));
    processor.on_before_push_frame(move |frame| on_push(&this, frame, &hooked));
    processor.processors().iter().for_each(|inner| hook(inner, observer));
}

fn on_push(this: &WeakFrameProcessor, frame: &Frame, observer: &RustvaniObserver) {
    let Some(source) = this.upgrade() else { return };
    let direction = direction_of(frame);
    let neighbor = match direction {
        Direction::Downstream => source.next(),
        Direction::Upstream => source.previous(),
    };
    if let Some(destination) = neighbor {
        observer.on_hop(&RustvaniHop {
            source: source.name(),
            destination: destination.name(),
            frame,
            direction,
        });
    }
}

/// Hooks the frames that the task sends to its first processor.
fn hook_entry(first: &FrameProcessor, observer: &Arc<RustvaniObserver>) {
    let (name, observer) = (first.name().to_owned(), Arc::clone(observer));
    first.on_before_process_frame(move |frame| {
        if direction_of(frame) == Direction::Downstream {
            let hop = RustvaniHop {
                source: TASK_SOURCE,
                destination: &name,
                frame,
                direction: Direction::Downstream,
            };
            observer.on_hop(&hop);
        }
    });
}

/// Infers the direction of a frame. For a broadcast, rustvani creates the downstream frame first, and ids increase.
fn direction_of(frame: &Frame) -> Direction {
    let is_upstream = match (&frame.inner, frame.sibling_id) {
        (_, Some(sibling)) => sibling < frame.id,
        (FrameInner::System(frame), None) => matches!(
            frame,
            SystemFrame::Error(_)
                | SystemFrame::BotStoppedSpeaking
                | SystemFrame::EndTask { .. }
                | SystemFrame::CancelTask { .. }
                | SystemFrame::StopTask
                | SystemFrame::InterruptionTask
        ),
        _ => false,
    };
    if is_upstream { Direction::Upstream } else { Direction::Downstream }
}

impl From<Vec<FrameProcessor>> for HookedProcessors {
    fn from(processors: Vec<FrameProcessor>) -> Self {
        Self { processors, builder: RustvaniObserver::builder() }
    }
}

impl From<HookedProcessors> for Vec<FrameProcessor> {
    fn from(processors: HookedProcessors) -> Self {
        processors.processors
    }
}

impl fmt::Debug for HookedProcessors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.processors.iter().map(FrameProcessor::name).collect();
        f.debug_tuple("HookedProcessors").field(&names).finish()
    }
}
