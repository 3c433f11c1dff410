//! Views of rustvani's frames.

mod context;
#[cfg(test)]
mod tests;

use std::cell::OnceCell;

use pipecat_instrument_runtime::engine::frame::{
    Audio, Chunking, ErrorReport, Frame, FrameKind, FunctionCall, FunctionCallResult, ObservedFrame, Spacing,
    TextChunk, Transcript,
};
use pipecat_instrument_runtime::json::RawJson;
use rustvani::{
    AudioRawData, ControlFrame, DataFrame, ErrorFrameData, ErrorKind, Frame as Rustvani, FrameInner,
    SystemFrame, TranscriptionData,
};

use crate::names::SENTENCE_SEGMENTER;
pub(crate) use context::Context;

/// The list of calls in a `FunctionCallsStarted` view: rustvani announces each call only later, in a frame of its own.
const NO_CALLS: [FunctionCall<'static>; 0] = [];

/// A view of one of rustvani's frames.
pub(crate) struct RustvaniFrame<'a> {
    frame: &'a Rustvani,
    /// Name of the processor that pushes the frame.
    source: &'a str,
    /// The context, locked from the first access until the view is dropped.
    context: OnceCell<Context<'a>>,
    /// Arguments or result of a tool call.
    json: RawJson<'a>,
}

impl<'a> RustvaniFrame<'a> {
    #[inline]
    pub(crate) fn new(frame: &'a Rustvani, source: &'a str) -> Self {
        Self { frame, source, context: OnceCell::new(), json: RawJson(json_of(frame)) }
    }

    /// Returns whether the frame repeats an earlier one: the segmenter sends each transcript again in sentences, and the
    /// voice stop that contains one.
    fn is_repetition(&self) -> bool {
        self.source == SENTENCE_SEGMENTER
    }
}

#[inline]
fn json_of(frame: &Rustvani) -> &str {
    match &frame.inner {
        FrameInner::Data(DataFrame::FunctionCallInProgress(call)) => &call.arguments,
        FrameInner::Data(DataFrame::FunctionCallResult(result)) => &result.result,
        _ => "",
    }
}

/// Returns the kind of a frame, regardless of its source.
#[inline]
pub(crate) fn kind_of(frame: &Rustvani) -> FrameKind {
    match &frame.inner {
        FrameInner::System(frame) => kind_of_system(frame),
        FrameInner::Control(frame) => match frame {
            ControlFrame::End { .. } => FrameKind::End,
            ControlFrame::LLMFullResponseStart => FrameKind::LlmResponseStart,
            ControlFrame::LLMFullResponseEnd => FrameKind::LlmResponseEnd,
            ControlFrame::FunctionCallStart => FrameKind::FunctionCallsStarted,
            ControlFrame::FunctionCallEnd => FrameKind::Other,
        },
        FrameInner::Data(frame) => match frame {
            // rustvani has no frames for the audio of a synthesis itself.
            DataFrame::OutputAudioRaw(_) => FrameKind::TtsAudio,
            DataFrame::Transcription(transcript) if transcript.finalized => FrameKind::Transcription,
            DataFrame::Transcription(_) => FrameKind::InterimTranscription,
            DataFrame::LLMText(_) => FrameKind::LlmText,
            DataFrame::LLMContextFrame(_) => FrameKind::LlmContext,
            DataFrame::FunctionCallInProgress(_) => FrameKind::FunctionCallInProgress,
            DataFrame::FunctionCallResult(_) => FrameKind::FunctionCallResult,
            _ => FrameKind::Other,
        },
    }
}

#[inline]
fn kind_of_system(frame: &SystemFrame) -> FrameKind {
    match frame {
        SystemFrame::InputAudioRaw(_) => FrameKind::InputAudio,
        SystemFrame::Start(_) => FrameKind::Start,
        SystemFrame::Stop { .. } => FrameKind::Stop,
        SystemFrame::Cancel { .. } => FrameKind::Cancel,
        SystemFrame::Error(_) => FrameKind::Error,
        SystemFrame::Interruption => FrameKind::Interruption,
        SystemFrame::UserStartedSpeaking { .. } => FrameKind::UserStartedSpeaking,
        SystemFrame::UserStoppedSpeaking { .. } => FrameKind::UserStoppedSpeaking,
        SystemFrame::VADUserStartedSpeaking { .. } => FrameKind::VadUserStartedSpeaking,
        SystemFrame::VADUserStoppedSpeaking { .. } => FrameKind::VadUserStoppedSpeaking,
        SystemFrame::BotStartedSpeaking => FrameKind::BotStartedSpeaking,
        SystemFrame::BotStoppedSpeaking => FrameKind::BotStoppedSpeaking,
        _ => FrameKind::Other,
    }
}

