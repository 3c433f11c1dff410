//! What a frame carries, as the frame log holds it: written from a frame's view, read back into one.

mod context;
mod function_call;
mod metric;
mod service;
mod text;

pub(super) use context::{ContextPayload, LoggedContext};

use std::borrow::Cow;

use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;

use self::function_call::{CallPayload, CallsPayload};
use self::metric::MetricsPayload;
use self::service::{AudioPayload, ErrorPayload, ReplyPayload, SpeakPayload, VadStopPayload};
use self::text::{TextPayload, TranscriptPayload};
use crate::engine::frame::{Frame, FrameKind, ObservedFrame};

/// The class that says by itself that an error is fatal.
const FATAL_ERROR: &str = "FatalErrorFrame";

/// A frame as the log holds it.
pub(super) enum Payload<'a> {
    /// A frame of whose kind there is no more to say.
    Bare(Frame<'a>),
    /// A frame that says nothing about a trace, by its class.
    Other(Cow<'a, str>),
    Error(ErrorPayload<'a>),
    VadStop(VadStopPayload<'a>),
    Transcription(TranscriptPayload<'a>),
    InterimTranscription(TranscriptPayload<'a>),
    Context(ContextPayload),
    LlmText(TextPayload<'a>),
    AggregatedText(TextPayload<'a>),
    TtsText(TextPayload<'a>),
    Speak(SpeakPayload<'a>),
    TtsStarted(ReplyPayload<'a>),
    TtsStopped(ReplyPayload<'a>),
    TtsAudio(AudioPayload),
    OutputAudio(AudioPayload),
    InputAudio(AudioPayload),
    Metrics(MetricsPayload<'a>),
    CallsStarted(CallsPayload<'a>),
    CallInProgress(CallPayload<'a>),
    CallResult(CallPayload<'a>),
    CallCancel(CallPayload<'a>),
}

impl<'a> Payload<'a> {
    /// What `frame` carries. A context is counted here; whoever wants it whole asks for it.
    pub(super) fn of(frame: &Frame<'a>) -> Self {
        match *frame {
            Frame::Other { class } => Self::Other(class.into()),
            Frame::Error(report) => Self::Error(report.into()),
            Frame::VadUserStoppedSpeaking { stop_secs, transcript } => {
                Self::VadStop(VadStopPayload::new(stop_secs, transcript))
            }
            Frame::Transcription(transcript) => Self::Transcription(transcript.into()),
            Frame::InterimTranscription(transcript) => Self::InterimTranscription(transcript.into()),
            Frame::LlmContext(context) => Self::Context(ContextPayload::counting(context)),
            Frame::LlmText(chunk) => Self::LlmText(chunk.into()),
            Frame::AggregatedText(chunk) => Self::AggregatedText(chunk.into()),
            Frame::TtsText(chunk) => Self::TtsText(chunk.into()),
            Frame::TtsSpeak(text) => Self::Speak(SpeakPayload::new(text)),
            Frame::TtsStarted { context_id } => Self::TtsStarted(ReplyPayload::new(context_id)),
            Frame::TtsStopped { context_id } => Self::TtsStopped(ReplyPayload::new(context_id)),
            Frame::TtsAudio(audio) => Self::TtsAudio(audio.into()),
            Frame::OutputAudio(audio) => Self::OutputAudio(audio.into()),
            Frame::InputAudio(audio) => Self::InputAudio(audio.into()),
            Frame::Metrics(metrics) => Self::Metrics(MetricsPayload::of(metrics)),
            Frame::FunctionCallsStarted(calls) => Self::CallsStarted(CallsPayload::of(calls)),
            Frame::FunctionCallInProgress(call) => Self::CallInProgress(call.into()),
            Frame::FunctionCallResult(result) => Self::CallResult(result.into()),
            Frame::FunctionCallCancel { tool_call_id } => {
                Self::CallCancel(CallPayload::cancelled(tool_call_id))
            }
            Frame::Start
            | Frame::End
            | Frame::Stop
            | Frame::Cancel
            | Frame::Interruption
            | Frame::UserStartedSpeaking
            | Frame::UserStoppedSpeaking
            | Frame::VadUserStartedSpeaking
            | Frame::BotStartedSpeaking
            | Frame::BotStoppedSpeaking
            | Frame::LlmResponseStart
            | Frame::LlmResponseEnd => Self::Bare(*frame),
        }
    }

    /// The name of the frame's class.
    pub(super) fn class(&self) -> &str {
        match self {
            Self::Other(class) => class,
            known => known.kind().class(),
        }
    }
}

impl Payload<'static> {
    /// What the log says of a frame of class `class`.
    pub(super) fn parse(class: &str, payload: &RawValue) -> Result<Self, serde_json::Error> {
        fn read<T: for<'de> Deserialize<'de>>(payload: &RawValue) -> Result<T, serde_json::Error> {
            serde_json::from_str(payload.get())
        }
        Ok(match FrameKind::from_class(class) {
            FrameKind::Other => Self::Other(class.to_owned().into()),
            FrameKind::Error if class == FATAL_ERROR => Self::Error(read::<ErrorPayload>(payload)?.fatal()),
            FrameKind::Error => Self::Error(read(payload)?),
            FrameKind::VadUserStoppedSpeaking => Self::VadStop(read(payload)?),
            FrameKind::Transcription => Self::Transcription(read(payload)?),
            FrameKind::InterimTranscription => Self::InterimTranscription(read(payload)?),
            FrameKind::LlmContext => Self::Context(read(payload)?),
            FrameKind::LlmText => Self::LlmText(read(payload)?),
            FrameKind::AggregatedText => Self::AggregatedText(read(payload)?),
            FrameKind::TtsText => Self::TtsText(read(payload)?),
            FrameKind::TtsSpeak => Self::Speak(read(payload)?),
            FrameKind::TtsStarted => Self::TtsStarted(read(payload)?),
            FrameKind::TtsStopped => Self::TtsStopped(read(payload)?),
            FrameKind::TtsAudio => Self::TtsAudio(read(payload)?),
            FrameKind::OutputAudio => Self::OutputAudio(read(payload)?),
            FrameKind::InputAudio => Self::InputAudio(read(payload)?),
            FrameKind::Metrics => Self::Metrics(read(payload)?),
            FrameKind::FunctionCallsStarted => Self::CallsStarted(read(payload)?),
            FrameKind::FunctionCallInProgress => Self::CallInProgress(read(payload)?),
            FrameKind::FunctionCallResult => Self::CallResult(read(payload)?),
            FrameKind::FunctionCallCancel => Self::CallCancel(read(payload)?),
            FrameKind::Start => Self::Bare(Frame::Start),
            FrameKind::End => Self::Bare(Frame::End),
            FrameKind::Stop => Self::Bare(Frame::Stop),
            FrameKind::Cancel => Self::Bare(Frame::Cancel),
            FrameKind::Interruption => Self::Bare(Frame::Interruption),
            FrameKind::UserStartedSpeaking => Self::Bare(Frame::UserStartedSpeaking),
            FrameKind::UserStoppedSpeaking => Self::Bare(Frame::UserStoppedSpeaking),
            FrameKind::VadUserStartedSpeaking => Self::Bare(Frame::VadUserStartedSpeaking),
            FrameKind::BotStartedSpeaking => Self::Bare(Frame::BotStartedSpeaking),
            FrameKind::BotStoppedSpeaking => Self::Bare(Frame::BotStoppedSpeaking),
            FrameKind::LlmResponseStart => Self::Bare(Frame::LlmResponseStart),
            FrameKind::LlmResponseEnd => Self::Bare(Frame::LlmResponseEnd),
        })
    }
}

impl ObservedFrame for Payload<'_> {
    fn kind(&self) -> FrameKind {
        self.view().kind()
    }

    fn view(&self) -> Frame<'_> {
        match self {
            Self::Bare(frame) => *frame,
            Self::Other(class) => Frame::Other { class },
            Self::Error(error) => Frame::Error(error.report()),
            Self::VadStop(stop) => stop.frame(),
            Self::Transcription(transcript) => Frame::Transcription(transcript.transcript()),
            Self::InterimTranscription(transcript) => Frame::InterimTranscription(transcript.transcript()),
            Self::Context(context) => Frame::LlmContext(context.context()),
            Self::LlmText(text) => Frame::LlmText(text.chunk()),
            Self::AggregatedText(text) => Frame::AggregatedText(text.chunk()),
            Self::TtsText(text) => Frame::TtsText(text.chunk()),
            Self::Speak(speak) => Frame::TtsSpeak(speak.text()),
            Self::TtsStarted(reply) => Frame::TtsStarted { context_id: reply.context_id() },
            Self::TtsStopped(reply) => Frame::TtsStopped { context_id: reply.context_id() },
            Self::TtsAudio(audio) => Frame::TtsAudio(audio.audio()),
            Self::OutputAudio(audio) => Frame::OutputAudio(audio.audio()),
            Self::InputAudio(audio) => Frame::InputAudio(audio.audio()),
            Self::Metrics(metrics) => Frame::Metrics(metrics),
            Self::CallsStarted(calls) => Frame::FunctionCallsStarted(calls),
            Self::CallInProgress(call) => Frame::FunctionCallInProgress(call.call()),
            Self::CallResult(call) => Frame::FunctionCallResult(call.result()),
            Self::CallCancel(call) => Frame::FunctionCallCancel { tool_call_id: call.tool_call_id() },
        }
    }
}

impl Serialize for Payload<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Bare(_) | Self::Other(_) => serializer.collect_map(std::iter::empty::<((), ())>()),
            Self::Error(payload) => payload.serialize(serializer),
            Self::VadStop(payload) => payload.serialize(serializer),
            Self::Transcription(payload) | Self::InterimTranscription(payload) => {
                payload.serialize(serializer)
            }
            Self::Context(payload) => payload.serialize(serializer),
            Self::LlmText(payload) | Self::AggregatedText(payload) | Self::TtsText(payload) => {
                payload.serialize(serializer)
            }
            Self::Speak(payload) => payload.serialize(serializer),
            Self::TtsStarted(payload) | Self::TtsStopped(payload) => payload.serialize(serializer),
            Self::TtsAudio(payload) | Self::OutputAudio(payload) | Self::InputAudio(payload) => {
                payload.serialize(serializer)
            }
            Self::Metrics(payload) => payload.serialize(serializer),
            Self::CallsStarted(payload) => payload.serialize(serializer),
            Self::CallInProgress(payload) | Self::CallResult(payload) | Self::CallCancel(payload) => {
                payload.serialize(serializer)
            }
        }
    }
}
