//! Redacts span records, the services in them, and messages.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::Value;

use super::config::HideOption;
use super::policy::{Placement, Rules, apply};
use super::{ContentKind, Privacy, REDACTED};
use crate::engine::frame::{Message, MessageContent, MessagePart, Processor, Role, Setting};
use crate::engine::record::{
    LlmRecord, LlmRequest, SpanDetails, SpanEventKind, SpanRecord, Status, Visibility,
};

/// Names of settings that hold instructions or messages.
const INSTRUCTION_SETTINGS: [&str; 6] =
    ["system_instruction", "system_prompt", "system", "instructions", "prompt", "messages"];

/// Names of settings that hold tools.
const TOOL_SETTINGS: [&str; 2] = ["tools", "functions"];

impl Privacy {
    /// Returns `record` with hidden content redacted or dropped.
    ///
    /// Error messages are also truncated. Conventions join other texts into attributes and truncate those.
    ///
    /// ```
    /// use pipecat_instrument_runtime::engine::record::{
    ///     EndReason, Initiator, SpanDetails, SpanKey, SpanRecord, Status, TurnNumber, TurnRecord,
    /// };
    /// use pipecat_instrument_runtime::engine::time::Time;
    /// use pipecat_instrument_runtime::privacy::{Privacy, TraceConfig};
    ///
    /// let turn = TurnRecord {
    ///     number: TurnNumber(1),
    ///     input: Some("My PIN is 1234".into()),
    ///     output: Some("Thank you.".into()),
    ///     end_reason: EndReason::Completed,
    ///     initiator: Initiator::User,
    ///     repeats: None,
    ///     latency: None,
    ///     start_missed: false,
    /// };
    /// let record = SpanRecord {
    ///     key: SpanKey(1),
    ///     start: Time::default(),
    ///     end: Time::default(),
    ///     status: Status::Ok,
    ///     events: Vec::new(),
    ///     user_id: None,
    ///     details: SpanDetails::Turn(turn),
    /// };
    /// let privacy = Privacy::new(TraceConfig::default().hide_inputs(true));
    /// let SpanDetails::Turn(turn) = privacy.redact_record(record).details else { unreachable!() };
    /// assert_eq!(turn.input.as_deref(), Some("__REDACTED__"));
    /// assert_eq!(turn.output.as_deref(), Some("Thank you."));
    /// ```
    pub fn redact_record(&self, mut record: SpanRecord) -> SpanRecord {
        let rules = &*self.0;
        if !rules.only_images {
            // Errors first: they are compared with the error in a tool's result, which is redacted next.
            rules.redact_errors(&mut record);
            rules.redact_details(&mut record.details);
        } else if let SpanDetails::Llm(llm) = &mut record.details {
            rules.redact_messages(&mut llm.request);
        }
        record
    }

    /// Returns `processor` as the frame log may contain it.
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
        if self.0.only_images || !has_settings(processor) {
            return Cow::Borrowed(processor);
        }
        let mut processor = processor.clone();
        self.0.redact_settings(&mut processor);
        Cow::Owned(processor)
    }
}

impl Visibility {
    /// Returns `text`, its placeholder or `None`, by this visibility.
    pub(crate) fn of(self, text: &str) -> Option<&str> {
        match self {
            Self::Full => Some(text),
            Self::Redacted => Some(REDACTED),
            Self::Omitted => None,
        }
    }
}

impl Rules {
    fn redact_errors(&self, record: &mut SpanRecord) {
        let returned = match &record.details {
            SpanDetails::Tool(tool) => tool.error.as_deref(),
            SpanDetails::Turn(_) | SpanDetails::Stt(_) | SpanDetails::Llm(_) | SpanDetails::Tts(_) => None,
        };
        if let Status::Error { message, error_type } = &mut record.status {
            self.redact_error_fields(message, error_type, returned);
        }
        for event in &mut record.events {
            if let SpanEventKind::Exception { message, error_type } = &mut event.kind {
                self.redact_error_fields(message, error_type, returned);
            }
        }
    }

