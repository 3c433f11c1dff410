//! The line that describes a processor.

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value};

use crate::engine::frame::{InstructionPlacement, Json, Processor, Role, Setting};
use crate::json::RawJson;

/// The setting that has a field of its own in [`Processor`].
const SYSTEM_INSTRUCTION: &str = "system_instruction";

#[derive(Serialize, Deserialize)]
pub(in crate::frame_log) struct ProcessorEnvelope {
    pub(in crate::frame_log) processor: ProcessorLine,
}

/// The description of a processor.
#[derive(Serialize, Deserialize)]
pub(in crate::frame_log) struct ProcessorLine {
    id: String,
    class: String,
    name: String,
    #[serde(with = "RoleName")]
    role: Role,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    voice: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sample_rate: Option<u32>,
    #[serde(default, with = "PlacementName", skip_serializing_if = "is_by_family")]
    instruction_placement: InstructionPlacement,
    #[serde(skip_serializing_if = "Option::is_none")]
    settings: Option<Map<String, Value>>,
}

impl From<&Processor> for ProcessorLine {
    fn from(processor: &Processor) -> Self {
        let mut settings: Map<String, Value> = processor
            .settings
            .iter()
            .map(|(name, setting)| (name.clone(), setting_to_json(setting)))
            .collect();
        if let Some(instruction) = &processor.system_instruction {
            settings.insert(SYSTEM_INSTRUCTION.into(), instruction.as_str().into());
        }
        Self {
            id: processor.id.clone(),
            class: processor.class.clone(),
            name: processor.name.clone(),
            role: processor.role,
            provider: processor.provider.clone(),
            model: processor.model.clone(),
            voice: processor.voice.clone(),
            language: processor.language.clone(),
            sample_rate: processor.sample_rate,
            instruction_placement: processor.instruction_placement,
            settings: (!settings.is_empty()).then_some(settings),
        }
    }
}

impl From<ProcessorLine> for Processor {
    fn from(line: ProcessorLine) -> Self {
        let mut settings = line.settings.unwrap_or_default();
        let system_instruction = match settings.shift_remove(SYSTEM_INSTRUCTION) {
            Some(Value::String(instruction)) => Some(instruction),
            _ => None,
        };
        Self {
            id: line.id,
            class: line.class,
            name: line.name,
            role: line.role,
            provider: line.provider,
            model: line.model,
            voice: line.voice,
            language: line.language,
            sample_rate: line.sample_rate,
            system_instruction,
            instruction_placement: line.instruction_placement,
            settings: settings
                .into_iter()
                .filter_map(|(name, value)| Some((name, setting_from_json(value)?)))
                .collect(),
        }
    }
}

fn setting_to_json(setting: &Setting) -> Value {
    match setting {
        Setting::Bool(value) => Value::from(*value),
        Setting::Int(value) => Value::from(*value),
        Setting::Float(value) => Value::from(*value),
        Setting::Text(text) => Value::from(text.as_str()),
        Setting::Json(text) => RawJson(text).parsed(),
    }
}

/// Converts a JSON value to a setting; `None` for null.
fn setting_from_json(value: Value) -> Option<Setting> {
    match value {
        Value::Null => None,
        Value::Bool(value) => Some(Setting::Bool(value)),
        Value::Number(number) => Some(number_setting(&number)),
        Value::String(text) => Some(Setting::Text(text)),
        other => Some(Setting::Json(other.to_text())),
    }
}

fn number_setting(number: &Number) -> Setting {
    match number.as_i64() {
        Some(integer) => Setting::Int(integer),
        None => Setting::Float(number.as_f64().unwrap_or_default()),
    }
}

/// The placement of the instruction in the format's words. A placement that a reader does not know is that of the family.
#[derive(Serialize, Deserialize)]
#[serde(remote = "InstructionPlacement", rename_all = "snake_case")]
enum PlacementName {
    BeforeContext,
    InsteadOfSystem,
    #[serde(other)]
    ByFamily,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_by_family(placement: &InstructionPlacement) -> bool {
    *placement == InstructionPlacement::ByFamily
}

/// The role of a processor in the format's words; `sink` and `unknown` are extensions.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Role", rename_all = "snake_case")]
enum RoleName {
    Stt,
    Llm,
    Tts,
    InputTransport,
    OutputTransport,
    Sink,
    Unknown,
    #[serde(other)]
    Other,
}
