//! The neutral, borrowed view of a frame and of the processors it passes between.
//!
//! An adapter turns a framework's frame into a [`Frame`] that borrows from it: no allocation, no copy. What is
//! costly to look at (a chat context, JSON) stays behind a trait and is read only by the one hop that needs it.

mod audio;
mod context;
mod directory;
mod function_call;
mod hop;
mod kind;
mod metric;
mod processor;
mod service;
mod text;

pub use audio::Audio;
pub use context::{ChatContext, ImageUrl, Message, MessageContent, MessagePart, ToolCall};
pub use directory::ProcessorRegistry;
pub use function_call::{FunctionCall, FunctionCallList, FunctionCallResult, Json};
pub use hop::{Direction, FrameId, FramePushed, Hop};
pub use kind::FrameKind;
pub use metric::{LlmUsage, Measurement, Metric, MetricList};
pub use processor::{Processor, ProcessorRef, Role, Setting};
pub use service::{ObservedService, ServiceView};
pub use text::{Chunking, Delivery, Spacing, TextChunk, Transcript};

/// A frame as the core reads it, borrowed from the framework's own.
///
/// ```
/// use pipecat_instrument_runtime::engine::frame::{Frame, FrameKind, TextChunk};
///
/// let frame = Frame::LlmText(TextChunk::new("Hello"));
/// assert_eq!(frame.kind(), FrameKind::LlmText);
/// ```
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum Frame<'a> {
    /// The pipeline starts (`StartFrame`).
    Start,
    /// The pipeline ends once what came before has been worked off (`EndFrame`).
    End,
    /// The pipeline stops, its processors stay (`StopFrame`).
    Stop,
    /// The pipeline ends at once (`CancelFrame`).
    Cancel,
    /// Something failed (`ErrorFrame`).
    Error(ErrorReport<'a>),
    /// What is under way should be dropped (`InterruptionFrame`).
    Interruption,
    /// The user's turn began (`UserStartedSpeakingFrame`).
    UserStartedSpeaking,
    /// The user's turn ended (`UserStoppedSpeakingFrame`).
    UserStoppedSpeaking,
    /// A voice was detected (`VADUserStartedSpeakingFrame`).
    VadUserStartedSpeaking,
    /// The voice fell silent (`VADUserStoppedSpeakingFrame`).
    VadUserStoppedSpeaking {
        /// Seconds of silence that it took to say so: the voice ended this much earlier.
        stop_secs: Option<f64>,
        /// The final transcript, in frameworks that release it with this frame.
        transcript: Option<Transcript<'a>>,
    },
    /// The bot's voice is to be heard (`BotStartedSpeakingFrame`).
    BotStartedSpeaking,
    /// The bot's voice is no longer to be heard (`BotStoppedSpeakingFrame`).
    BotStoppedSpeaking,
    /// What the user said (`TranscriptionFrame`).
    Transcription(Transcript<'a>),
    /// What the user may be saying (`InterimTranscriptionFrame`).
    InterimTranscription(Transcript<'a>),
    /// A context for a language model to answer (`LLMContextFrame`); `None` where this hop does not show it.
    LlmContext(Option<&'a dyn ChatContext>),
    /// A language model's answer begins (`LLMFullResponseStartFrame`).
    LlmResponseStart,
    /// A piece of a language model's answer (`LLMTextFrame`).
    LlmText(TextChunk<'a>),
    /// A language model's answer ends (`LLMFullResponseEndFrame`).
    LlmResponseEnd,
    /// A text to be spoken that no language model wrote (`TTSSpeakFrame`); `None` where it is not told.
    TtsSpeak(Option<&'a str>),
    /// A piece of text as it was given to synthesis (`AggregatedTextFrame`).
    AggregatedText(TextChunk<'a>),
    /// A piece of text that was synthesized or, pushed by the output transport, spoken (`TTSTextFrame`).
    TtsText(TextChunk<'a>),
    /// Synthesis begins (`TTSStartedFrame`).
    TtsStarted {
        /// The spoken reply that it belongs to.
        context_id: Option<&'a str>,
    },
    /// Synthesis ends (`TTSStoppedFrame`).
    TtsStopped {
        /// The spoken reply that it belongs to.
        context_id: Option<&'a str>,
    },
    /// Synthesized audio (`TTSAudioRawFrame`).
    TtsAudio(Audio),
    /// Audio for the user's ear (`OutputAudioRawFrame`).
    OutputAudio(Audio),
    /// Audio from the user's microphone (`InputAudioRawFrame`).
    InputAudio(Audio),
    /// Measurements of services (`MetricsFrame`).
    Metrics(&'a dyn MetricList),
    /// A language model asks for function calls (`FunctionCallsStartedFrame`).
    FunctionCallsStarted(&'a dyn FunctionCallList),
    /// A function call is under way (`FunctionCallInProgressFrame`).
    FunctionCallInProgress(FunctionCall<'a>),
    /// A function call has a result (`FunctionCallResultFrame`).
    FunctionCallResult(FunctionCallResult<'a>),
    /// A function call was called off (`FunctionCallCancelFrame`).
    FunctionCallCancel {
        /// Which call.
        tool_call_id: &'a str,
    },
    /// A frame that says nothing about a trace; its class is what the frame log writes.
    Other {
        /// Pipecat's (or the framework's) class name, as `BotSpeakingFrame`.
        class: &'a str,
    },
}

impl Frame<'_> {
    /// What the frame is, without its payload.
    #[inline]
    pub const fn kind(&self) -> FrameKind {
        match self {
            Self::Start => FrameKind::Start,
            Self::End => FrameKind::End,
            Self::Stop => FrameKind::Stop,
            Self::Cancel => FrameKind::Cancel,
            Self::Error(_) => FrameKind::Error,
            Self::Interruption => FrameKind::Interruption,
            Self::UserStartedSpeaking => FrameKind::UserStartedSpeaking,
            Self::UserStoppedSpeaking => FrameKind::UserStoppedSpeaking,
            Self::VadUserStartedSpeaking => FrameKind::VadUserStartedSpeaking,
            Self::VadUserStoppedSpeaking { .. } => FrameKind::VadUserStoppedSpeaking,
            Self::BotStartedSpeaking => FrameKind::BotStartedSpeaking,
            Self::BotStoppedSpeaking => FrameKind::BotStoppedSpeaking,
            Self::Transcription(_) => FrameKind::Transcription,
            Self::InterimTranscription(_) => FrameKind::InterimTranscription,
            Self::LlmContext(_) => FrameKind::LlmContext,
            Self::LlmResponseStart => FrameKind::LlmResponseStart,
            Self::LlmText(_) => FrameKind::LlmText,
            Self::LlmResponseEnd => FrameKind::LlmResponseEnd,
            Self::TtsSpeak(_) => FrameKind::TtsSpeak,
            Self::AggregatedText(_) => FrameKind::AggregatedText,
            Self::TtsText(_) => FrameKind::TtsText,
            Self::TtsStarted { .. } => FrameKind::TtsStarted,
            Self::TtsStopped { .. } => FrameKind::TtsStopped,
            Self::TtsAudio(_) => FrameKind::TtsAudio,
            Self::OutputAudio(_) => FrameKind::OutputAudio,
            Self::InputAudio(_) => FrameKind::InputAudio,
            Self::Metrics(_) => FrameKind::Metrics,
            Self::FunctionCallsStarted(_) => FrameKind::FunctionCallsStarted,
            Self::FunctionCallInProgress(_) => FrameKind::FunctionCallInProgress,
            Self::FunctionCallResult(_) => FrameKind::FunctionCallResult,
            Self::FunctionCallCancel { .. } => FrameKind::FunctionCallCancel,
            Self::Other { .. } => FrameKind::Other,
        }
    }
}

impl std::fmt::Debug for Frame<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Other { class } => f.write_str(class),
            known => f.write_str(known.kind().class()),
        }
    }
}

/// A frame type that can be observed: what `#[derive(ObservedFrame)]` implements.
///
/// [`kind`](Self::kind) is asked for every frame and should be a match and no more; [`view`](Self::view) only for
/// those that matter.
///
/// ```
/// use pipecat_instrument_runtime::engine::frame::{Frame, FrameKind, ObservedFrame, TextChunk};
///
/// enum Mine {
///     Token(String),
///     Audio(Vec<u8>),
/// }
///
/// impl ObservedFrame for Mine {
///     fn kind(&self) -> FrameKind {
///         match self {
///             Self::Token(_) => FrameKind::LlmText,
///             Self::Audio(_) => FrameKind::Other,
///         }
///     }
///
///     fn view(&self) -> Frame<'_> {
///         match self {
///             Self::Token(text) => Frame::LlmText(TextChunk::new(text)),
///             Self::Audio(_) => Frame::Other { class: "Audio" },
///         }
///     }
/// }
///
/// assert_eq!(Mine::Token("Hi".into()).view().kind(), FrameKind::LlmText);
/// assert_eq!(Mine::Audio(vec![0; 320]).kind(), FrameKind::Other);
/// ```
pub trait ObservedFrame {
    /// What the frame is.
    fn kind(&self) -> FrameKind;

    /// The frame as the core reads it.
    fn view(&self) -> Frame<'_>;
}

impl ObservedFrame for Frame<'_> {
    #[inline]
    fn kind(&self) -> FrameKind {
        Frame::kind(self)
    }

    fn view(&self) -> Frame<'_> {
        *self
    }
}

/// What an `ErrorFrame` tells.
#[derive(Debug, Clone, Copy, Default)]
pub struct ErrorReport<'a> {
    /// What went wrong.
    pub message: &'a str,
    /// Whether the pipeline cannot go on.
    pub fatal: bool,
    /// The exception, as `RuntimeError('503 overloaded')`; what stands before the parenthesis is its class.
    pub exception: Option<&'a str>,
    /// The name of the processor that failed, where it is not the one that pushed the frame.
    pub processor: Option<&'a str>,
    /// The framework's category of errors.
    pub category: Option<&'a str>,
}
