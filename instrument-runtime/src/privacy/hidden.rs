//! The things that can be hidden, each by an option of its own.

/// Something that can be hidden.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Topic {
    Inputs,
    Outputs,
    InputMessages,
    OutputMessages,
    InputText,
    OutputText,
    InputImages,
    LlmInvocationParameters,
    LlmTools,
    Prompts,
    Choices,
    EmbeddingVectors,
    EmbeddingsVectors,
    EmbeddingsText,
    RetrievalDocuments,
}

impl Topic {
    /// Every one of them, and the variable that hides it; in the order of their numbers.
    pub(super) const ALL: [(Self, &str); 15] = [
        (Self::Inputs, "OPENINFERENCE_HIDE_INPUTS"),
        (Self::Outputs, "OPENINFERENCE_HIDE_OUTPUTS"),
        (Self::InputMessages, "OPENINFERENCE_HIDE_INPUT_MESSAGES"),
        (Self::OutputMessages, "OPENINFERENCE_HIDE_OUTPUT_MESSAGES"),
        (Self::InputText, "OPENINFERENCE_HIDE_INPUT_TEXT"),
        (Self::OutputText, "OPENINFERENCE_HIDE_OUTPUT_TEXT"),
        (Self::InputImages, "OPENINFERENCE_HIDE_INPUT_IMAGES"),
        (Self::LlmInvocationParameters, "OPENINFERENCE_HIDE_LLM_INVOCATION_PARAMETERS"),
        (Self::LlmTools, "OPENINFERENCE_HIDE_LLM_TOOLS"),
        (Self::Prompts, "OPENINFERENCE_HIDE_PROMPTS"),
        (Self::Choices, "OPENINFERENCE_HIDE_CHOICES"),
        // The name of the next one in older versions of OpenInference.
        (Self::EmbeddingVectors, "OPENINFERENCE_HIDE_EMBEDDING_VECTORS"),
        (Self::EmbeddingsVectors, "OPENINFERENCE_HIDE_EMBEDDINGS_VECTORS"),
        (Self::EmbeddingsText, "OPENINFERENCE_HIDE_EMBEDDINGS_TEXT"),
        (Self::RetrievalDocuments, "OPENINFERENCE_HIDE_RETRIEVAL_DOCUMENTS"),
    ];
}

/// What was decided of each topic, if anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Decisions([Option<bool>; Topic::ALL.len()]);

impl Decisions {
    pub(super) const fn of(&self, topic: Topic) -> Option<bool> {
        self.0[topic as usize]
    }

    pub(super) fn set(&mut self, topic: Topic, hide: bool) {
        self.0[topic as usize] = Some(hide);
    }

    /// Whether it is hidden: not unless somebody said so.
    pub(super) fn hide(&self, topic: Topic) -> bool {
        self.of(topic) == Some(true)
    }

    /// Whether anything is hidden.
    pub(super) fn hide_any(&self) -> bool {
        self.0.contains(&Some(true))
    }
}

#[cfg(test)]
mod tests {
    use super::Topic;

    #[test]
    fn topics_stand_in_the_order_of_their_numbers() {
        for (index, (topic, _)) in Topic::ALL.into_iter().enumerate() {
            assert_eq!(topic as usize, index);
        }
    }
}
