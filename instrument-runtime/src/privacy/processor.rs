//! Services, and their settings.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::Value;

use super::content::Place;
use super::hidden::Topic;
use super::message::clean;
use super::policy::Rules;
use super::{ContentKind, Privacy};
use crate::engine::frame::{Processor, Role, Setting};

/// Settings that stand for messages, by the names that services give them.
const INSTRUCTIONS: [&str; 6] =
    ["system_instruction", "system_prompt", "system", "instructions", "prompt", "messages"];

/// Settings that stand for tools.
const TOOLS: [&str; 2] = ["tools", "functions"];

impl Privacy {
    /// What the frame log may hold of a processor.
    ///
    /// ```
    /// use pipecat_instrument_runtime::engine::frame::{Processor, Role, Setting};
    /// use pipecat_instrument_runtime::privacy::{Privacy, TraceConfig};
    ///
    /// let privacy = Privacy::new(TraceConfig::default().hide_llm_invocation_parameters(true));
    /// let llm = Processor::new("Llm#0", "Llm", Role::Llm).setting("seed", Setting::Int(7));
    /// assert_eq!(privacy.redact_processor(&llm).settings, []);
    /// ```
    pub fn redact_processor<'a>(&self, processor: &'a Processor) -> Cow<'a, Processor> {
        let rules = self.rules();
        if rules.looks_at_pictures_only || !has_settings(processor) {
            return Cow::Borrowed(processor);
        }
        let mut processor = processor.clone();
        rules.clean_processor(&mut processor);
        Cow::Owned(processor)
    }
}

impl Rules {
    /// Leaves in `service` what may leave of it.
    pub(super) fn clean_service(&self, service: &mut Arc<Processor>) {
        if has_settings(service) {
            self.clean_processor(Arc::make_mut(service));
        }
    }

    fn clean_processor(&self, processor: &mut Processor) {
        if let Some(instruction) = &mut processor.system_instruction {
            clean(instruction, |text| self.instruction(text));
        }
        // Who does not tell its role may turn out to be a model.
        let may_be_model = matches!(processor.role, Role::Llm | Role::Unknown);
        if may_be_model && self.hidden.hide(Topic::LlmInvocationParameters) {
            processor.settings.clear();
        }
        if self.hidden.hide_tools() {
            processor.settings.retain(|(name, _)| !TOOLS.contains(&name.as_str()));
        }
        for (name, setting) in &mut processor.settings {
            self.clean_setting(name, setting);
        }
    }

    fn clean_setting(&self, name: &str, setting: &mut Setting) {
        match setting {
            Setting::Bool(_) | Setting::Int(_) | Setting::Float(_) => {}
            Setting::Text(text) => {
                if INSTRUCTIONS.contains(&name) {
                    clean(text, |text| self.instruction(text));
                }
            }
            Setting::Json(json) => {
                let Ok(before) = serde_json::from_str::<Value>(json) else { return };
                let mut after = before.clone();
                if INSTRUCTIONS.contains(&name) {
                    self.clean_instructions(&mut after);
                } else {
                    self.clean_value(&mut after);
                }
                if after != before {
                    *json = after.to_string();
                }
            }
        }
    }

    /// Settings may lie within settings, as those of a session do.
    fn clean_value(&self, value: &mut Value) {
        match value {
            Value::Object(settings) => {
                if self.hidden.hide_tools() {
                    settings.retain(|name, _| !TOOLS.contains(&name.as_str()));
                }
                for (name, setting) in settings {
                    if INSTRUCTIONS.contains(&name.as_str()) {
                        self.clean_instructions(setting);
                    } else {
                        self.clean_value(setting);
                    }
                }
            }
            Value::Array(settings) => settings.iter_mut().for_each(|setting| self.clean_value(setting)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    /// Every text in what stands for messages.
    fn clean_instructions(&self, value: &mut Value) {
        match value {
            Value::String(text) => clean(text, |text| self.instruction(text)),
            Value::Array(values) => values.iter_mut().for_each(|value| self.clean_instructions(value)),
            Value::Object(fields) => {
                fields.values_mut().for_each(|value| self.clean_instructions(value));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn instruction<'text>(&self, text: &'text str) -> Cow<'text, str> {
        self.text(ContentKind::Instruction, Place::InputMessage, text)
    }
}

fn has_settings(processor: &Processor) -> bool {
    processor.system_instruction.is_some() || !processor.settings.is_empty()
}
