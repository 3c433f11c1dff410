//! Redacts frames for the frame log.

use std::borrow::Cow;

use super::policy::{Placement, Rules, apply};
use super::{ContentKind, Privacy, REDACTED};
use crate::engine::content::ContentCopier;
use crate::engine::frame::{
    ChatContext, Chunking, ErrorReport, Frame, FunctionCall, FunctionCallList, FunctionCallResult, Json,
    Message, MessageContent, MessagePart, Spacing, TextChunk, Transcript,
};
use crate::engine::truncate::{MAX_TEXT_LENGTH, truncate};
use crate::json::RawJson;

impl Privacy {
    /// Calls `write` with `frame` as the frame log may contain it, and returns its result.
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
    pub fn with_redacted_frame<T>(&self, frame: &Frame<'_>, write: impl FnOnce(&Frame<'_>) -> T) -> T {
        let rules = &*self.0;
        match *frame {
            // Images are checked with any settings.
            Frame::LlmContext(Some(context)) => {
                write(&Frame::LlmContext(Some(&RedactedContext { context, rules })))
            }
            _ if rules.only_images && !has_long_text(frame) => write(frame),
            _ => rules.with_redacted_frame(frame, write),
        }
    }
}

impl Rules {
    fn with_redacted_frame<T>(&self, frame: &Frame<'_>, write: impl FnOnce(&Frame<'_>) -> T) -> T {
        match *frame {
            Frame::Transcription(transcript) => {
                let text = self.redact_complete(ContentKind::UserText, Placement::Input, transcript.text);
                write(&Frame::Transcription(Transcript { text: &text, ..transcript }))
            }
            Frame::InterimTranscription(transcript) => {
                let text = self.redact_partial(ContentKind::UserText, Placement::Input, transcript.text);
                write(&Frame::InterimTranscription(Transcript { text: &text, ..transcript }))
            }
            Frame::VadUserStoppedSpeaking { stop_secs, transcript: Some(transcript) } => {
                let text = self.redact_complete(ContentKind::UserText, Placement::Input, transcript.text);
                let transcript = Some(Transcript { text: &text, ..transcript });
                write(&Frame::VadUserStoppedSpeaking { stop_secs, transcript })
            }
            Frame::LlmText(chunk) => {
                let text = self.redact_partial(ContentKind::BotText, Placement::Output, chunk.text);
                write(&Frame::LlmText(with_text(chunk, &text)))
            }
            Frame::TtsText(chunk) => {
                let text = self.redact_partial(ContentKind::BotText, Placement::Output, chunk.text);
                write(&Frame::TtsText(with_text(chunk, &text)))
            }
            Frame::AggregatedText(chunk) => {
                let text = self.redact_complete(ContentKind::BotText, Placement::Input, chunk.text);
                write(&Frame::AggregatedText(with_text(chunk, &text)))
            }
            Frame::TtsSpeak(text) => {
                let text =
                    text.map(|text| self.redact_complete(ContentKind::BotText, Placement::Input, text));
                write(&Frame::TtsSpeak(text.as_deref()))
            }
            Frame::FunctionCallsStarted(calls) => {
                write(&Frame::FunctionCallsStarted(&RedactedCalls { calls, rules: self }))
            }
            Frame::FunctionCallInProgress(call) => self.with_redacted_call(call, Placement::Input, |call| {
                write(&Frame::FunctionCallInProgress(call))
            }),
            Frame::FunctionCallResult(result) => self.with_redacted_result(result, write),
            Frame::Error(report) => {
                let message = self.truncate_cow(self.redact_error(report.message));
                let exception = report.exception.map(|text| self.truncate_cow(self.redact_error(text)));
                let report = ErrorReport { message: &message, exception: exception.as_deref(), ..report };
                write(&Frame::Error(report))
            }
            Frame::Start
            | Frame::End
            | Frame::Stop
            | Frame::Cancel
            | Frame::Interruption
            | Frame::UserStartedSpeaking
            | Frame::UserStoppedSpeaking
            | Frame::ProposedUserStartedSpeaking
            | Frame::EagerTranscription
            | Frame::EagerEndOfTurnCancel
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
            | Frame::Other { .. } => write(frame),
        }
    }

    fn with_redacted_call<T>(
        &self,
        call: FunctionCall<'_>,
        placement: Placement,
        write: impl FnOnce(FunctionCall<'_>) -> T,
    ) -> T {
        let arguments = call
            .arguments
            .map(|json| self.redact_complete_json(ContentKind::ToolArguments, placement, &json.to_text()));
        write(FunctionCall { arguments: arguments.as_ref().map(|json| json as &dyn Json), ..call })
    }

    fn with_redacted_result<T>(
        &self,
        result: FunctionCallResult<'_>,
        write: impl FnOnce(&Frame<'_>) -> T,
    ) -> T {
        // The error in a result is hidden with the result, but stays an error.
        let error = result.error.map(Cow::from).or_else(|| Some(result.result?.error_text()?.into()));
        let error = error.map(|error| self.truncate_cow(self.redact_tool_error(&error)).into_owned());
        let json = result.result.map(|json| {
            self.redact_complete_json(ContentKind::ToolResult, Placement::Output, &json.to_text())
        });
        write(&Frame::FunctionCallResult(FunctionCallResult {
            result: json.as_ref().map(|json| json as &dyn Json),
            error: error.as_deref(),
            ..result
        }))
    }

    fn redact_tool_error<'text>(&self, error: &'text str) -> Cow<'text, str> {
        if self.is_hidden(ContentKind::ToolResult, Placement::Output) {
            Cow::Borrowed(REDACTED)
        } else {
            self.redact_error(error)
        }
    }

    /// Redacts and truncates a text that is complete.
    fn redact_complete<'text>(
        &self,
        kind: ContentKind,
        placement: Placement,
        text: &'text str,
    ) -> Cow<'text, str> {
        self.truncate_cow(self.redact_text(kind, placement, text))
    }

    /// Redacts and truncates a part of a text. A hook would miss content that spans two parts, so with a hook every
    /// part is hidden.
    fn redact_partial<'text>(
        &self,
        kind: ContentKind,
        placement: Placement,
        text: &'text str,
    ) -> Cow<'text, str> {
        if self.has_hook() && !text.trim().is_empty() {
            return Cow::Borrowed(REDACTED);
        }
        self.redact_complete(kind, placement, text)
    }

    fn redact_complete_json(&self, kind: ContentKind, placement: Placement, json: &str) -> RedactedJson {
        RedactedJson(self.truncate_cow(self.redact_json(kind, placement, json)).into_owned())
    }

    fn truncate_cow<'text>(&self, text: Cow<'text, str>) -> Cow<'text, str> {
        match text {
            Cow::Borrowed(text) => truncate(text, self.logged_length()),
            Cow::Owned(text) if text.len() <= self.logged_length() => Cow::Owned(text),
            Cow::Owned(text) => Cow::Owned(truncate(&text, self.logged_length()).into_owned()),
        }
    }
}