    /// `returned` is the error in the result of a tool, which is hidden with results.
    fn redact_error_fields(&self, message: &mut String, error_type: &mut String, returned: Option<&str>) {
        if returned == Some(message) && self.is_hidden(ContentKind::ToolResult, Placement::Output) {
            REDACTED.clone_into(message);
        } else {
            apply(message, |message| self.redact_error(message));
        }
        // A type is one word. For an exception without a class, it is the complete text.
        if error_type.contains(char::is_whitespace) {
            apply(error_type, |error_type| self.redact_error(error_type));
        }
        apply(message, |message| self.truncate(message));
        apply(error_type, |error_type| self.truncate(error_type));
    }

    fn redact_details(&self, details: &mut SpanDetails) {
        match details {
            SpanDetails::Turn(turn) => {
                self.redact_some(&mut turn.input, ContentKind::UserText, Placement::Input);
                self.redact_some(&mut turn.output, ContentKind::BotText, Placement::Output);
            }
            SpanDetails::Stt(stt) => {
                self.redact_service(&mut stt.service);
                self.redact_some(&mut stt.transcript, ContentKind::UserText, Placement::Input);
                if self.is_hidden(ContentKind::UserText, Placement::Output) {
                    stt.output_visibility = Visibility::Redacted;
                }
            }
            SpanDetails::Llm(llm) => self.redact_llm(llm),
            SpanDetails::Tts(tts) => {
                self.redact_service(&mut tts.service);
                self.redact_some(&mut tts.input, ContentKind::BotText, Placement::Input);
                self.redact_some(&mut tts.output, ContentKind::BotText, Placement::Output);
            }
            SpanDetails::Tool(tool) => {
                self.redact_some_json(&mut tool.arguments, ContentKind::ToolArguments, Placement::Input);
                self.redact_some_json(&mut tool.result, ContentKind::ToolResult, Placement::Output);
                self.redact_some(&mut tool.error, ContentKind::ToolResult, Placement::Output);
            }
        }
    }

    fn redact_llm(&self, llm: &mut LlmRecord) {
        self.redact_service(&mut llm.service);
        if self.hides_input_messages() {
            drop_messages(llm);
        }
        if self.hides_tools() {
            llm.request.tools.clear();
        }
        self.redact_messages(&mut llm.request);
        self.redact_some(&mut llm.request.last_user_message, ContentKind::UserText, Placement::Input);
        for tool in &mut llm.request.tools {
            apply(tool, |tool| self.redact_json(ContentKind::ToolDefinition, Placement::Elsewhere, tool));
        }
        self.redact_some(&mut llm.user_transcript, ContentKind::UserText, Placement::Input);

        if self.hides_output_messages() {
            llm.message_visibility = Visibility::Omitted;
        } else if self.hides(HideOption::OutputText) {
            llm.message_visibility = Visibility::Redacted;
        }
        if self.hides(HideOption::Outputs) && !llm.tool_calls.is_empty() {
            llm.tool_calls.clear();
            llm.text = Some(REDACTED.to_owned());
        }
        self.redact_some(&mut llm.text, ContentKind::BotText, Placement::Output);
        for call in &mut llm.tool_calls {
            let arguments = &mut call.arguments;
            apply(arguments, |json| self.redact_json(ContentKind::ToolArguments, Placement::Output, json));
        }
    }

    fn redact_messages(&self, request: &mut LlmRequest) {
        request.system.iter_mut().chain(&mut request.newest).for_each(|message| self.redact_message(message));
    }

    /// Redacts the texts and tool calls of a message, and drops or redacts its images.
    pub(super) fn redact_message(&self, message: &mut Message) {
        if !self.only_images {
            let kind = ContentKind::of_role(&message.role);
            let redact =
                |text: &mut String| apply(text, |text| self.redact_text(kind, Placement::InputMessage, text));
            match &mut message.content {
                MessageContent::None => {}
                MessageContent::Text(text) => redact(text),
                MessageContent::Parts(parts) => parts.iter_mut().for_each(|part| match part {
                    MessagePart::Text(text) => redact(text),
                    MessagePart::Image(_) | MessagePart::Other(_) => {}
                }),
            }
            for call in &mut message.tool_calls {
                apply(&mut call.arguments, |json| {
                    self.redact_json(ContentKind::ToolArguments, Placement::InputMessage, json)
                });
            }
        }
        let MessageContent::Parts(parts) = &mut message.content else { return };
        if self.hides(HideOption::InputImages) {
            parts.retain(|part| !is_image(part));
        }
        for part in parts {
            if let MessagePart::Image(url) = part {
                apply(&mut url.0, |url| self.redact_image_url(url));
            }
        }
    }

