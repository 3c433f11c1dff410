//! The way without an observer: through the hooks of each processor.

use std::fmt;
use std::sync::Arc;

use pipecat_instrument_runtime::engine::frame::{Direction, Processor};
use pipecat_instrument_runtime::observer::Observer;
use rustvani::frames::WeakFrameProcessor;
use rustvani::{Frame, FrameInner, FrameProcessor, SystemFrame};

use crate::billing::Billing;
use crate::builder::RustvaniObserverBuilder;
use crate::names::TASK_SOURCE;
use crate::observer::{RustvaniHop, RustvaniObserver};

/// The processors of a pipeline, observed through their own hooks: where the task's type must stay rustvani's, as in a
/// `BaseAgent`, and the one who runs it gives it no observer.
///
/// ```
/// use pipecat_instrument::instrument_task;
/// use pipecat_instrument_rustvani::Processors;
/// use rustvani::{PipelineParams, PipelineTask};
///
/// #[instrument_task(observers = processors, conversation_id = call_id)]
/// fn build_task(call_id: &str, processors: Processors) -> PipelineTask {
///     PipelineTask::new(processors.into(), PipelineParams::default())
/// }
///
/// let task = build_task("call-42", vec![].into());
/// # let _ = task;
/// ```
///
/// Hooks say less than an observer: not which way a frame goes (it is told from what the frame is), and nothing of
/// errors of the first processor that end the task. The conversation ends with its `End` or `Cancel`, or with the
/// processors: a run that is merely dropped leaves them running, and rustvani never lets go of them.
pub struct Processors {
    processors: Vec<FrameProcessor>,
    builder: RustvaniObserverBuilder,
}

impl Processors {
    /// Says who stands behind a name: [`RustvaniObserverBuilder::service`].
    #[must_use]
    pub fn service(self, service: Processor) -> Self {
        Self { builder: self.builder.service(service), ..self }
    }

    /// Takes usage from what is billed: [`RustvaniObserverBuilder::billing`].
    #[must_use]
    pub fn billing(self, billing: &Arc<Billing>) -> Self {
        Self { builder: self.builder.billing(billing), ..self }
    }

    /// Lets `observer` watch these processors. What `#[instrument_task(observers = …)]` calls.
    pub fn push(&mut self, observer: Observer) {
        let observer = self.builder.clone().build(observer);
        if let Some(first) = self.processors.first() {
            watch_entry(first, &observer);
        }
        for processor in &self.processors {
            watch(processor, &observer);
        }
    }
}

/// Watches what a processor pushes, and what those inside it do.
fn watch(processor: &FrameProcessor, observer: &Arc<RustvaniObserver>) {
    // The hook is the processor's own: it must not keep it alive.
    let (this, watching) = (processor.downgrade(), Arc::clone(observer));
    processor.on_before_push_frame(move |frame| pushed(&this, frame, &watching));
    processor.processors().iter().for_each(|inner| watch(inner, observer));
}

fn pushed(this: &WeakFrameProcessor, frame: &Frame, observer: &RustvaniObserver) {
    let Some(source) = this.upgrade() else { return };
    let direction = direction_of(frame);
    let neighbor = match direction {
        Direction::Downstream => source.next(),
        Direction::Upstream => source.previous(),
    };
    if let Some(destination) = neighbor {
        observer.push(&RustvaniHop {
            source: source.name(),
            destination: destination.name(),
            frame,
            direction,
        });
    }
}

/// Watches what the task sends to its first processor.
fn watch_entry(first: &FrameProcessor, observer: &Arc<RustvaniObserver>) {
    let (name, observer) = (first.name().to_owned(), Arc::clone(observer));
    first.on_before_process_frame(move |frame| {
        if direction_of(frame) == Direction::Downstream {
            let hop = RustvaniHop {
                source: TASK_SOURCE,
                destination: &name,
                frame,
                direction: Direction::Downstream,
            };
            observer.push(&hop);
        }
    });
}

/// Which way a frame goes. Of a broadcast, rustvani makes the frame that goes down first, and ids count up.
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

impl From<Vec<FrameProcessor>> for Processors {
    fn from(processors: Vec<FrameProcessor>) -> Self {
        Self { processors, builder: RustvaniObserver::builder() }
    }
}

impl From<Processors> for Vec<FrameProcessor> {
    fn from(processors: Processors) -> Self {
        processors.processors
    }
}

impl fmt::Debug for Processors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.processors.iter().map(FrameProcessor::name).collect();
        f.debug_tuple("Processors").field(&names).finish()
    }
}
