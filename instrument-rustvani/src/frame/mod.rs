//! rustvani's frames, as the core reads them.

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

/// rustvani announces calls as a whole, and then one by one.
const NOT_YET_TOLD: [FunctionCall<'static>; 0] = [];

/// A frame of rustvani's, with what it takes to read it.
pub(crate) struct RustvaniFrame<'a> {
    frame: &'a Rustvani,
    /// Who pushes it.
    source: &'a str,
    /// A context, locked once it is read, and for as long as this is looked at.
    context: OnceCell<Context<'a>>,
    /// What a function is called with, or has returned.
    json: RawJson<'a>,
}

impl<'a> RustvaniFrame<'a> {
    #[inline]
    pub(crate) fn new(frame: &'a Rustvani, source: &'a str) -> Self {
        Self { frame, source, context: OnceCell::new(), json: RawJson(json_of(frame)) }
    }

    /// Whether it says again what another has said: the segmenter makes new frames of the transcripts that it cuts into
    /// sentences, and of the stop that brings one.
    fn repeats(&self) -> bool {
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

/// What a frame is by itself, whoever pushes it.
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
            // There are no frames of a synthesis' own: what goes out is what it made.
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
                if self.repeats() =>
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
        SystemFrame::InputAudioRaw(audio) => Frame::InputAudio(pcm(audio)),
        SystemFrame::Start(_) => Frame::Start,
        SystemFrame::Stop { .. } => Frame::Stop,
        SystemFrame::Cancel { .. } => Frame::Cancel,
        SystemFrame::Error(error) => Frame::Error(report(error)),
        SystemFrame::Interruption => Frame::Interruption,
        SystemFrame::UserStartedSpeaking { .. } => Frame::UserStartedSpeaking,
        SystemFrame::UserStoppedSpeaking { .. } => Frame::UserStoppedSpeaking,
        SystemFrame::VADUserStartedSpeaking { .. } => Frame::VadUserStartedSpeaking,
        SystemFrame::VADUserStoppedSpeaking { stop_secs, transcript, .. } => Frame::VadUserStoppedSpeaking {
            stop_secs: Some(f64::from(*stop_secs)),
            transcript: transcript.as_ref().map(heard),
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
        ControlFrame::FunctionCallStart => Frame::FunctionCallsStarted(&NOT_YET_TOLD),
        ControlFrame::FunctionCallEnd => return None,
    })
}

impl<'a> RustvaniFrame<'a> {
    fn view_of_data<'f>(&'f self, frame: &'a DataFrame) -> Option<Frame<'f>> {
        Some(match frame {
            DataFrame::OutputAudioRaw(audio) => Frame::TtsAudio(pcm(audio)),
            DataFrame::Transcription(transcript) if transcript.finalized => {
                Frame::Transcription(heard(transcript))
            }
            DataFrame::Transcription(transcript) => Frame::InterimTranscription(heard(transcript)),
            DataFrame::LLMText(text) => Frame::LlmText(TextChunk {
                spacing: Spacing::Included,
                chunking: Chunking::Delta,
                ..TextChunk::new(text)
            }),
            DataFrame::LLMContextFrame(context) => {
                Frame::LlmContext(Some(self.context.get_or_init(|| Context::of(context))))
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
            }),
            _ => return None,
        })
    }
}

fn heard(transcript: &TranscriptionData) -> Transcript<'_> {
    Transcript {
        text: &transcript.text,
        user_id: Some(transcript.user_id.as_str()).filter(|user| !user.is_empty()),
        language: transcript.language.as_deref(),
    }
}

/// What kind of error it is: rustvani tells four apart by their text; of the others, the status of an HTTP response is
/// a kind, as its clients write it.
fn category(message: &str) -> Option<&str> {
    match ErrorKind::of(message) {
        ErrorKind::Other => {
            let (_, behind) = message.split_once("HTTP ")?;
            let status = behind.get(..3)?;
            status.bytes().all(|digit| digit.is_ascii_digit()).then_some(status)
        }
        kind => Some(kind.as_str()),
    }
}

fn report(error: &ErrorFrameData) -> ErrorReport<'_> {
    ErrorReport {
        message: &error.error,
        fatal: error.fatal,
        exception: None,
        processor: error.processor_name.as_deref(),
        category: category(&error.error),
    }
}

fn pcm(audio: &AudioRawData) -> Audio {
    Audio::pcm16(audio.audio.len(), audio.sample_rate, audio.num_channels)
}
