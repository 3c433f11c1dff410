//! A small observed pipeline, correct or with a fault.

use std::sync::Mutex;

use super::faults::Fault;
use crate::engine::frame::{
    Chunking, Direction, Frame, FrameId, FramePushed, Processor, ProcessorRef, Role, Spacing,
};
use crate::observer::Observer;

/// The processors, in order. Some between the services only pass frames on, so that each frame makes many hops.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Position {
    Source,
    Input,
    Stt,
    Translator,
    UserAggregator,
    Llm,
    Filter,
    Recorder,
    Tts,
    Mixer,
    Output,
    Sink,
}

const POSITIONS: [(Position, Role); 12] = [
    (Position::Source, Role::Other),
    (Position::Input, Role::InputTransport),
    (Position::Stt, Role::Stt),
    (Position::Translator, Role::Other),
    (Position::UserAggregator, Role::Other),
    (Position::Llm, Role::Llm),
    (Position::Filter, Role::Other),
    (Position::Recorder, Role::Other),
    (Position::Tts, Role::Tts),
    (Position::Mixer, Role::Other),
    (Position::Output, Role::OutputTransport),
    (Position::Sink, Role::Sink),
];

/// The pipeline and its observer.
pub(super) struct TestPipeline {
    observer: Observer,
    processors: Vec<Processor>,
    next_id: u64,
    fault: Option<Fault>,
}

/// Observers that are never dropped.
static KEPT_OBSERVERS: Mutex<Vec<Observer>> = Mutex::new(Vec::new());

impl TestPipeline {
    pub(super) fn new(observer: Observer, fault: Option<Fault>) -> Self {
        let processors = POSITIONS.iter().map(|(position, role)| {
            let name = format!("{position:?}");
            Processor::new(&*name, format!("{name}Service"), *role)
        });
        let processors = processors.collect();
        if fault == Some(Fault::KeptObserver) {
            KEPT_OBSERVERS.lock().unwrap().push(observer.clone());
        }
        Self { observer, processors, next_id: 0, fault }
    }

    /// Pushes a frame from one position to another, with one id over all hops.
    pub(super) fn push(&mut self, from: Position, to: Position, frame: &Frame<'_>) {
        let id = self.id();
        self.push_hops(from, to, frame, id, None);
    }

    /// Pushes a frame from one position to both ends, as two frames that name each other as sibling.
    pub(super) fn broadcast(&mut self, from: Position, frame: &Frame<'_>) {
        let (down, up) = (self.id(), self.id());
        self.push_hops(from, Position::Sink, frame, down, Some(up));
        self.push_hops(from, Position::Source, frame, up, Some(down));
    }

    fn id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    fn push_hops(&self, from: Position, to: Position, frame: &Frame<'_>, id: u64, sibling: Option<u64>) {
        let direction = if from <= to { Direction::Downstream } else { Direction::Upstream };
        let within = |position: &Position| (from.min(to)..=from.max(to)).contains(position);
        let mut route: Vec<Position> =
            POSITIONS.iter().map(|(position, _)| *position).filter(within).collect();
        if direction == Direction::Upstream {
            route.reverse();
        }
        for hop in route.windows(2) {
            self.push_hop(hop[0], hop[1], direction, frame, (id, sibling));
        }
    }

    fn push_hop(
        &self,
        from: Position,
        to: Position,
        direction: Direction,
        frame: &Frame<'_>,
        (id, sibling): (u64, Option<u64>),
    ) {
        let fault = self.fault;
        let is_missing = match fault {
            Some(Fault::NoUpstream) => direction == Direction::Upstream,
            Some(Fault::NoErrors) => matches!(frame, Frame::Error(_)),
            Some(Fault::NoVoice) => {
                matches!(frame, Frame::VadUserStartedSpeaking | Frame::VadUserStoppedSpeaking { .. })
            }
            Some(Fault::NoMetrics) => matches!(frame, Frame::Metrics(_)),
            Some(Fault::NoContexts) => matches!(frame, Frame::LlmContext(_)),
            Some(Fault::NoToolsInProgress) => matches!(frame, Frame::FunctionCallInProgress(_)),
            Some(Fault::KeptObserver) => matches!(frame, Frame::End),
            _ => false,
        };
        if is_missing {
            return;
        }
        let frame_sent = match (*frame, fault) {
            (Frame::LlmText(mut text), Some(Fault::MarkedCumulative)) => {
                text.chunking = Chunking::Cumulative;
                Frame::LlmText(text)
            }
            (Frame::LlmText(mut text), Some(Fault::MarkedWithoutSpaces)) => {
                text.spacing = Spacing::Between;
                Frame::LlmText(text)
            }
            (Frame::InterimTranscription(text), Some(Fault::InterimAsFinal)) => Frame::Transcription(text),
            (frame, _) => frame,
        };
        let ids = match fault {
            Some(Fault::NoIds) => (None, None),
            _ => (Some(FrameId(id)), sibling.map(FrameId)),
        };
        self.observe(from, to, direction, ids, &frame_sent);
        let is_response = matches!(frame, Frame::LlmText(_)) && from == Position::Llm;
        if fault == Some(Fault::InventedResponseEnds) && is_response {
            self.observe(from, to, direction, (None, None), &Frame::LlmResponseEnd);
        }
    }

    fn observe(
        &self,
        from: Position,
        to: Position,
        direction: Direction,
        (id, sibling): (Option<FrameId>, Option<FrameId>),
        frame: &Frame<'_>,
    ) {
        let source = ProcessorRef::from(&self.processors[from as usize]);
        let destination = ProcessorRef::from(&self.processors[to as usize]);
        self.observer.on_push_frame(&FramePushed { source, destination, direction, id, sibling, frame });
    }
}
