//! What may leave of a span.

use std::borrow::Cow;
use std::sync::Arc;

use super::content::Place;
use super::hidden::Topic;
use super::message::clean;
use super::policy::Rules;
use super::{ContentKind, Privacy, REDACTED};
use crate::engine::record::{
    LlmRecord, LlmRequest, SpanDetails, SpanEventKind, SpanRecord, Status, SttRecord, ToolRecord, TtsRecord,
    TurnRecord, Visibility,
};

impl Privacy {
    /// What may leave of `record`. Values of attributes are cut where they are written, for some are put together of
    /// several texts; what an error says is cut here.
    ///
    /// ```
    /// use pipecat_instrument_runtime::engine::record::{SpanDetails, EndReason, SpanKey, SpanRecord, Status, TurnNumber, TurnRecord};
    /// use pipecat_instrument_runtime::engine::time::Time;
    /// use pipecat_instrument_runtime::privacy::{Privacy, TraceConfig};
    ///
    /// let turn = TurnRecord {
    ///     number: TurnNumber(1),
    ///     input: Some("My PIN is 1234".into()),
    ///     output: Some("Thank you.".into()),
    ///     end_reason: EndReason::Completed,
    ///     latency: None,
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
        let rules = self.rules();
        if !rules.looks_at_pictures_only {
            rules.clean_errors(&mut record);
            rules.clean_body(&mut record.details);
        } else if let SpanDetails::Llm(llm) = &mut record.details {
            rules.clean_messages(&mut llm.request);
        }
        record
    }
}

impl Visibility {
    /// What is told of `text`.
    pub(crate) fn of(self, text: &str) -> Option<&str> {
        match self {
            Self::Full => Some(text),
            Self::Redacted => Some(REDACTED),
            Self::Omitted => None,
        }
    }
}

impl Rules {
    /// Before the details, which tells the error that a tool's result told.
    fn clean_errors(&self, record: &mut SpanRecord) {
        let returned = match &record.details {
            SpanDetails::Tool(tool) => tool.error.as_deref(),
            SpanDetails::Turn(_) | SpanDetails::Stt(_) | SpanDetails::Llm(_) | SpanDetails::Tts(_) => None,
        };
        if let Status::Error { message, error_type } = &mut record.status {
            self.clean_error(message, error_type, returned);
        }
        for event in &mut record.events {
            match &mut event.kind {
                SpanEventKind::Exception { message, error_type } => {
                    self.clean_error(message, error_type, returned);
                }
                SpanEventKind::FirstToken | SpanEventKind::FirstAudio | SpanEventKind::Interrupted => {}
            }
        }
    }

    fn clean_error(&self, message: &mut String, error_type: &mut String, returned: Option<&str>) {
        if returned == Some(message) && self.hidden.hide_content(ContentKind::ToolResult, Place::Output) {
            REDACTED.clone_into(message);
        } else {
            clean(message, |message| self.error(message));
        }
        // A type is a word. Where an exception does not tell its class, all that it says stands here.
        if error_type.contains(char::is_whitespace) {
            clean(error_type, |error_type| self.error(error_type));
        }
        clean(message, |message| self.cut(message));
        clean(error_type, |error_type| self.cut(error_type));
    }

    fn clean_body(&self, details: &mut SpanDetails) {
        match details {
            SpanDetails::Turn(turn) => self.clean_turn(turn),
            SpanDetails::Stt(stt) => self.clean_utterance(stt),
            SpanDetails::Llm(llm) => self.clean_invocation(llm),
            SpanDetails::Tts(tts) => self.clean_synthesis(tts),
            SpanDetails::Tool(tool) => self.clean_call(tool),
        }
    }

    fn clean_turn(&self, turn: &mut TurnRecord) {
        self.clean_text(&mut turn.input, ContentKind::UserText, Place::Input);
        self.clean_text(&mut turn.output, ContentKind::BotText, Place::Output);
    }

    fn clean_utterance(&self, stt: &mut SttRecord) {
        self.clean_service(&mut stt.service);
        self.clean_text(&mut stt.transcript, ContentKind::UserText, Place::Input);
        if self.hidden.hide_content(ContentKind::UserText, Place::Output) {
            stt.output_visibility = Visibility::Redacted;
        }
    }

    fn clean_invocation(&self, llm: &mut LlmRecord) {
        self.clean_service(&mut llm.service);
        if self.hidden.hide_input_messages() {
            Self::drop_messages(llm);
        }
        if self.hidden.hide_tools() {
            llm.request.tools.clear();
        }
        self.clean_request(&mut llm.request);
        self.clean_text(&mut llm.user_transcript, ContentKind::UserText, Place::Input);
        self.clean_answer(llm);
    }

    fn drop_messages(llm: &mut LlmRecord) {
        if llm.instruction_in_place_of_system().is_some() {
            // It would be the first message, and is counted as one.
            llm.request.message_count += 1;
        }
        if llm.service.system_instruction.is_some() {
            Arc::make_mut(&mut llm.service).system_instruction = None;
        }
        llm.request.system = None;
        llm.request.newest.clear();
    }

    fn clean_request(&self, request: &mut LlmRequest) {
        self.clean_messages(request);
        self.clean_text(&mut request.last_user_message, ContentKind::UserText, Place::Input);
        for tool in &mut request.tools {
            self.clean_json(tool, ContentKind::ToolDefinition, Place::Aside);
        }
    }

    fn clean_messages(&self, request: &mut LlmRequest) {
        request.system.iter_mut().chain(&mut request.newest).for_each(|message| self.clean_message(message));
    }

    fn clean_answer(&self, llm: &mut LlmRecord) {
        if self.hidden.hide_output_messages() {
            llm.message_visibility = Visibility::Omitted;
        } else if self.hidden.hide(Topic::OutputText) {
            llm.message_visibility = Visibility::Redacted;
        }
        if self.hidden.hide(Topic::Outputs) && !llm.tool_calls.is_empty() {
            llm.tool_calls.clear();
            llm.text = Some(REDACTED.to_owned());
        }
        self.clean_text(&mut llm.text, ContentKind::BotText, Place::Output);
        for call in &mut llm.tool_calls {
            self.clean_json(&mut call.arguments, ContentKind::ToolArguments, Place::Output);
        }
    }

    fn clean_synthesis(&self, tts: &mut TtsRecord) {
        self.clean_service(&mut tts.service);
        self.clean_text(&mut tts.input, ContentKind::BotText, Place::Input);
        self.clean_text(&mut tts.output, ContentKind::BotText, Place::Output);
    }

    fn clean_call(&self, tool: &mut ToolRecord) {
        if let Some(arguments) = &mut tool.arguments {
            self.clean_json(arguments, ContentKind::ToolArguments, Place::Input);
        }
        if let Some(result) = &mut tool.result {
            self.clean_json(result, ContentKind::ToolResult, Place::Output);
        }
        if let Some(error) = &mut tool.error {
            clean(error, |error| self.text(ContentKind::ToolResult, Place::Output, error));
        }
    }

    fn clean_text(&self, text: &mut Option<String>, kind: ContentKind, place: Place) {
        if let Some(text) = text {
            clean(text, |text| self.text(kind, place, text));
        }
    }

    /// What may leave of what an error says.
    pub(super) fn error<'text>(&self, message: &'text str) -> Cow<'text, str> {
        self.text(ContentKind::Error, Place::Aside, message)
    }
}
