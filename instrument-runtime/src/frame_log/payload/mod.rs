//! Payloads of frames: written from a frame's view, read back into one.

mod context;
mod function_call;
mod metrics;
mod owned;
mod speech;

pub(super) use context::{ContextCache, ContextPayload, ContextSnapshot, LoggedContext};
pub(super) use owned::OwnedPayload;

use std::borrow::Cow;

use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;

use self::function_call::{FunctionCallPayload, FunctionCallsPayload};
use self::metrics::MetricsPayload;
use self::speech::{
    AudioPayload, ReplyPayload, SpeakPayload, TextPayload, TranscriptPayload, VadStopPayload,
};
use crate::engine::frame::{ErrorReport, Frame, FrameKind, ObservedFrame};
use crate::engine::truncate::{MAX_TEXT_LENGTH, to_bounded};

/// The class of errors that are always fatal, whether or not their payload marks them so.
const FATAL_ERROR: &str = "FatalErrorFrame";

/// Declares [`Payload`] and its conversions from one list of frames.
///
/// `content`: frames with one value, which converts to its payload and back. `fields`: frames with named fields, whose
/// conversions are written out below. `empty`: frames without a payload.
macro_rules! payloads {
    (
        content { $($content:ident($content_payload:ty),)* }
        fields { $($fields:ident($fields_payload:ty),)* }
        empty { $($empty:ident,)* }
    ) => {
        /// A frame in the form that the log stores.
        #[derive(Serialize)]
        #[serde(untagged)]
        pub(super) enum Payload<'a> {
            /// A frame without a payload.
            #[serde(serialize_with = "empty_object")]
            Empty(Frame<'a>),
            /// The class of a frame that traces do not use.
            #[serde(serialize_with = "empty_object")]
            Other(Cow<'a, str>),
            $($content($content_payload),)*
            $($fields($fields_payload),)*
        }

        impl<'a> Payload<'a> {
            /// Returns the payload of `frame`. The payload of a context has only the number of messages.
            pub(super) fn of(frame: &Frame<'a>) -> Self {
                match *frame {
                    $(Frame::$content(content) => Self::$content(content.into()),)*
                    Frame::VadUserStoppedSpeaking { stop_secs, transcript } => {
                        let transcript = transcript.map(TranscriptPayload::from);
                        Self::VadUserStoppedSpeaking(VadStopPayload { stop_secs, transcript })
                    }
                    Frame::TtsStarted { context_id } => Self::TtsStarted(context_id.into()),
                    Frame::TtsStopped { context_id } => Self::TtsStopped(context_id.into()),
                    Frame::FunctionCallCancel { tool_call_id } => {
                        Self::FunctionCallCancel(FunctionCallPayload::with_id(tool_call_id))
                    }
                    Frame::Other { class } => Self::Other(class.into()),
                    $(Frame::$empty)|* => Self::Empty(*frame),
                }
            }
        }

        impl Payload<'static> {
            /// Parses the payload of a frame of class `class`. A class that is not known is read as `base`.
            pub(super) fn parse(
                class: &str,
                base: Option<&str>,
                payload: &RawValue,
            ) -> Result<Self, serde_json::Error> {
                let known = match (FrameKind::from_class(class), base) {
                    (FrameKind::Other, Some(base)) => base,
                    _ => class,
                };
                Ok(match FrameKind::from_class(known) {
                    $(FrameKind::$content => Self::$content(read(payload)?),)*
                    $(FrameKind::$fields => Self::$fields(read(payload)?),)*
                    $(FrameKind::$empty => Self::Empty(Frame::$empty),)*
                    FrameKind::Other => Self::Other(class.to_owned().into()),
                }
                .fatal_if(known == FATAL_ERROR))
            }
        }

        impl ObservedFrame for Payload<'_> {
            fn kind(&self) -> FrameKind {
                self.view().kind()
            }

            fn view(&self) -> Frame<'_> {
                match self {
                    Self::Empty(frame) => *frame,
                    Self::Other(class) => Frame::Other { class },
                    $(Self::$content(payload) => Frame::$content(payload.into()),)*
                    Self::VadUserStoppedSpeaking(payload) => Frame::VadUserStoppedSpeaking {
                        stop_secs: payload.stop_secs,
                        transcript: payload.transcript.as_ref().map(Into::into),
                    },
                    Self::TtsStarted(payload) => Frame::TtsStarted { context_id: payload.context_id() },
                    Self::TtsStopped(payload) => Frame::TtsStopped { context_id: payload.context_id() },
                    Self::FunctionCallCancel(payload) => {
                        Frame::FunctionCallCancel { tool_call_id: &payload.tool_call_id }
                    }
                }
            }
        }
    };
}

