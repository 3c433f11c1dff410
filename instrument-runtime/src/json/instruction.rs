//! The system instruction of a language model service, where its settings hold it.

use serde_json::Value;

use crate::engine::frame::{Processor, Setting};

/// Names of settings that hold the system instruction.
const INSTRUCTION_SETTINGS: [&str; 2] = ["system_instruction", "instructions"];

impl Processor {
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
    use crate::engine::frame::{Processor, Role, Setting};

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