/// Returns `chunk` with `text`. A stream of redacted chunks becomes one redacted text, as they overlap.
fn with_text<'a>(chunk: TextChunk<'a>, text: &'a str) -> TextChunk<'a> {
    if text == REDACTED {
        return TextChunk { text, spacing: Spacing::Included, chunking: Chunking::Overlapping, ..chunk };
    }
    TextChunk { text, ..chunk }
}

struct RedactedContext<'a> {
    context: &'a dyn ChatContext,
    rules: &'a Rules,
}

impl RedactedContext<'_> {
    fn redact(&self, mut message: Message) -> Message {
        self.rules.redact_message(&mut message);
        if self.rules.hides_input_messages() {
            message.name = None;
        }
        for_each_text(&mut message, |text| apply(text, |text| truncate(text, self.rules.logged_length())));
        message
    }
}

/// Returns whether a text of `frame`, other than a context, must be truncated for the log with any settings.
fn has_long_text(frame: &Frame<'_>) -> bool {
    let is_long = |text: &str| text.len() > MAX_TEXT_LENGTH;
    match *frame {
        Frame::Transcription(transcript)
        | Frame::InterimTranscription(transcript)
        | Frame::VadUserStoppedSpeaking { transcript: Some(transcript), .. } => is_long(transcript.text),
        Frame::LlmText(chunk) | Frame::TtsText(chunk) | Frame::AggregatedText(chunk) => is_long(chunk.text),
        Frame::TtsSpeak(text) => text.is_some_and(is_long),
        Frame::FunctionCallResult(result) => result.error.is_some_and(is_long),
        Frame::Error(report) => is_long(report.message) || report.exception.is_some_and(is_long),
        _ => false,
    }
}

impl ChatContext for RedactedContext<'_> {
    fn message_count(&self) -> usize {
        self.context.message_count()
    }

    fn role(&self, index: usize) -> &str {
        self.context.role(index)
    }

    fn message(&self, index: usize) -> Message {
        self.redact(self.context.message(index))
    }

    fn copy_message(&self, index: usize, copier: &mut ContentCopier) -> Message {
        self.redact(self.context.copy_message(index, copier))
    }

    fn tool_count(&self) -> usize {
        if self.rules.hides_tools() { 0 } else { self.context.tool_count() }
    }

    fn tool(&self, index: usize) -> String {
        let tool = self.context.tool(index);
        self.rules.redact_complete_json(ContentKind::ToolDefinition, Placement::Elsewhere, &tool).0
    }
}

fn for_each_text(message: &mut Message, mut change: impl FnMut(&mut String)) {
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

struct RedactedCalls<'a> {
    calls: &'a dyn FunctionCallList,
    rules: &'a Rules,
}

impl FunctionCallList for RedactedCalls<'_> {
    fn for_each(&self, visit: &mut dyn FnMut(FunctionCall<'_>)) {
        self.calls.for_each(&mut |call| {
            self.rules.with_redacted_call(call, Placement::OutputMessage, &mut *visit);
        });
    }
}

/// JSON after redaction. Text that is no longer JSON counts as a string.
struct RedactedJson(String);

impl Json for RedactedJson {
    fn to_text(&self) -> String {
        RawJson(&self.0).to_text()
    }

    fn error_text(&self) -> Option<String> {
        RawJson(&self.0).error_text()
    }
}
