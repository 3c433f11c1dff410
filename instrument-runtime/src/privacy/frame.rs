//! What the frame log may hold of a frame.

use std::borrow::Cow;

use super::content::Place;
use super::message::clean;
use super::policy::Rules;
use super::{ContentKind, Privacy, REDACTED};
use crate::engine::frame::{
    ChatContext, Chunking, ErrorReport, Frame, FunctionCall, FunctionCallList, FunctionCallResult, Json,
    Message, MessageContent, MessagePart, Spacing, TextChunk, Transcript,
};
use crate::json::RawJson;

impl Privacy {
    /// Shows to `look` what the frame log may hold of `frame`: the same frame, with what is hidden in it redacted.
    ///
    /// ```
    /// use pipecat_instrument_runtime::engine::frame::Frame;
    /// use pipecat_instrument_runtime::privacy::{Privacy, TraceConfig};
    ///
    /// let privacy = Privacy::new(TraceConfig::default().hide_outputs(true));
    /// privacy.with_redacted_frame(&Frame::TtsSpeak(Some("Your balance is 3 pence.")), |frame| {
    ///     assert!(matches!(frame, Frame::TtsSpeak(Some("__REDACTED__"))));
    /// });
    /// ```
    pub fn with_redacted_frame<T>(&self, frame: &Frame<'_>, look: impl FnOnce(&Frame<'_>) -> T) -> T {
        let rules = self.rules();
        match *frame {
            // Pictures are looked at whatever the settings say.
            Frame::LlmContext(Some(context)) => {
                look(&Frame::LlmContext(Some(&CleanContext { context, rules })))
            }
            _ if rules.looks_at_pictures_only => look(frame),
            _ => rules.show(frame, look),
        }
    }
}

impl Rules {
    fn show<T>(&self, frame: &Frame<'_>, look: impl FnOnce(&Frame<'_>) -> T) -> T {
        match *frame {
            Frame::Transcription(heard) => {
                let text = self.logged(ContentKind::UserText, Place::Input, heard.text);
                look(&Frame::Transcription(Transcript { text: &text, ..heard }))
            }
            Frame::InterimTranscription(heard) => {
                let text = self.piece(ContentKind::UserText, Place::Input, heard.text);
                look(&Frame::InterimTranscription(Transcript { text: &text, ..heard }))
            }
            Frame::VadUserStoppedSpeaking { stop_secs, transcript: Some(heard) } => {
                let text = self.logged(ContentKind::UserText, Place::Input, heard.text);
                let transcript = Some(Transcript { text: &text, ..heard });
                look(&Frame::VadUserStoppedSpeaking { stop_secs, transcript })
            }
            Frame::LlmText(chunk) => {
                let text = self.piece(ContentKind::BotText, Place::Output, chunk.text);
                look(&Frame::LlmText(chunk_of(&text, chunk)))
            }
            Frame::TtsText(chunk) => {
                let text = self.piece(ContentKind::BotText, Place::Output, chunk.text);
                look(&Frame::TtsText(chunk_of(&text, chunk)))
            }
            Frame::AggregatedText(chunk) => {
                let text = self.logged(ContentKind::BotText, Place::Input, chunk.text);
                look(&Frame::AggregatedText(chunk_of(&text, chunk)))
            }
            Frame::TtsSpeak(text) => {
                let text = text.map(|text| self.logged(ContentKind::BotText, Place::Input, text));
                look(&Frame::TtsSpeak(text.as_deref()))
            }
            Frame::FunctionCallsStarted(calls) => {
                look(&Frame::FunctionCallsStarted(&CleanCalls { calls, rules: self }))
            }
            Frame::FunctionCallInProgress(call) => {
                self.show_call(call, Place::Input, |call| look(&Frame::FunctionCallInProgress(call)))
            }
            Frame::FunctionCallResult(result) => self.show_result(result, look),
            Frame::Error(report) => {
                let message = self.cut_owned(self.error(report.message));
                let exception = report.exception.map(|exception| self.cut_owned(self.error(exception)));
                let report = ErrorReport { message: &message, exception: exception.as_deref(), ..report };
                look(&Frame::Error(report))
            }
            Frame::Start
            | Frame::End
            | Frame::Stop
            | Frame::Cancel
            | Frame::Interruption
            | Frame::UserStartedSpeaking
            | Frame::UserStoppedSpeaking
            | Frame::VadUserStartedSpeaking
            | Frame::VadUserStoppedSpeaking { transcript: None, .. }
            | Frame::BotStartedSpeaking
            | Frame::BotStoppedSpeaking
            | Frame::LlmContext(_)
            | Frame::LlmResponseStart
            | Frame::LlmResponseEnd
            | Frame::TtsStarted { .. }
            | Frame::TtsStopped { .. }
            | Frame::TtsAudio(_)
            | Frame::OutputAudio(_)
            | Frame::InputAudio(_)
            | Frame::Metrics(_)
            | Frame::FunctionCallCancel { .. }
            | Frame::Other { .. } => look(frame),
        }
    }

    fn show_call<T>(
        &self,
        call: FunctionCall<'_>,
        place: Place,
        look: impl FnOnce(FunctionCall<'_>) -> T,
    ) -> T {
        let arguments = call
            .arguments
            .map(|arguments| self.logged_json(ContentKind::ToolArguments, place, &arguments.to_text()));
        look(FunctionCall { arguments: arguments.as_ref().map(|arguments| arguments as &dyn Json), ..call })
    }

    fn show_result<T>(&self, result: FunctionCallResult<'_>, look: impl FnOnce(&Frame<'_>) -> T) -> T {
        // The error that stands in a result may be hidden with it, but not that there was one.
        let error = result.error.map(Cow::from).or_else(|| Some(result.result?.error_text()?.into()));
        let error = error.map(|error| self.cut_owned(self.returned_error(&error)).into_owned());
        let returned = result
            .result
            .map(|result| self.logged_json(ContentKind::ToolResult, Place::Output, &result.to_text()));
        look(&Frame::FunctionCallResult(FunctionCallResult {
            result: returned.as_ref().map(|result| result as &dyn Json),
            error: error.as_deref(),
            ..result
        }))
    }

    /// What may leave of the error that a tool's result tells.
    fn returned_error<'text>(&self, error: &'text str) -> Cow<'text, str> {
        if self.hidden.hide_content(ContentKind::ToolResult, Place::Output) {
            Cow::Borrowed(REDACTED)
        } else {
            self.error(error)
        }
    }

    /// What may be logged of a whole text.
    fn logged<'text>(&self, kind: ContentKind, place: Place, text: &'text str) -> Cow<'text, str> {
        self.cut_owned(self.text(kind, place, text))
    }

    /// What may be logged of a piece of a text. A hook that was shown pieces would not see what spans two of them.
    fn piece<'text>(&self, kind: ContentKind, place: Place, text: &'text str) -> Cow<'text, str> {
        if self.hook.is_some() && !text.trim().is_empty() {
            return Cow::Borrowed(REDACTED);
        }
        self.logged(kind, place, text)
    }

    fn logged_json(&self, kind: ContentKind, place: Place, json: &str) -> OwnedJson {
        OwnedJson(self.cut_owned(self.json(kind, place, json)).into_owned())
    }

    fn cut_owned<'text>(&self, text: Cow<'text, str>) -> Cow<'text, str> {
        match text {
            Cow::Borrowed(text) => self.cut(text),
            Cow::Owned(text) => Cow::Owned(self.cut(&text).into_owned()),
        }
    }
}

