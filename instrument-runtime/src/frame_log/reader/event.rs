//! The events of a log, and the processors that its lines have described so far.

use std::collections::HashMap;
use std::sync::Arc;

use crate::engine::frame::{
    Direction, Frame, FrameId, FramePushed, ObservedFrame, Processor, ProcessorRef, Role,
};
use crate::engine::time::Time;
use crate::frame_log::payload::Payload;

/// One hop of one frame, read from a log.
///
/// ```
/// use pipecat_instrument_runtime::engine::frame::Direction;
/// use pipecat_instrument_runtime::frame_log::FrameLogReader;
///
/// let log = r#"{"frame_log":1,"writer":"me","wall":0}
/// {"n":0,"wall":5,"dir":"up","src":"Tts","dst":"Llm","frame":"BotStartedSpeakingFrame","id":1,"payload":{}}
/// "#;
/// let mut reader = FrameLogReader::new(log.as_bytes())?;
/// for event in reader.by_ref().flatten() {
///     let frame = event.frame();
///     let hop = event.hop(&frame);
///     assert_eq!((hop.source.id(), hop.destination.id()), ("Tts", "Llm"));
///     assert_eq!(hop.direction, Direction::Upstream);
/// }
/// # Ok::<(), pipecat_instrument_runtime::frame_log::FrameLogReadError>(())
/// ```
pub struct LoggedEvent {
    pub(super) wall: Time,
    /// The class of the frame, if it derives from the class that it is read as.
    pub(super) own_class: Option<Box<str>>,
    pub(super) source: LoggedProcessor,
    pub(super) destination: LoggedProcessor,
    pub(super) direction: Direction,
    pub(super) id: FrameId,
    pub(super) sibling: Option<FrameId>,
    pub(super) payload: Payload<'static>,
}

impl LoggedEvent {
    /// Returns the time of the hop.
    pub const fn at(&self) -> Time {
        self.wall
    }

    /// Returns the name of the frame's class, such as `BotSpeakingFrame`.
    pub fn class(&self) -> &str {
        self.own_class.as_deref().unwrap_or_else(|| self.payload.class())
    }

    /// Returns the frame.
    pub fn frame(&self) -> Frame<'_> {
        self.payload.view()
    }

    /// Returns the hop of `frame`. Pass the result of [`frame`](Self::frame), which the hop borrows.
    pub fn hop<'a>(&'a self, frame: &'a Frame<'a>) -> FramePushed<'a> {
        FramePushed {
            source: (&self.source).into(),
            destination: (&self.destination).into(),
            direction: self.direction,
            id: Some(self.id),
            sibling: self.sibling,
            frame,
        }
    }
}

/// A processor at one end of a hop.
#[derive(Debug, Clone)]
pub(super) enum LoggedProcessor {
    Described(Arc<Processor>),
    /// A processor without a line: its id serves as its name.
    Named(Box<str>),
}

impl<'a> From<&'a LoggedProcessor> for ProcessorRef<'a> {
    fn from(processor: &'a LoggedProcessor) -> Self {
        match processor {
            LoggedProcessor::Described(processor) => Self::from(&**processor),
            LoggedProcessor::Named(name) => Self::named(name),
        }
    }
}

/// The processors of a log.
#[derive(Default)]
pub(super) struct LoggedProcessors {
    by_id: HashMap<String, Arc<Processor>>,
    sink: SinkName,
}

/// The name of the end of the pipeline. It derives from the source of the first `StartFrame`: a pipeline that starts
/// with `Worker#0::Source` ends with `Worker#0::Sink`.
#[derive(Default)]
enum SinkName {
    /// No `StartFrame` yet.
    #[default]
    Pending,
    /// The pipeline does not begin with a processor named `…Source`.
    Unknown,
    Known(String),
}

impl LoggedProcessors {
    /// Adds a processor, or replaces its description.
    pub(super) fn describe(&mut self, mut processor: Processor) {
        self.set_role_of_sink(&mut processor);
        self.by_id.insert(processor.id.clone(), Arc::new(processor));
    }

    /// Returns the processor `id`.
    pub(super) fn get(&self, id: &str) -> LoggedProcessor {
        match (self.by_id.get(id), &self.sink) {
            (Some(processor), _) => LoggedProcessor::Described(Arc::clone(processor)),
            (None, SinkName::Known(sink)) if sink == id => {
                LoggedProcessor::Described(Arc::new(Processor::new(id, id, Role::Sink)))
            }
            (None, _) => LoggedProcessor::Named(id.into()),
        }
    }

    /// Handles a `StartFrame` from `source`. The first one determines the end of the pipeline.
    pub(super) fn on_start(&mut self, source: &LoggedProcessor) {
        if !matches!(self.sink, SinkName::Pending) {
            return;
        }
        self.sink = match ProcessorRef::from(source).name().strip_suffix("Source") {
            Some(stem) => SinkName::Known(format!("{stem}Sink")),
            None => SinkName::Unknown,
        };
        for processor in std::mem::take(&mut self.by_id).into_values() {
            self.describe(Arc::unwrap_or_clone(processor));
        }
    }

    fn set_role_of_sink(&self, processor: &mut Processor) {
        let is_sink = matches!(&self.sink, SinkName::Known(sink) if *sink == processor.name);
        if is_sink && matches!(processor.role, Role::Other | Role::Unknown) {
            processor.role = Role::Sink;
        }
    }
}
