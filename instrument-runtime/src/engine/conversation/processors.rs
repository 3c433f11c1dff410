//! The services and transports of a conversation, with their descriptions and observed capabilities.

use std::sync::Arc;

use crate::engine::frame::{FrameKind, Processor, ProcessorRef, Role, ServiceView};

/// Upper bound on known processors. Further ones share the last entry.
const MAX_PROCESSORS: usize = 256;

/// The index of a processor in [`Processors`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ProcessorIndex(usize);

/// One processor, with its observed capabilities.
#[derive(Debug)]
#[allow(clippy::struct_excessive_bools, reason = "independent observations")]
struct KnownProcessor {
    id: String,
    role: Role,
    processor: Arc<Processor>,
    reports_times: bool,
    reports_input: bool,
    sends_text: bool,
    is_speech_to_speech: bool,
}

/// Every processor seen at either end of a relevant hop.
#[derive(Debug, Default)]
pub(crate) struct Processors {
    known: Vec<KnownProcessor>,
    /// Index of the latest lookup: consecutive frames mostly come from the same processor.
    latest: usize,
}

impl Processors {
    /// Returns the index of a processor, adding it when it is new.
    pub(super) fn index_of(&mut self, processor: ProcessorRef<'_>) -> ProcessorIndex {
        let is_same = |known: &KnownProcessor| known.id == processor.id();
        if self.known.get(self.latest).is_some_and(is_same) {
            return ProcessorIndex(self.latest);
        }
        if let Some(index) = self.known.iter().position(is_same) {
            self.latest = index;
            return ProcessorIndex(index);
        }
        if self.known.len() == MAX_PROCESSORS {
            return ProcessorIndex(MAX_PROCESSORS - 1);
        }
        self.known.push(KnownProcessor {
            id: processor.id().to_owned(),
            role: processor.role(),
            processor: Arc::new(processor.view().map_or_else(
                || Processor::new(processor.id(), processor.id(), Role::Unknown),
                ServiceView::to_processor,
            )),
            reports_times: false,
            reports_input: false,
            sends_text: false,
            is_speech_to_speech: false,
        });
        ProcessorIndex(self.known.len() - 1)
    }

    /// Returns the index of a processor; `None` if it is new.
    pub(super) fn find(&self, processor: ProcessorRef<'_>) -> Option<ProcessorIndex> {
        self.known.iter().position(|known| known.id == processor.id()).map(ProcessorIndex)
    }

    /// Returns the index of a processor after updating its description: settings change during a conversation.
    pub(super) fn update(&mut self, processor: ProcessorRef<'_>) -> ProcessorIndex {
        let earlier = self.known.len();
        let index = self.index_of(processor);
        if self.known.len() == earlier
            && let Some(view) = processor.view()
        {
            let known = &mut self.known[index.0];
            if !view.describes(&known.processor) {
                known.processor = Arc::new(view.to_processor());
            }
            if view.role != Role::Unknown {
                known.role = view.role;
            }
        }
        index
    }

    /// Returns the role of a processor: the declared one, else the one that its frames have shown.
    pub(super) fn role(&self, processor: ProcessorRef<'_>) -> Role {
        match processor.role() {
            Role::Unknown => self
                .known
                .iter()
                .find(|known| known.id == processor.id())
                .map_or(Role::Unknown, |known| known.role),
            declared => declared,
        }
    }

    /// Returns the role of the processor that pushed a frame of `kind` first, inferring it from the kind if necessary.
    pub(super) fn role_of_pusher(&mut self, processor: ProcessorRef<'_>, kind: FrameKind) -> Role {
        let role = self.role(processor);
        if role != Role::Unknown {
            return role;
        }
        let Some(inferred) = role_from_first_push(kind) else { return role };
        let index = self.index_of(processor);
        self.known[index.0].role = inferred;
        inferred
    }

    /// Returns the role of a known processor.
    pub(super) fn role_at(&self, index: ProcessorIndex) -> Role {
        self.known[index.0].role
    }

    /// Returns the latest description of a processor.
    pub(super) fn description(&self, index: ProcessorIndex) -> &Arc<Processor> {
        &self.known[index.0].processor
    }