/// `chunk`, with `text` in its place. A stream of redacted pieces is one redacted text.
fn chunk_of<'a>(text: &'a str, chunk: TextChunk<'a>) -> TextChunk<'a> {
    if text == REDACTED {
        return TextChunk { text, spacing: Spacing::Included, chunking: Chunking::Overlapping, ..chunk };
    }
    TextChunk { text, ..chunk }
}

/// A context, as the log may hold it.
struct CleanContext<'a> {
    context: &'a dyn ChatContext,
    rules: &'a Rules,
}

impl ChatContext for CleanContext<'_> {
    fn message_count(&self) -> usize {
        self.context.message_count()
    }

    fn role(&self, index: usize) -> &str {
        self.context.role(index)
    }

    fn message(&self, index: usize) -> Message {
        let mut message = self.context.message(index);
        self.rules.clean_message(&mut message);
        if self.rules.hidden.hide_input_messages() {
            message.name = None;
        }
        each_text(&mut message, |text| clean(text, |text| self.rules.cut(text)));
        message
    }

    fn tool_count(&self) -> usize {
        if self.rules.hidden.hide_tools() { 0 } else { self.context.tool_count() }
    }

    fn tool(&self, index: usize) -> String {
        let tool = self.context.tool(index);
        self.rules.logged_json(ContentKind::ToolDefinition, Place::Aside, &tool).0
    }
}

fn each_text(message: &mut Message, mut change: impl FnMut(&mut String)) {
    match &mut message.content {
        MessageContent::None => {}
        MessageContent::Text(text) => change(text),
        MessageContent::Parts(parts) => parts.iter_mut().for_each(|part| match part {
            MessagePart::Text(text) => change(text),
            MessagePart::Image(url) => change(&mut url.0),
            MessagePart::Other(_) => {}
        }),
    }
    message.tool_calls.iter_mut().for_each(|call| change(&mut call.arguments));
}

/// The calls of a frame, as the log may hold them.
struct CleanCalls<'a> {
    calls: &'a dyn FunctionCallList,
    rules: &'a Rules,
}

impl FunctionCallList for CleanCalls<'_> {
    fn for_each(&self, visit: &mut dyn FnMut(FunctionCall<'_>)) {
        self.calls.for_each(&mut |call| self.rules.show_call(call, Place::OutputMessage, &mut *visit));
    }
}

/// JSON that may be logged; a text that is none counts as a string.
struct OwnedJson(String);

impl Json for OwnedJson {
    fn to_text(&self) -> String {
        RawJson(&self.0).to_text()
    }

    fn error_text(&self) -> Option<String> {
        RawJson(&self.0).error_text()
    }
}
