//! Descriptions of processors, for frameworks whose hops contain names only.

use super::{Processor, ProcessorRef, Role};

/// Processors by name, found without allocation or lock. For adapters of frameworks whose hops contain names only.
///
/// ```
/// use pipecat_instrument_runtime::engine::frame::{ProcessorRegistry, Processor, Role};
///
/// let mut registry: ProcessorRegistry = [Processor::new("Llm", "Llm", Role::Llm)].into_iter().collect();
/// registry.describe(Processor::new("Llm", "OpenAILLMService", Role::Unknown).model("gpt-4o-mini"));
///
/// assert_eq!(registry.find("Llm").role(), Role::Llm);
/// assert_eq!(registry.find("MyOwn").role(), Role::Unknown);
/// ```
#[derive(Debug, Clone, Default)]
pub struct ProcessorRegistry {
    /// Sorted by [`key`].
    processors: Vec<Processor>,
}

impl ProcessorRegistry {
    /// Adds or replaces the processor named `processor.id`. If its role is unknown, keeps the previous role.
    pub fn describe(&mut self, mut processor: Processor) {
        match self.position(&processor.id) {
            Ok(index) => {
                if processor.role == Role::Unknown {
                    processor.role = self.processors[index].role;
                }
                self.processors[index] = processor;
            }
            Err(index) => self.processors.insert(index, processor),
        }
    }

    /// Returns a reference to the processor of that name, with no description if it was not added.
    pub fn find<'a>(&'a self, name: &'a str) -> ProcessorRef<'a> {
        self.get(name).map_or_else(|| ProcessorRef::named(name), ProcessorRef::from)
    }

    /// Returns the processor of that name.
    pub fn get(&self, name: &str) -> Option<&Processor> {
        self.position(name).ok().map(|index| &self.processors[index])
    }

    fn position(&self, name: &str) -> Result<usize, usize> {
        self.processors.binary_search_by(|processor| key(&processor.id).cmp(&key(name)))
    }
}

impl FromIterator<Processor> for ProcessorRegistry {
    fn from_iter<I: IntoIterator<Item = Processor>>(processors: I) -> Self {
        let mut registry = Self::default();
        processors.into_iter().for_each(|processor| registry.describe(processor));
        registry
    }
}

/// Sorts names by length first: few names share a length, and it is cheap to compare.
fn key(name: &str) -> (usize, &str) {
    (name.len(), name)
}

#[cfg(test)]
mod tests {
    use super::{Processor, ProcessorRegistry, Role};

    #[test]
    fn an_added_name_is_found_and_any_other_has_no_role() {
        let names = ["Stt", "Llm", "Tts", "Sink", "RealtimeService"];
        let registry: ProcessorRegistry =
            names.into_iter().map(|name| Processor::new(name, name, Role::Other)).collect();
        for name in names {
            assert_eq!(registry.find(name).role(), Role::Other, "{name}");
            assert_eq!(registry.find(name).id(), name);
        }
        assert_eq!(registry.find("MyOwn").role(), Role::Unknown);
        assert_eq!(registry.get("MyOwn"), None);
    }

    #[test]
    fn a_description_replaces_the_earlier_one_but_not_with_no_role() {
        let mut registry: ProcessorRegistry = [Processor::new("Llm", "Llm", Role::Llm)].into_iter().collect();
        registry.describe(Processor::new("Llm", "OpenAILLMService", Role::Unknown).model("gpt-4o-mini"));
        registry.describe(Processor::new("MyTts", "CartesiaTTSService", Role::Tts));

        assert_eq!(registry.find("Llm").role(), Role::Llm);
        let model = registry.find("Llm").view().and_then(|llm| llm.model);
        assert_eq!(model, Some("gpt-4o-mini"));
        assert_eq!(registry.find("MyTts").role(), Role::Tts);
    }
}
