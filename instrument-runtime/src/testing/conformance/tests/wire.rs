//! The hops of a small pipeline, as an adapter tells them: rightly, or with a fault.

use std::sync::Mutex;

use super::faults::Fault;
use crate::engine::frame::{
    Chunking, Direction, Frame, FrameId, FramePushed, Processor, ProcessorRef, Role, Spacing,
};
use crate::observer::Observer;

/// The processors, in order. Between the services are some that pass everything on, so that each frame makes many hops.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stop {
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

const STOPS: [(Stop, Role); 12] = [
    (Stop::Source, Role::Other),
    (Stop::Input, Role::InputTransport),
    (Stop::Stt, Role::Stt),
    (Stop::Translator, Role::Other),
    (Stop::UserAggregator, Role::Other),
    (Stop::Llm, Role::Llm),
    (Stop::Filter, Role::Other),
    (Stop::Recorder, Role::Other),
    (Stop::Tts, Role::Tts),
    (Stop::Mixer, Role::Other),
    (Stop::Output, Role::OutputTransport),
    (Stop::Sink, Role::Sink),
];

/// Where frames travel, past an observer.
pub(super) struct Wire {
    observer: Observer,
    processors: Vec<Processor>,
    next_id: u64,
    fault: Option<Fault>,
}

/// Observers that nobody drops.
static KEPT: Mutex<Vec<Observer>> = Mutex::new(Vec::new());

impl Wire {
    pub(super) fn new(observer: Observer, fault: Option<Fault>) -> Self {
        let processors = STOPS.iter().map(|(stop, role)| {
            let name = format!("{stop:?}");
            Processor::new(&*name, format!("{name}Service"), *role)
        });
        let processors = processors.collect();
        if fault == Some(Fault::KeepsObserver) {
            KEPT.lock().unwrap().push(observer.clone());
        }
        Self { observer, processors, next_id: 0, fault }
    }

    /// A frame travels from one stop to another, with one id over all hops.
    pub(super) fn travels(&mut self, from: Stop, to: Stop, frame: &Frame<'_>) {
        let id = self.id();
        self.passes(from, to, frame, id, None);
    }

    /// A frame travels from one stop to both ends, as two frames that name each other.
    pub(super) fn is_broadcast(&mut self, from: Stop, frame: &Frame<'_>) {
        let (down, up) = (self.id(), self.id());
        self.passes(from, Stop::Sink, frame, down, Some(up));
        self.passes(from, Stop::Source, frame, up, Some(down));
    }

    fn id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    fn passes(&self, from: Stop, to: Stop, frame: &Frame<'_>, id: u64, sibling: Option<u64>) {
        let direction = if from <= to { Direction::Downstream } else { Direction::Upstream };
        let within = |stop: &Stop| (from.min(to)..=from.max(to)).contains(stop);
        let mut way: Vec<Stop> = STOPS.iter().map(|(stop, _)| *stop).filter(within).collect();
        if direction == Direction::Upstream {
            way.reverse();
        }
        for hop in way.windows(2) {
            self.hops(hop[0], hop[1], direction, frame, (id, sibling));
        }
    }

    fn hops(
        &self,
        from: Stop,
        to: Stop,
        direction: Direction,
        frame: &Frame<'_>,
        (id, sibling): (u64, Option<u64>),
    ) {
        let fault = self.fault;
        let is_lost = match fault {
            Some(Fault::DropsUpstream) => direction == Direction::Upstream,
            Some(Fault::NoErrors) => matches!(frame, Frame::Error(_)),
            Some(Fault::NoVoice) => {
                matches!(frame, Frame::VadUserStartedSpeaking | Frame::VadUserStoppedSpeaking { .. })
            }
            Some(Fault::NoMetrics) => matches!(frame, Frame::Metrics(_)),
            Some(Fault::NoContexts) => matches!(frame, Frame::LlmContext(_)),
            Some(Fault::NoToolsInProgress) => matches!(frame, Frame::FunctionCallInProgress(_)),
            Some(Fault::KeepsObserver) => matches!(frame, Frame::End),
            _ => false,
        };
        if is_lost {
            return;
        }
        let told = match (*frame, fault) {
            (Frame::LlmText(mut text), Some(Fault::Cumulative)) => {
                text.chunking = Chunking::Cumulative;
                Frame::LlmText(text)
            }
            (Frame::LlmText(mut text), Some(Fault::WordsWithoutSpaces)) => {
                text.spacing = Spacing::Between;
                Frame::LlmText(text)
            }
            (Frame::InterimTranscription(text), Some(Fault::GuessesAreFinal)) => Frame::Transcription(text),
            (told, _) => told,
        };
        let ids = match fault {
            Some(Fault::NoIds) => (None, None),
            _ => (Some(FrameId(id)), sibling.map(FrameId)),
        };
        self.push(from, to, direction, ids, &told);
        let answers = matches!(frame, Frame::LlmText(_)) && from == Stop::Llm;
        if fault == Some(Fault::InventsEnds) && answers {
            self.push(from, to, direction, (None, None), &Frame::LlmResponseEnd);
        }
    }

    fn push(
        &self,
        from: Stop,
        to: Stop,
        direction: Direction,
        (id, sibling): (Option<FrameId>, Option<FrameId>),
        frame: &Frame<'_>,
    ) {
        let source = ProcessorRef::from(&self.processors[from as usize]);
        let destination = ProcessorRef::from(&self.processors[to as usize]);
        self.observer.on_push_frame(&FramePushed { source, destination, direction, id, sibling, frame });
    }
}
