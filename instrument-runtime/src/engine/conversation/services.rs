//! The processors of a conversation, as far as they matter: services and transports.

use std::sync::Arc;

use crate::engine::frame::{FrameKind, ObservedService, Processor, ProcessorRef, Role, ServiceView};

/// No pipeline has so many; what comes beyond is not told apart.
const MOST_PROCESSORS: usize = 256;

/// A processor's place in the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ServiceIndex(usize);

/// What is known of one processor.
#[derive(Debug)]
pub(crate) struct Service {
    id: String,
    pub(crate) role: Role,
    pub(crate) processor: Arc<Processor>,
    pub(crate) habits: Habits,
    /// A language model that hears or speaks by itself.
    pub(crate) is_speech_to_speech: bool,
}

/// What a service has been seen to do.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Habits {
    /// It has reported times: what it does not report of a span was not measured.
    pub(crate) reports_times: bool,
    /// It has told what it was asked to say.
    pub(crate) tells_input: bool,
    /// It has sent text with its audio.
    pub(crate) sends_text: bool,
}

/// Every processor that has been seen at an end of a hop that mattered.
#[derive(Debug, Default)]
pub(crate) struct Services {
    known: Vec<Service>,
    /// The place of the one that was asked for last: frames of one processor come in rows.
    last: usize,
}

impl Services {
    /// The place of a processor, made if it has none.
    pub(crate) fn index_of(&mut self, processor: ProcessorRef<'_>) -> ServiceIndex {
        let is_it = |service: &Service| service.id == processor.id();
        if self.known.get(self.last).is_some_and(is_it) {
            return ServiceIndex(self.last);
        }
        if let Some(index) = self.known.iter().position(is_it) {
            self.last = index;
            return ServiceIndex(index);
        }
        if self.known.len() == MOST_PROCESSORS {
            return ServiceIndex(MOST_PROCESSORS - 1);
        }
        self.known.push(Service {
            id: processor.id().to_owned(),
            role: processor.role(),
            processor: Arc::new(processor.view().map_or_else(
                || Processor::new(processor.id(), processor.id(), Role::Unknown),
                ServiceView::to_processor,
            )),
            habits: Habits::default(),
            is_speech_to_speech: false,
        });
        ServiceIndex(self.known.len() - 1)
    }

    /// The same, with the newest description: settings may have changed since it was last looked at.
    pub(crate) fn described(&mut self, processor: ProcessorRef<'_>) -> ServiceIndex {
        let index = self.index_of(processor);
        if let Some(view) = processor.view() {
            let service = &mut self.known[index.0];
            if service.processor.view() != view {
                service.processor = Arc::new(view.to_processor());
            }
            if view.role != Role::Unknown {
                service.role = view.role;
            }
        }
        index
    }

    /// What a processor does: as it was told, or as its frames have shown.
    pub(crate) fn role(&self, processor: ProcessorRef<'_>) -> Role {
        match processor.role() {
            Role::Unknown => self
                .known
                .iter()
                .find(|service| service.id == processor.id())
                .map_or(Role::Unknown, |service| service.role),
            told => told,
        }
    }

    /// What a processor does, given that it was the first to push a frame of `kind`.
    pub(crate) fn role_of_pusher(&mut self, processor: ProcessorRef<'_>, kind: FrameKind) -> Role {
        let role = self.role(processor);
        if role != Role::Unknown {
            return role;
        }
        let Some(shown) = role_shown_by(kind) else { return role };
        let index = self.index_of(processor);
        self.known[index.0].role = shown;
        shown
    }

    /// The only service of a role, if there is just one.
    pub(crate) fn only(&self, role: Role) -> Option<ServiceIndex> {
        let mut of_role = (0..self.known.len()).filter(|&index| self.known[index].role == role);
        of_role.next().filter(|_| of_role.next().is_none()).map(ServiceIndex)
    }

    /// The same, with its description.
    pub(crate) fn only_described(&self, role: Role) -> Option<(ServiceIndex, Arc<Processor>)> {
        self.only(role).map(|index| (index, self[index].processor.clone()))
    }

    /// Whether there is a processor of a role.
    pub(crate) fn has(&self, role: Role) -> bool {
        self.known.iter().any(|service| service.role == role)
    }

    /// Whether some processor is as `wanted`.
    pub(crate) fn any(&self, wanted: impl Fn(&Service) -> bool) -> bool {
        self.known.iter().any(wanted)
    }

    /// The service that bears a name.
    pub(crate) fn named(&self, name: &str) -> Option<ServiceIndex> {
        self.known.iter().position(|service| service.processor.name == name).map(ServiceIndex)
    }
}

/// Only a processor of this role is the first to push such a frame.
const fn role_shown_by(kind: FrameKind) -> Option<Role> {
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

impl std::ops::Index<ServiceIndex> for Services {
    type Output = Service;

    fn index(&self, index: ServiceIndex) -> &Service {
        &self.known[index.0]
    }
}

impl std::ops::IndexMut<ServiceIndex> for Services {
    fn index_mut(&mut self, index: ServiceIndex) -> &mut Service {
        &mut self.known[index.0]
    }
}
