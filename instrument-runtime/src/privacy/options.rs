//! The options that hide something, one method each.

use super::TraceConfig;
use super::hidden::Topic;

/// Writes the method of each topic.
macro_rules! options {
    ($($(#[doc = $doc:literal])+ $option:ident = $topic:ident;)*) => {
        /// What is hidden. [Here](crate::privacy) is what each option covers.
        impl TraceConfig {
            $(
                $(#[doc = $doc])+
                pub fn $option(mut self, hide: bool) -> Self {
                    self.decisions.set(Topic::$topic, hide);
                    self
                }
            )*
        }
    };
}

options! {
    /// Redact what spans have as input, drop messages and tools of requests, and redact whatever repeats them.
    hide_inputs = Inputs;
    /// Redact what spans have as output, drop the messages of answers, and redact whatever repeats them.
    hide_outputs = Outputs;
    /// Drop the messages that models are sent.
    hide_input_messages = InputMessages;
    /// Drop the messages that models answer with.
    hide_output_messages = OutputMessages;
    /// Redact the texts in messages that models are sent.
    hide_input_text = InputText;
    /// Redact the texts in messages that models answer with.
    hide_output_text = OutputText;
    /// Drop pictures from messages.
    hide_input_images = InputImages;
    /// Drop the settings of models.
    hide_llm_invocation_parameters = LlmInvocationParameters;
    /// Drop the tools that models may call.
    hide_llm_tools = LlmTools;
    /// Accepted, for `OpenInference`'s sake: prompts of text completion are never written here.
    hide_prompts = Prompts;
    /// Accepted, for `OpenInference`'s sake: choices of text completion are never written here.
    hide_choices = Choices;
    /// Accepted, for `OpenInference`'s sake: embeddings are never written here.
    hide_embeddings_vectors = EmbeddingsVectors;
    /// Accepted, for `OpenInference`'s sake: embeddings are never written here.
    hide_embeddings_text = EmbeddingsText;
    /// Accepted, for `OpenInference`'s sake: retrieved documents are never written here.
    hide_retrieval_documents = RetrievalDocuments;
}
