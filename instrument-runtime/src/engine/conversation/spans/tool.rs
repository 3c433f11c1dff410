//! Function calls: from in-progress to result, or to being called off.

use crate::engine::frame::{FunctionCallResult, Json};
use crate::engine::record::{SpanDetails, SpanKey, SpanRecord, ToolRecord};
use crate::engine::time::Time;

use super::fault::{Fault, Faults};

/// One function call.
#[derive(Debug)]
pub(crate) struct Tool {
    pub(crate) key: SpanKey,
    pub(crate) start: Time,
    pub(crate) name: String,
    pub(crate) call_id: String,
    pub(crate) arguments: Option<String>,
    pub(crate) faults: Faults,
    result: Option<String>,
    error: Option<String>,
    end: Option<Time>,
    cancelled: bool,
}

impl Tool {
    pub(crate) fn new(
        key: SpanKey,
        start: Time,
        name: &str,
        tool_call_id: &str,
        arguments: Option<String>,
    ) -> Self {
        Self {
            key,
            start,
            name: name.to_owned(),
            call_id: tool_call_id.to_owned(),
            arguments,
            faults: Faults::default(),
            result: None,
            error: None,
            end: None,
            cancelled: false,
        }
    }

    pub(crate) fn is_under_way(&self) -> bool {
        self.end.is_none()
    }

    pub(crate) fn ended(&self) -> Option<Time> {
        self.end
    }

    /// It has a result. The first one counts.
    pub(crate) fn returns(&mut self, now: Time, result: &FunctionCallResult<'_>) {
        if self.end.is_some() {
            return;
        }
        self.end = Some(now);
        self.result = result.result.map(Json::to_text);
        let error = result.error.map(str::to_owned).or_else(|| result.result.and_then(Json::error_text));
        self.error = error.filter(|message| !message.is_empty());
        if let Some(message) = &self.error {
            self.faults.push(Fault::of_message(now, message));
        }
    }

    /// It was called off.
    pub(crate) fn is_cancelled(&mut self, now: Time) {
        if self.end.is_none() {
            self.end = Some(now);
            self.cancelled = true;
        }
    }

    /// Whether `message` bears its name, as a word.
    pub(crate) fn is_named_in(&self, message: &str) -> bool {
        let is_part_of_name = |character: char| character.is_alphanumeric() || matches!(character, '_' | '-');
        !self.name.is_empty()
            && message.match_indices(&self.name).any(|(at, name)| {
                !message[..at].ends_with(is_part_of_name)
                    && !message[at + name.len()..].starts_with(is_part_of_name)
            })
    }

    pub(crate) fn into_record(self, turn_end: Time) -> SpanRecord {
        let end = self.end.unwrap_or(turn_end).min(turn_end).max(self.start);
        SpanRecord {
            key: self.key,
            start: self.start,
            end,
            status: self.faults.status(),
            events: self.faults.into_events(),
            user_id: None,
            details: SpanDetails::Tool(ToolRecord {
                name: self.name,
                tool_call_id: self.call_id,
                arguments: self.arguments,
                result: self.result,
                error: self.error,
                cancelled: self.cancelled,
            }),
        }
    }
}
