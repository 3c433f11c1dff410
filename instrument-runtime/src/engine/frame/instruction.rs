//! The system instruction of a language model service: its place among the messages, and where settings hold it.
//!
//! See [LLM](https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#llm).

use serde_json::Value;

use super::{Processor, Setting};

/// Names of settings that hold the system instruction.
const INSTRUCTION_SETTINGS: [&str; 2] = ["system_instruction", "instructions"];

/// Parts of the class names of services whose API has a field for the instruction, in place of a system message.
const REPLACING_CLASSES: [&str; 7] =
    ["anthropic", "bedrock", "gemini", "live", "novasonic", "realtime", "ultravox"];

/// Parts of the names of providers with such an API, and of their classes.
const REPLACING_PROVIDERS: [&str; 6] = ["anthropic", "aws", "bedrock", "gemini", "google", "vertex"];

/// How a language model service sends its own system instruction.
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

    /// Moves the instruction out of the settings, if it is there: a realtime service keeps it in the properties of its
    /// session. Returns whether the settings changed.
    pub(crate) fn take_instruction(&mut self) -> bool {
        let mut found = None;
        let mut has_changed = false;
        self.settings.retain_mut(|(name, setting)| match setting {
            Setting::Text(text) if is_instruction(name) => {
                found.get_or_insert_with(|| std::mem::take(text));
                has_changed = true;
                false
            }
            Setting::Json(json) if mentions_instruction(json) => {
                if let Ok(mut value) = serde_json::from_str::<Value>(json)
                    && take_from_json(&mut value, &mut found)
                {
                    *json = value.to_string();
                    has_changed = true;
                }
                true
            }
            _ => true,
        });
        if self.system_instruction.is_none() {
            self.system_instruction = found.filter(|text| !text.is_empty());
        }
        has_changed
    }

    /// Whether [`take_instruction`](Self::take_instruction) may find an instruction.
    pub(crate) fn may_hold_instruction(&self) -> bool {
        self.settings.iter().any(|(name, setting)| match setting {
            Setting::Text(_) => is_instruction(name),
            Setting::Json(json) => mentions_instruction(json),
            _ => false,
        })
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

fn is_instruction(name: &str) -> bool {
    INSTRUCTION_SETTINGS.contains(&name)
}

fn mentions_instruction(json: &str) -> bool {
    INSTRUCTION_SETTINGS.iter().any(|name| json.contains(name))
}

/// Removes the instructions in `value`, and keeps the first one. Returns whether there was any.
fn take_from_json(value: &mut Value, found: &mut Option<String>) -> bool {
    match value {
        Value::Object(fields) => {
            let mut has_changed = false;
            fields.retain(|name, field| match field {
                Value::String(text) if is_instruction(name) => {
                    found.get_or_insert_with(|| std::mem::take(text));
                    has_changed = true;
                    false
                }
                _ => {
                    has_changed |= take_from_json(field, found);
                    true
                }
            });
            has_changed
        }
        Value::Array(values) => {
            let changed: Vec<bool> = values.iter_mut().map(|value| take_from_json(value, found)).collect();
            changed.contains(&true)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::InstructionPlacement::{BeforeContext, InsteadOfSystem};
    use crate::engine::frame::{InstructionPlacement, Processor, Role, Setting};

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

    #[test]
    fn instruction_is_taken_out_of_nested_settings() {
        let session = r#"{"instructions":"Be brief.","audio":{"output":{"voice":"marin","speed":null}}}"#;
        let mut llm = Processor::new("Llm", "OpenAIRealtimeLLMService", Role::Llm)
            .setting("session_properties", Setting::Json(session.into()));
        assert!(llm.take_instruction());
        assert_eq!(llm.system_instruction.as_deref(), Some("Be brief."));
        let rest = r#"{"audio":{"output":{"voice":"marin","speed":null}}}"#;
        assert_eq!(llm.settings, [("session_properties".to_owned(), Setting::Json(rest.into()))]);
    }

    #[test]
    fn own_instruction_wins_over_that_of_the_session() {
        let mut llm = Processor::new("Llm", "OpenAIRealtimeLLMService", Role::Llm)
            .setting("session_properties", Setting::Json(r#"{"instructions":"Old."}"#.into()));
        llm.system_instruction = Some("New.".into());
        assert!(llm.take_instruction());
        assert_eq!(llm.system_instruction.as_deref(), Some("New."));
        assert_eq!(llm.settings, [("session_properties".to_owned(), Setting::Json("{}".into()))]);
    }
}
