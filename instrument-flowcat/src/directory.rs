//! Who stands behind a processor's name.

use pipecat_instrument_runtime::core::frame::{Processor, ProcessorRef, Role};

use crate::names;

/// The processors that are known by name, found without an allocation or a lock.
#[derive(Debug)]
pub(crate) struct Directory {
    /// Sorted by [`key`].
    processors: Vec<Processor>,
}

impl Directory {
    /// flowcat's own processors, as far as their names tell what they do.
    pub(crate) fn of_flowcat() -> Self {
        let services = [
            (names::STT, Role::Stt),
            (names::LLM, Role::Llm),
            (names::TTS, Role::Tts),
            (names::REALTIME, Role::Llm),
            (names::TRANSPORT_INPUT, Role::InputTransport),
            (names::SINK, Role::Sink),
        ];
        let others = names::OTHERS.iter().map(|name| (*name, Role::Other));
        let mut processors: Vec<Processor> =
            services.into_iter().chain(others).map(|(name, role)| Processor::new(name, name, role)).collect();
        processors.sort_by(|one, other| key(&one.id).cmp(&key(&other.id)));
        Self { processors }
    }

    /// Says who stands behind the name `service.id`. Where it says no role, what was known of the role stays.
    pub(crate) fn describe(&mut self, mut service: Processor) {
        match self.position(&service.id) {
            Ok(known) => {
                if service.role == Role::Unknown {
                    service.role = self.processors[known].role;
                }
                self.processors[known] = service;
            }
            Err(place) => self.processors.insert(place, service),
        }
    }

    /// The processor of that name.
    pub(crate) fn find<'a>(&'a self, name: &'a str) -> ProcessorRef<'a> {
        match self.position(name) {
            Ok(known) => ProcessorRef::from(&self.processors[known]),
            Err(_) => ProcessorRef::named(name),
        }
    }

    fn position(&self, name: &str) -> Result<usize, usize> {
        self.processors.binary_search_by(|processor| key(&processor.id).cmp(&key(name)))
    }
}

/// What names are sorted by: their length first, as few names share one and it is compared at no cost.
fn key(name: &str) -> (usize, &str) {
    (name.len(), name)
}

#[cfg(test)]
mod tests {
    use super::{Directory, Processor, Role};

    #[test]
    fn flowcats_own_names_have_a_role_and_others_have_none() {
        let directory = Directory::of_flowcat();
        for (name, role) in [
            ("Stt", Role::Stt),
            ("Llm", Role::Llm),
            ("Tts", Role::Tts),
            ("RealtimeService", Role::Llm),
            ("Sink", Role::Sink),
            ("Brain", Role::Other),
            ("nested", Role::Other),
            ("MyOwn", Role::Unknown),
        ] {
            assert_eq!(directory.find(name).role(), role, "{name}");
            assert_eq!(directory.find(name).id(), name);
        }
    }

    #[test]
    fn what_is_told_of_a_name_replaces_what_was_known_but_a_role_that_is_not_told() {
        let mut directory = Directory::of_flowcat();
        directory.describe(Processor::new("Llm", "OpenAILLMService", Role::Unknown).model("gpt-4o-mini"));
        directory.describe(Processor::new("MyTts", "CartesiaTTSService", Role::Tts));

        assert_eq!(directory.find("Llm").role(), Role::Llm);
        let model = directory.find("Llm").view().and_then(|llm| llm.model);
        assert_eq!(model, Some("gpt-4o-mini"));
        assert_eq!(directory.find("MyTts").role(), Role::Tts);
        assert_eq!(directory.find("Tts").role(), Role::Tts);
    }
}
