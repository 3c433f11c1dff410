//! Payloads of frames with content, copied.

use super::function_call::{FunctionCallPayload, FunctionCallsPayload};
use super::speech::{SpeakPayload, TextPayload, TranscriptPayload, VadStopPayload};
use super::{ErrorPayload, Payload};
use crate::engine::frame::Frame;

/// The payload of a frame that may be redacted as a whole, copied within the limit of a text.
pub(in crate::frame_log) enum OwnedPayload {
    Error(ErrorPayload<'static>),
    Transcription(TranscriptPayload<'static>),
    VadUserStoppedSpeaking(VadStopPayload<'static>),
    TtsSpeak(SpeakPayload<'static>),
    AggregatedText(TextPayload<'static>),
    FunctionCallsStarted(FunctionCallsPayload<'static>),
    FunctionCallInProgress(FunctionCallPayload<'static>),
    FunctionCallResult(FunctionCallPayload<'static>),
}

impl OwnedPayload {
    /// Copies the payload of `frame`; `None` if it is of another kind.
    pub(in crate::frame_log) fn of(frame: &Frame<'_>) -> Option<Self> {
        Some(match Payload::of(frame) {
            Payload::Error(payload) => Self::Error(payload.into_owned()),
            Payload::Transcription(payload) => Self::Transcription(payload.into_owned()),
            Payload::VadUserStoppedSpeaking(payload) => Self::VadUserStoppedSpeaking(payload.into_owned()),
            Payload::TtsSpeak(payload) => Self::TtsSpeak(payload.into_owned()),
            Payload::AggregatedText(payload) => Self::AggregatedText(payload.into_owned()),
            Payload::FunctionCallsStarted(payload) => Self::FunctionCallsStarted(payload.into_owned()),
            Payload::FunctionCallInProgress(payload) => Self::FunctionCallInProgress(payload.into_owned()),
            Payload::FunctionCallResult(payload) => Self::FunctionCallResult(payload.into_owned()),
            _ => return None,
        })
    }

    /// Returns the frame.
    pub(in crate::frame_log) fn frame(&self) -> Frame<'_> {
        match self {
            Self::Error(payload) => Frame::Error(payload.into()),
            Self::Transcription(payload) => Frame::Transcription(payload.into()),
            Self::VadUserStoppedSpeaking(VadStopPayload { stop_secs, transcript }) => {
                let transcript = transcript.as_ref().map(Into::into);
                Frame::VadUserStoppedSpeaking { stop_secs: *stop_secs, transcript }
            }
            Self::TtsSpeak(payload) => Frame::TtsSpeak(payload.into()),
            Self::AggregatedText(payload) => Frame::AggregatedText(payload.into()),
            Self::FunctionCallsStarted(payload) => Frame::FunctionCallsStarted(payload),
            Self::FunctionCallInProgress(payload) => Frame::FunctionCallInProgress(payload.into()),
            Self::FunctionCallResult(payload) => Frame::FunctionCallResult(payload.into()),
        }
    }

    /// Returns the memory that its texts take, in bytes.
    pub(in crate::frame_log) fn bytes(&self) -> usize {
        match self {
            Self::Error(payload) => payload.bytes(),
            Self::Transcription(payload) => payload.bytes(),
            Self::VadUserStoppedSpeaking(payload) => {
                payload.transcript.as_ref().map_or(0, TranscriptPayload::bytes)
            }
            Self::TtsSpeak(payload) => payload.bytes(),
            Self::AggregatedText(payload) => payload.bytes(),
            Self::FunctionCallsStarted(payload) => payload.bytes(),
            Self::FunctionCallInProgress(payload) | Self::FunctionCallResult(payload) => payload.bytes(),
        }
    }
}
