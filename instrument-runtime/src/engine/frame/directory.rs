//! Who stands behind a processor's name, in frameworks that tell no more than the name.

use super::{Processor, ProcessorRef, Role};

/// Processors that are known by name, found without an allocation or a lock. For adapters of frameworks whose hops bear
/// names and nothing else.
///
/// ```
/// use pipecat_instrument_runtime::engine::frame::{ProcessorRegistry, Processor, Role};
///
/// let mut directory: ProcessorRegistry = [Processor::new("Llm", "Llm", Role::Llm)].into_iter().collect();
/// directory.describe(Processor::new("Llm", "OpenAILLMService", Role::Unknown).model("gpt-4o-mini"));
///
/// assert_eq!(directory.find("Llm").role(), Role::Llm);
/// assert_eq!(directory.find("MyOwn").role(), Role::Unknown);
/// ```
#[derive(Debug, Clone, Default)]
pub struct ProcessorRegistry {
    /// Sorted by [`key`].
    processors: Vec<Processor>,
}

impl ProcessorRegistry {
    /// Says who stands behind the name `service.id`. Where it says no role, what was known of the role stays.
    pub fn describe(&mut self, mut service: Processor) {
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

    /// The processor of that name; one of which only the name is known, if it is not listed.
    pub fn find<'a>(&'a self, name: &'a str) -> ProcessorRef<'a> {
        self.get(name).map_or_else(|| ProcessorRef::named(name), ProcessorRef::from)
    }

    /// What is listed under that name.
    pub fn get(&self, name: &str) -> Option<&Processor> {
        self.position(name).ok().map(|known| &self.processors[known])
    }

    fn position(&self, name: &str) -> Result<usize, usize> {
        self.processors.binary_search_by(|processor| key(&processor.id).cmp(&key(name)))
    }
}

impl FromIterator<Processor> for ProcessorRegistry {
    fn from_iter<I: IntoIterator<Item = Processor>>(processors: I) -> Self {
        let mut directory = Self::default();
        processors.into_iter().for_each(|processor| directory.describe(processor));
        directory
    }
}

/// What names are sorted by: their length first, as few names share one and it is compared at no cost.
fn key(name: &str) -> (usize, &str) {
    (name.len(), name)
}

#[cfg(test)]
mod tests {
    use super::{Processor, ProcessorRegistry, Role};

    #[test]
    fn a_name_that_is_listed_is_found_and_any_other_is_a_name() {
        let names = ["Stt", "Llm", "Tts", "Sink", "RealtimeService"];
        let directory: ProcessorRegistry =
            names.into_iter().map(|name| Processor::new(name, name, Role::Other)).collect();
        for name in names {
            assert_eq!(directory.find(name).role(), Role::Other, "{name}");
            assert_eq!(directory.find(name).id(), name);
        }
        assert_eq!(directory.find("MyOwn").role(), Role::Unknown);
        assert_eq!(directory.get("MyOwn"), None);
    }

    #[test]
    fn what_is_told_of_a_name_replaces_what_was_known_but_a_role_that_is_not_told() {
        let mut directory: ProcessorRegistry =
            [Processor::new("Llm", "Llm", Role::Llm)].into_iter().collect();
        directory.describe(Processor::new("Llm", "OpenAILLMService", Role::Unknown).model("gpt-4o-mini"));
        directory.describe(Processor::new("MyTts", "CartesiaTTSService", Role::Tts));

        assert_eq!(directory.find("Llm").role(), Role::Llm);
        let model = directory.find("Llm").view().and_then(|llm| llm.model);
        assert_eq!(model, Some("gpt-4o-mini"));
        assert_eq!(directory.find("MyTts").role(), Role::Tts);
    }
}
