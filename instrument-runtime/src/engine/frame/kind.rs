//! The kinds of frame, and their effect on a trace.

macro_rules! frame_kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal,)*) => {
        /// The kind of a frame, which decides before any lock whether the frame affects a trace.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[repr(u8)]
        #[non_exhaustive]
        pub enum FrameKind {
            $($(#[$doc])* $kind,)*
            /// Any frame that does not affect a trace.
            Other,
        }

        impl FrameKind {
            /// Every kind except [`FrameKind::Other`].
            pub const ALL: &'static [Self] = &[$(Self::$kind,)*];

            /// Returns the name of Pipecat's class for this kind, as the frame log contains it.
            pub const fn class(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)*
                    Self::Other => "Frame",
                }
            }

            /// Returns the kind of Pipecat's frame class `class`, or of the class that it derives from.
            pub fn from_class(class: &str) -> Self {
                match class {
                    $($name => Self::$kind,)*
                    "FatalErrorFrame" => Self::Error,
                    "BotBackchannelFrame" => Self::TtsSpeak,
                    "VisionFullResponseStartFrame" => Self::LlmResponseStart,
                    "VisionTextFrame" => Self::LlmText,
                    "VisionFullResponseEndFrame" => Self::LlmResponseEnd,
                    _ => Self::Other,
                }
            }
        }
    };
}

frame_kinds! {
    /// The pipeline starts.
    Start = "StartFrame",
    /// The pipeline ends after the frames before this one.
    End = "EndFrame",
    /// The pipeline stops, but keeps its processors.
    Stop = "StopFrame",
    /// The pipeline ends at once.
    Cancel = "CancelFrame",
    /// A processor failed.
    Error = "ErrorFrame",
    /// Work in progress should be dropped.
    Interruption = "InterruptionFrame",
    /// The user's turn started.
    UserStartedSpeaking = "UserStartedSpeakingFrame",
    /// The user's turn ended.
    UserStoppedSpeaking = "UserStoppedSpeakingFrame",
    /// A service detected user speech, and proposes it as the user's turn.
    ProposedUserStartedSpeaking = "ProposedUserStartedSpeakingFrame",
    /// A service predicts that the user's turn has ended, with the transcript so far.
    EagerTranscription = "EagerTranscriptionFrame",
    /// The prediction is withdrawn.
    EagerEndOfTurnCancel = "EagerEndOfTurnCancelFrame",
    /// The user's voice was detected.
    VadUserStartedSpeaking = "VADUserStartedSpeakingFrame",
    /// The user's voice stopped.
    VadUserStoppedSpeaking = "VADUserStoppedSpeakingFrame",
    /// The bot started speaking.
    BotStartedSpeaking = "BotStartedSpeakingFrame",
    /// The bot stopped speaking.
    BotStoppedSpeaking = "BotStoppedSpeakingFrame",
    /// A final transcript.
    Transcription = "TranscriptionFrame",
    /// An interim transcript.
    InterimTranscription = "InterimTranscriptionFrame",
    /// A context for a language model.
    LlmContext = "LLMContextFrame",
    /// A response of a language model starts.
    LlmResponseStart = "LLMFullResponseStartFrame",
    /// A chunk of a response.
    LlmText = "LLMTextFrame",
    /// A response of a language model ends.
    LlmResponseEnd = "LLMFullResponseEndFrame",
    /// A text to be spoken that is not from a language model.
    TtsSpeak = "TTSSpeakFrame",
    /// A chunk of text that the aggregator hands to synthesis, usually a sentence.
    AggregatedText = "AggregatedTextFrame",
    /// A chunk of text that was synthesized or spoken.
    TtsText = "TTSTextFrame",
    /// Synthesis starts.
    TtsStarted = "TTSStartedFrame",
    /// Synthesis ends.
    TtsStopped = "TTSStoppedFrame",
    /// Synthesized audio.
    TtsAudio = "TTSAudioRawFrame",
    /// Audio for the user.
    OutputAudio = "OutputAudioRawFrame",
    /// Audio from the user's microphone.
    InputAudio = "InputAudioRawFrame",
    /// Measurements of services.
    Metrics = "MetricsFrame",
    /// A language model requests tool calls.
    FunctionCallsStarted = "FunctionCallsStartedFrame",
    /// A tool call is in progress.
    FunctionCallInProgress = "FunctionCallInProgressFrame",
    /// A tool call has a result.
    FunctionCallResult = "FunctionCallResultFrame",
    /// A tool call was cancelled.
    FunctionCallCancel = "FunctionCallCancelFrame",
}

impl FrameKind {
    /// Whether a frame of this kind can affect a trace.
    ///
    /// Of outgoing audio only time and duration count, so an observer counts it without a lock. Incoming audio never
    /// affects a trace.
    pub const fn is_traced(self) -> bool {
        !matches!(self, Self::Other | Self::InputAudio)
    }

    /// Whether a frame of this kind means the same on each hop, so that later hops can be skipped. `false` for frames
    /// whose meaning depends on the processors, and for outgoing audio, which is counted where its service sends it.
    pub const fn is_hop_invariant(self) -> bool {
        !matches!(
            self,
            Self::Start
                | Self::End
                | Self::Stop
                | Self::Cancel
                | Self::LlmContext
                | Self::TtsText
                | Self::VadUserStoppedSpeaking
                | Self::TtsAudio
                | Self::OutputAudio
        )
    }

    /// Whether it is audio for the user.
    pub const fn is_outgoing_audio(self) -> bool {
        matches!(self, Self::TtsAudio | Self::OutputAudio)
    }
}

#[cfg(test)]
mod tests {
    use super::FrameKind;

    #[test]
    fn from_class_is_the_inverse_of_class() {
        for &kind in FrameKind::ALL {
            assert_eq!(FrameKind::from_class(kind.class()), kind);
        }
        assert_eq!(FrameKind::from_class("FatalErrorFrame"), FrameKind::Error);
        assert_eq!(FrameKind::from_class("BotBackchannelFrame"), FrameKind::TtsSpeak);
        assert_eq!(FrameKind::from_class("VisionTextFrame"), FrameKind::LlmText);
        assert_eq!(FrameKind::from_class("BotSpeakingFrame"), FrameKind::Other);
    }
}