impl ObservedFrame for RustvaniFrame<'_> {
    #[inline]
    fn kind(&self) -> FrameKind {
        match kind_of(self.frame) {
            FrameKind::Transcription
            | FrameKind::InterimTranscription
            | FrameKind::VadUserStoppedSpeaking
                if self.is_repetition() =>
            {
                FrameKind::Other
            }
            kind => kind,
        }
    }

    fn view(&self) -> Frame<'_> {
        if self.kind() == FrameKind::Other {
            return Frame::Other { class: self.frame.name() };
        }
        let frame = match &self.frame.inner {
            FrameInner::System(frame) => view_of_system(frame),
            FrameInner::Control(frame) => view_of_control(frame),
            FrameInner::Data(frame) => self.view_of_data(frame),
        };
        frame.unwrap_or(Frame::Other { class: self.frame.name() })
    }
}

fn view_of_system(frame: &SystemFrame) -> Option<Frame<'_>> {
    Some(match frame {
        SystemFrame::InputAudioRaw(audio) => Frame::InputAudio(audio_format(audio)),
        SystemFrame::Start(_) => Frame::Start,
        SystemFrame::Stop { .. } => Frame::Stop,
        SystemFrame::Cancel { .. } => Frame::Cancel,
        SystemFrame::Error(error) => Frame::Error(to_error_report(error)),
        SystemFrame::Interruption => Frame::Interruption,
        SystemFrame::UserStartedSpeaking { .. } => Frame::UserStartedSpeaking,
        SystemFrame::UserStoppedSpeaking { .. } => Frame::UserStoppedSpeaking,
        SystemFrame::VADUserStartedSpeaking { .. } => Frame::VadUserStartedSpeaking,
        SystemFrame::VADUserStoppedSpeaking { stop_secs, transcript, .. } => Frame::VadUserStoppedSpeaking {
            stop_secs: Some(f64::from(*stop_secs)),
            transcript: transcript.as_ref().map(to_transcript),
        },
        SystemFrame::BotStartedSpeaking => Frame::BotStartedSpeaking,
        SystemFrame::BotStoppedSpeaking => Frame::BotStoppedSpeaking,
        _ => return None,
    })
}

fn view_of_control(frame: &ControlFrame) -> Option<Frame<'_>> {
    Some(match frame {
        ControlFrame::End { .. } => Frame::End,
        ControlFrame::LLMFullResponseStart => Frame::LlmResponseStart,
        ControlFrame::LLMFullResponseEnd => Frame::LlmResponseEnd,
        ControlFrame::FunctionCallStart => Frame::FunctionCallsStarted(&NO_CALLS),
        ControlFrame::FunctionCallEnd => return None,
    })
}

impl<'a> RustvaniFrame<'a> {
    fn view_of_data<'f>(&'f self, frame: &'a DataFrame) -> Option<Frame<'f>> {
        Some(match frame {
            DataFrame::OutputAudioRaw(audio) => Frame::TtsAudio(audio_format(audio)),
            DataFrame::Transcription(transcript) if transcript.finalized => {
                Frame::Transcription(to_transcript(transcript))
            }
            DataFrame::Transcription(transcript) => Frame::InterimTranscription(to_transcript(transcript)),
            DataFrame::LLMText(text) => Frame::LlmText(TextChunk {
                spacing: Spacing::Included,
                chunking: Chunking::Delta,
                ..TextChunk::new(text)
            }),
            DataFrame::LLMContextFrame(context) => {
                Frame::LlmContext(Some(self.context.get_or_init(|| Context::new(context))))
            }
            DataFrame::FunctionCallInProgress(call) => Frame::FunctionCallInProgress(FunctionCall {
                name: &call.function_name,
                tool_call_id: &call.id,
                arguments: (!self.json.0.is_empty()).then_some(&self.json),
            }),
            DataFrame::FunctionCallResult(result) => Frame::FunctionCallResult(FunctionCallResult {
                name: &result.function_name,
                tool_call_id: &result.id,
                result: Some(&self.json),
                error: None,
                is_final: true,
            }),
            _ => return None,
        })
    }
}

fn to_transcript(transcript: &TranscriptionData) -> Transcript<'_> {
    Transcript {
        text: &transcript.text,
        user_id: Some(transcript.user_id.as_str()).filter(|user| !user.is_empty()),
        language: transcript.language.as_deref(),
    }
}

/// Returns the category of an error message: one of rustvani's four, or the status of an HTTP response in the format of
/// rustvani's clients.
fn error_category(message: &str) -> Option<&str> {
    match ErrorKind::of(message) {
        ErrorKind::Other => {
            let (_, rest) = message.split_once("HTTP ")?;
            let status = rest.get(..3)?;
            status.bytes().all(|digit| digit.is_ascii_digit()).then_some(status)
        }
        kind => Some(kind.as_str()),
    }
}

fn to_error_report(error: &ErrorFrameData) -> ErrorReport<'_> {
    ErrorReport {
        message: &error.error,
        fatal: error.fatal,
        exception: None,
        processor: error.processor_name.as_deref(),
        category: error_category(&error.error),
    }
}

fn audio_format(audio: &AudioRawData) -> Audio {
    Audio::pcm16(audio.audio.len(), audio.sample_rate, audio.num_channels)
}
