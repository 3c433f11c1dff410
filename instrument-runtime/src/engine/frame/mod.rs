//! The neutral view of frames and processors, borrowed from the framework's own.
//!
//! An adapter turns a framework's frame into a [`Frame`] that borrows from it, without allocation or copy. Costly
//! contents (chat contexts, JSON) stay behind traits, and only the hop that needs them reads them.

mod context;
mod hop;
mod instruction;
mod kind;
mod payload;
mod processor;
mod processor_registry;

pub use context::{ChatContext, ImageUrl, Message, MessageContent, MessagePart, ToolCall};
pub use hop::{Direction, FrameId, FramePushed, Hop};
pub use instruction::InstructionPlacement;
pub use kind::FrameKind;
pub use payload::{
    Audio, Chunking, Delivery, FunctionCall, FunctionCallList, FunctionCallResult, Json, LlmUsage,
    Measurement, Metric, MetricList, Spacing, TextChunk, Transcript,
};
pub use processor::{ObservedService, Processor, ProcessorRef, Role, ServiceView, Setting};
pub use processor_registry::ProcessorRegistry;

/// A frame as the engine reads it, borrowed from the framework's own. See [Frames].
///
/// [Frames]: https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#frames
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
    /// The pipeline ends after the frames before this one (`EndFrame`).
    End,
    /// The pipeline stops, but keeps its processors (`StopFrame`).
    Stop,
    /// The pipeline ends at once (`CancelFrame`).
    Cancel,
    /// A processor failed (`ErrorFrame`).
    Error(ErrorReport<'a>),
    /// Work in progress should be dropped (`InterruptionFrame`).
    Interruption,
    /// The user's turn started (`UserStartedSpeakingFrame`).
    UserStartedSpeaking,
    /// The user's turn ended (`UserStoppedSpeakingFrame`).
    UserStoppedSpeaking,
    /// A service detected user speech, and proposes it as the user's turn (`ProposedUserStartedSpeakingFrame`).
    ProposedUserStartedSpeaking,
    /// A service predicts that the user's turn has ended (`EagerTranscriptionFrame`). A model may be asked, but the turn
    /// goes on until the prediction is confirmed. The provisional transcript is not needed.
    EagerTranscription,
    /// The prediction is withdrawn, and with it the answer (`EagerEndOfTurnCancelFrame`).
    EagerEndOfTurnCancel,
    /// The user's voice was detected (`VADUserStartedSpeakingFrame`).
    VadUserStartedSpeaking,
    /// The user's voice stopped (`VADUserStoppedSpeakingFrame`).
    VadUserStoppedSpeaking {
        /// Seconds of silence before the frame was sent: the voice ended this much earlier.
        stop_secs: Option<f64>,
        /// The final transcript, in frameworks that release it with this frame.
        transcript: Option<Transcript<'a>>,
    },
    /// The bot started speaking (`BotStartedSpeakingFrame`).
    BotStartedSpeaking,
    /// The bot stopped speaking (`BotStoppedSpeakingFrame`).
    BotStoppedSpeaking,
    /// A final transcript (`TranscriptionFrame`).
    Transcription(Transcript<'a>),
    /// An interim transcript (`InterimTranscriptionFrame`).
    InterimTranscription(Transcript<'a>),
    /// A context for a language model (`LLMContextFrame`); `None` if this hop does not contain it.
    LlmContext(Option<&'a dyn ChatContext>),
    /// A response of a language model starts (`LLMFullResponseStartFrame`).
    LlmResponseStart,
    /// A chunk of a response (`LLMTextFrame`).
    LlmText(TextChunk<'a>),
    /// A response of a language model ends (`LLMFullResponseEndFrame`).
    LlmResponseEnd,
    /// A text to be spoken that is not from a language model (`TTSSpeakFrame`); `None` if unknown.
    TtsSpeak(Option<&'a str>),
    /// A chunk of text that the aggregator hands to synthesis, usually a sentence (`AggregatedTextFrame`).
    AggregatedText(TextChunk<'a>),
    /// A chunk of text that was synthesized or, if the output transport pushes it, spoken (`TTSTextFrame`).
    TtsText(TextChunk<'a>),
    /// Synthesis starts (`TTSStartedFrame`).
    TtsStarted {
        /// The id of the reply that it belongs to.
        context_id: Option<&'a str>,
    },
    /// Synthesis ends (`TTSStoppedFrame`).
    TtsStopped {
        /// The id of the reply that it belongs to.
        context_id: Option<&'a str>,
    },
    /// Synthesized audio (`TTSAudioRawFrame`).
    TtsAudio(Audio),
    /// Audio for the user (`OutputAudioRawFrame`).
    OutputAudio(Audio),
    /// Audio from the user's microphone (`InputAudioRawFrame`).
    InputAudio(Audio),
    /// Measurements of services (`MetricsFrame`).
    Metrics(&'a dyn MetricList),
    /// A language model requests tool calls (`FunctionCallsStartedFrame`).
    FunctionCallsStarted(&'a dyn FunctionCallList),
    /// A tool call is in progress (`FunctionCallInProgressFrame`).
    FunctionCallInProgress(FunctionCall<'a>),
    /// A tool call has a result (`FunctionCallResultFrame`).
    FunctionCallResult(FunctionCallResult<'a>),
    /// A tool call was cancelled (`FunctionCallCancelFrame`).
    FunctionCallCancel {
        /// The id of the call.
        tool_call_id: &'a str,
    },
    /// A frame that does not affect a trace. The frame log contains its class.
    Other {
        /// The class name in Pipecat or another framework, as `BotSpeakingFrame`.
        class: &'a str,
    },
}

impl Frame<'_> {
    /// Returns the kind of the frame.
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
            Self::ProposedUserStartedSpeaking => FrameKind::ProposedUserStartedSpeaking,
            Self::EagerTranscription => FrameKind::EagerTranscription,
            Self::EagerEndOfTurnCancel => FrameKind::EagerEndOfTurnCancel,
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
            frame => f.write_str(frame.kind().class()),
        }
    }
}

/// A frame type that can be observed. `#[derive(ObservedFrame)]` implements it.
///
/// [`kind`](Self::kind) is called for every frame, and should be no more than a match. [`view`](Self::view) is called
/// only for frames that affect a trace.
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
    /// Returns the kind of the frame.
    fn kind(&self) -> FrameKind;

    /// Returns the frame as the engine reads it.
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

/// The contents of an `ErrorFrame`. See [Errors].
///
/// [Errors]: https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#errors
#[derive(Debug, Clone, Copy, Default)]
pub struct ErrorReport<'a> {
    /// The error message.
    pub message: &'a str,
    /// Whether the pipeline cannot continue.
    pub fatal: bool,
    /// The exception, as `RuntimeError('503 overloaded')`. The part before the parenthesis is its class.
    pub exception: Option<&'a str>,
    /// The name of the processor that failed, if another one pushed the frame.
    pub processor: Option<&'a str>,
    /// The framework's category of the error.
    pub category: Option<&'a str>,
}