payloads! {
    content {
        Error(ErrorPayload<'a>),
        Transcription(TranscriptPayload<'a>),
        InterimTranscription(TranscriptPayload<'a>),
        LlmContext(ContextPayload),
        LlmText(TextPayload<'a>),
        TtsSpeak(SpeakPayload<'a>),
        AggregatedText(TextPayload<'a>),
        TtsText(TextPayload<'a>),
        TtsAudio(AudioPayload),
        OutputAudio(AudioPayload),
        InputAudio(AudioPayload),
        Metrics(MetricsPayload),
        FunctionCallsStarted(FunctionCallsPayload<'a>),
        FunctionCallInProgress(FunctionCallPayload<'a>),
        FunctionCallResult(FunctionCallPayload<'a>),
    }
    fields {
        VadUserStoppedSpeaking(VadStopPayload<'a>),
        TtsStarted(ReplyPayload<'a>),
        TtsStopped(ReplyPayload<'a>),
        FunctionCallCancel(FunctionCallPayload<'a>),
    }
    empty {
        Start,
        End,
        Stop,
        Cancel,
        Interruption,
        UserStartedSpeaking,
        UserStoppedSpeaking,
        ProposedUserStartedSpeaking,
        EagerTranscription,
        EagerEndOfTurnCancel,
        VadUserStartedSpeaking,
        BotStartedSpeaking,
        BotStoppedSpeaking,
        LlmResponseStart,
        LlmResponseEnd,
    }
}

impl Payload<'_> {
    /// Returns the name of the frame's class.
    pub(super) fn class(&self) -> &str {
        match self {
            Self::Other(class) => class,
            payload => payload.kind().class(),
        }
    }

    fn fatal_if(mut self, is_fatal: bool) -> Self {
        if let Self::Error(error) = &mut self {
            error.fatal |= is_fatal;
        }
        self
    }
}

/// Copies a text, within the limit of a text.
fn into_bounded(text: Cow<'_, str>) -> Cow<'static, str> {
    match text {
        Cow::Owned(text) if text.len() <= MAX_TEXT_LENGTH => Cow::Owned(text),
        text => Cow::Owned(to_bounded(&text)),
    }
}

fn read<T: for<'de> Deserialize<'de>>(payload: &RawValue) -> Result<T, serde_json::Error> {
    serde_json::from_str(payload.get())
}

fn empty_object<T, S: Serializer>(_: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(std::iter::empty::<((), ())>())
}

#[derive(Serialize, Deserialize)]
pub(super) struct ErrorPayload<'a> {
    #[serde(default)]
    error: Cow<'a, str>,
    #[serde(default)]
    fatal: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    exception: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    processor: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<Cow<'a, str>>,
}

impl ErrorPayload<'_> {
    fn bytes(&self) -> usize {
        self.error.len() + self.exception.as_deref().map_or(0, str::len)
    }

    fn into_owned(self) -> ErrorPayload<'static> {
        ErrorPayload {
            error: into_bounded(self.error),
            fatal: self.fatal,
            exception: self.exception.map(into_bounded),
            processor: self.processor.map(into_bounded),
            category: self.category.map(into_bounded),
        }
    }
}

impl<'a> From<ErrorReport<'a>> for ErrorPayload<'a> {
    fn from(report: ErrorReport<'a>) -> Self {
        Self {
            error: report.message.into(),
            fatal: report.fatal,
            exception: report.exception.map(Cow::from),
            processor: report.processor.map(Cow::from),
            category: report.category.map(Cow::from),
        }
    }
}

impl<'p> From<&'p ErrorPayload<'_>> for ErrorReport<'p> {
    fn from(payload: &'p ErrorPayload<'_>) -> Self {
        Self {
            message: &payload.error,
            fatal: payload.fatal,
            exception: payload.exception.as_deref(),
            processor: payload.processor.as_deref(),
            category: payload.category.as_deref(),
        }
    }
}