    fn redact_some(&self, text: &mut Option<String>, kind: ContentKind, placement: Placement) {
        if let Some(text) = text {
            apply(text, |text| self.redact_text(kind, placement, text));
        }
    }

    fn redact_some_json(&self, json: &mut Option<String>, kind: ContentKind, placement: Placement) {
        if let Some(json) = json {
            apply(json, |json| self.redact_json(kind, placement, json));
        }
    }

    fn redact_service(&self, service: &mut Arc<Processor>) {
        if has_settings(service) {
            self.redact_settings(Arc::make_mut(service));
        }
    }

    fn redact_settings(&self, processor: &mut Processor) {
        if let Some(instruction) = &mut processor.system_instruction {
            apply(instruction, |text| self.redact_instruction(text));
        }
        // A processor of unknown role may be a model.
        let may_be_llm = matches!(processor.role, Role::Llm | Role::Unknown);
        if may_be_llm && self.hides(HideOption::LlmInvocationParameters) {
            processor.settings.clear();
        }
        if self.hides_tools() {
            processor.settings.retain(|(name, _)| !TOOL_SETTINGS.contains(&name.as_str()));
        }
        for (name, setting) in &mut processor.settings {
            match setting {
                Setting::Text(text) if INSTRUCTION_SETTINGS.contains(&name.as_str()) => {
                    apply(text, |text| self.redact_instruction(text));
                }
                Setting::Json(json) => {
                    let Ok(before) = serde_json::from_str::<Value>(json) else { continue };
                    let mut after = before.clone();
                    self.redact_setting_value(name, &mut after);
                    if after != before {
                        *json = after.to_string();
                    }
                }
                Setting::Bool(_) | Setting::Int(_) | Setting::Float(_) | Setting::Text(_) => {}
            }
        }
    }

    /// Redacts a JSON setting. Settings may be nested, as in the properties of a realtime session.
    fn redact_setting_value(&self, name: &str, value: &mut Value) {
        if INSTRUCTION_SETTINGS.contains(&name) {
            return self.redact_instruction_texts(value);
        }
        match value {
            Value::Object(settings) => {
                if self.hides_tools() {
                    settings.retain(|name, _| !TOOL_SETTINGS.contains(&name.as_str()));
                }
                settings.iter_mut().for_each(|(name, value)| self.redact_setting_value(name, value));
            }
            Value::Array(values) => values.iter_mut().for_each(|value| self.redact_setting_value("", value)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    fn redact_instruction_texts(&self, value: &mut Value) {
        match value {
            Value::String(text) => apply(text, |text| self.redact_instruction(text)),
            Value::Array(values) => values.iter_mut().for_each(|value| self.redact_instruction_texts(value)),
            Value::Object(fields) => {
                fields.values_mut().for_each(|value| self.redact_instruction_texts(value));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn redact_instruction<'text>(&self, text: &'text str) -> Cow<'text, str> {
        self.redact_text(ContentKind::Instruction, Placement::InputMessage, text)
    }
}

fn drop_messages(llm: &mut LlmRecord) {
    // The messages are still counted, including the instruction.
    llm.request.message_count = llm.message_count();
    if llm.service.system_instruction.is_some() {
        Arc::make_mut(&mut llm.service).system_instruction = None;
    }
    llm.request.system = None;
    llm.request.newest.clear();
}

fn is_image(part: &MessagePart) -> bool {
    match part {
        MessagePart::Image(_) => true,
        MessagePart::Other(kind) => kind.contains("image"),
        MessagePart::Text(_) => false,
    }
}

fn has_settings(processor: &Processor) -> bool {
    processor.system_instruction.is_some() || !processor.settings.is_empty()
}