    /// Returns the only processor of a role with its description, or `None` if there are several or none.
    pub(super) fn only(&self, role: Role) -> Option<(ProcessorIndex, Arc<Processor>)> {
        let mut matching = (0..self.known.len()).filter(|&index| self.known[index].role == role);
        let index = matching.next().filter(|_| matching.next().is_none())?;
        Some((ProcessorIndex(index), self.known[index].processor.clone()))
    }

    /// Whether there is a processor of a role.
    pub(super) fn has(&self, role: Role) -> bool {
        self.known.iter().any(|known| known.role == role)
    }

    /// Whether a processor of this role has this class, name or id.
    pub(super) fn has_named(&self, role: Role, name: &str) -> bool {
        self.known.iter().any(|known| known.role == role && is_named(&known.processor, name))
    }

    /// Returns the processor with this instance name.
    pub(super) fn by_name(&self, name: &str) -> Option<ProcessorIndex> {
        self.known.iter().position(|known| known.processor.name == name).map(ProcessorIndex)
    }

    /// Records that a service reports times. Times that it omits for a span are then unknown: they are not measured
    /// from frames.
    pub(super) fn on_reported_time(&mut self, index: ProcessorIndex) {
        self.known[index.0].reports_times = true;
    }

    /// Records that a service reports its input text.
    pub(super) fn on_reported_input(&mut self, index: ProcessorIndex) {
        self.known[index.0].reports_input = true;
    }

    /// Records that a service sends text along with its audio.
    pub(super) fn on_sent_text(&mut self, index: ProcessorIndex) {
        self.known[index.0].sends_text = true;
    }

    /// Records that a language model hears or speaks without separate STT and TTS services.
    pub(super) fn on_speech_to_speech(&mut self, index: ProcessorIndex) {
        self.known[index.0].is_speech_to_speech = true;
    }

    /// Whether a service has reported any time so far.
    pub(super) fn reports_times(&self, index: ProcessorIndex) -> bool {
        self.known[index.0].reports_times
    }

    /// Whether a service has reported its input text.
    pub(super) fn reports_input(&self, index: ProcessorIndex) -> bool {
        self.known[index.0].reports_input
    }

    /// Whether any service has sent text along with its audio.
    pub(super) fn any_sends_text(&self) -> bool {
        self.known.iter().any(|known| known.sends_text)
    }

    /// Whether a language model has heard or spoken without separate STT and TTS services.
    pub(super) fn is_speech_to_speech(&self, index: ProcessorIndex) -> bool {
        self.known[index.0].is_speech_to_speech
    }

    /// Whether a language model may still turn out to be speech to speech: there is no STT or TTS service, but
    /// something sends audio to the user.
    pub(super) fn may_have_speech_to_speech(&self) -> bool {
        !self.has(Role::Stt) && !self.has(Role::Tts) && self.has(Role::OutputTransport)
    }
}

/// Whether a processor has this class, name or id.
pub(super) fn is_named(processor: &Processor, name: &str) -> bool {
    processor.class == name || processor.name == name || processor.id == name
}

/// Returns the only role whose processors are the first to push a frame of this kind.
const fn role_from_first_push(kind: FrameKind) -> Option<Role> {
    match kind {
        FrameKind::Transcription | FrameKind::InterimTranscription => Some(Role::Stt),
        FrameKind::LlmResponseStart
        | FrameKind::LlmText
        | FrameKind::LlmResponseEnd
        | FrameKind::FunctionCallsStarted
        | FrameKind::FunctionCallInProgress => Some(Role::Llm),
        FrameKind::AggregatedText
        | FrameKind::TtsStarted
        | FrameKind::TtsText
        | FrameKind::TtsAudio
        | FrameKind::OutputAudio
        | FrameKind::TtsStopped => Some(Role::Tts),
        FrameKind::BotStartedSpeaking | FrameKind::BotStoppedSpeaking => Some(Role::OutputTransport),
        FrameKind::InputAudio => Some(Role::InputTransport),
        _ => None,
    }
}
