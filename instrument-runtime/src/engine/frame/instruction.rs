//! The place of a language model's system instruction among the messages.
//!
//! See [LLM](https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#llm).

use super::Processor;

/// Parts of the class names of services whose API has a field for the instruction, in place of a system message.
const REPLACING_CLASSES: [&str; 7] =
    ["anthropic", "bedrock", "gemini", "live", "novasonic", "realtime", "ultravox"];

/// Parts of the names of providers with such an API, and of their classes.
const REPLACING_PROVIDERS: [&str; 6] = ["anthropic", "aws", "bedrock", "gemini", "google", "vertex"];

/// The place of a language model service's own system instruction.
///
/// ```
/// use pipecat_instrument_runtime::engine::frame::{InstructionPlacement, Processor, Role};
///
/// let claude = Processor::new("Llm", "AnthropicLLMService", Role::Llm);
/// assert_eq!(claude.placement_of_instruction(), InstructionPlacement::InsteadOfSystem);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum InstructionPlacement {
    /// As services of its class and provider do in Pipecat; an unknown one [before the context](Self::BeforeContext).
    #[default]
    ByFamily,
    /// As the first message, before all messages of the context.
    BeforeContext,
    /// Instead of a system message that stands first in the context.
    InsteadOfSystem,
}

impl Processor {
    /// Sets how the service sends its own system instruction.
    pub const fn instruction_placement(mut self, placement: InstructionPlacement) -> Self {
        self.instruction_placement = placement;
        self
    }

    /// Returns how the service sends its own system instruction: never [`ByFamily`](InstructionPlacement::ByFamily).
    pub fn placement_of_instruction(&self) -> InstructionPlacement {
        match self.instruction_placement {
            InstructionPlacement::ByFamily => family_placement(&self.class, self.provider.as_deref()),
            declared => declared,
        }
    }
}

/// Returns the placement in Pipecat's services of this class and provider.
fn family_placement(class: &str, provider: Option<&str>) -> InstructionPlacement {
    let class = class.to_lowercase();
    let is_one_of = |names: &[&str], name: &str| names.iter().any(|part| name.contains(part));
    let provider = provider.map(str::to_lowercase).unwrap_or_default();
    // Several providers have a second API that is compatible with OpenAI's.
    let replaces = is_one_of(&REPLACING_CLASSES, &class)
        || (!class.contains("openai")
            && (is_one_of(&REPLACING_PROVIDERS, &class) || is_one_of(&REPLACING_PROVIDERS, &provider)));
    if replaces { InstructionPlacement::InsteadOfSystem } else { InstructionPlacement::BeforeContext }
}

#[cfg(test)]
mod tests {
    use super::InstructionPlacement::{BeforeContext, InsteadOfSystem};
    use crate::engine::frame::{InstructionPlacement, Processor, Role};

    #[test]
    fn each_family_of_services_places_its_instruction() {
        for (class, provider, placement) in [
            ("OpenAILLMService", Some("openai"), BeforeContext),
            ("OpenAIResponsesLLMService", Some("openai"), BeforeContext),
            ("AzureLLMService", Some("azure"), BeforeContext),
            ("GroqLLMService", Some("groq"), BeforeContext),
            ("GrokLLMService", Some("xai"), BeforeContext),
            ("GoogleLLMOpenAIBetaService", Some("google"), BeforeContext),
            ("MyLLM", None, BeforeContext),
            ("AnthropicLLMService", Some("anthropic"), InsteadOfSystem),
            ("MyClaude", Some("anthropic"), InsteadOfSystem),
            ("GoogleLLMService", Some("google"), InsteadOfSystem),
            ("GoogleVertexLLMService", Some("google"), InsteadOfSystem),
            ("AWSBedrockLLMService", Some("aws"), InsteadOfSystem),
            ("AWSNovaSonicLLMService", Some("aws"), InsteadOfSystem),
            ("OpenAIRealtimeLLMService", Some("openai"), InsteadOfSystem),
            ("OpenAILiveLLMService", Some("openai"), InsteadOfSystem),
            ("AzureRealtimeLLMService", Some("azure"), InsteadOfSystem),
            ("GrokRealtimeLLMService", Some("xai"), InsteadOfSystem),
            ("GeminiLiveLLMService", Some("google"), InsteadOfSystem),
            ("UltravoxRealtimeLLMService", Some("ultravox"), InsteadOfSystem),
        ] {
            let mut llm = Processor::new("Llm", class, Role::Llm);
            llm.provider = provider.map(str::to_owned);
            assert_eq!(llm.placement_of_instruction(), placement, "{class}");
        }
    }

    #[test]
    fn adapter_knows_better_than_the_class() {
        let llm = Processor::new("Llm", "MyLLM", Role::Llm).instruction_placement(InsteadOfSystem);
        assert_eq!(llm.placement_of_instruction(), InsteadOfSystem);
        assert_eq!(InstructionPlacement::default(), InstructionPlacement::ByFamily);
    }
}
