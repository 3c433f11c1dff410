//! The kinds of frame, and which of them matter to a trace.

macro_rules! frame_kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal,)*) => {
        /// What a frame is, without its payload: enough to decide, before any lock, whether it matters.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[repr(u8)]
        #[non_exhaustive]
        pub enum FrameKind {
            $($(#[$doc])* $kind,)*
            /// Any frame that says nothing about a trace.
            Other,
        }

        impl FrameKind {
            /// Every kind but [`FrameKind::Other`].
            pub const ALL: &'static [Self] = &[$(Self::$kind,)*];

            /// The name of Pipecat's class for this kind, as the frame log writes it.
            pub const fn class(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)*
                    Self::Other => "Frame",
                }
            }

            /// The kind of Pipecat's frame class `class`.
            pub fn from_class(class: &str) -> Self {
                match class {
                    $($name => Self::$kind,)*
                    "FatalErrorFrame" => Self::Error,
                    _ => Self::Other,
                }
            }
        }
    };
}

frame_kinds! {
    /// The pipeline starts.
    Start = "StartFrame",
    /// The pipeline ends once what came before has been worked off.
    End = "EndFrame",
    /// The pipeline stops, its processors stay.
    Stop = "StopFrame",
    /// The pipeline ends at once.
    Cancel = "CancelFrame",
    /// Something failed.
    Error = "ErrorFrame",
    /// What is under way should be dropped.
    Interruption = "InterruptionFrame",
    /// The user's turn began.
    UserStartedSpeaking = "UserStartedSpeakingFrame",
    /// The user's turn ended.
    UserStoppedSpeaking = "UserStoppedSpeakingFrame",
    /// A voice was detected.
    VadUserStartedSpeaking = "VADUserStartedSpeakingFrame",
    /// The voice fell silent.
    VadUserStoppedSpeaking = "VADUserStoppedSpeakingFrame",
    /// The bot's voice is to be heard.
    BotStartedSpeaking = "BotStartedSpeakingFrame",
    /// The bot's voice is no longer to be heard.
    BotStoppedSpeaking = "BotStoppedSpeakingFrame",
    /// What the user said.
    Transcription = "TranscriptionFrame",
    /// What the user may be saying.
    InterimTranscription = "InterimTranscriptionFrame",
    /// A context for a language model to answer.
    LlmContext = "LLMContextFrame",
    /// A language model's answer begins.
    LlmResponseStart = "LLMFullResponseStartFrame",
    /// A piece of a language model's answer.
    LlmText = "LLMTextFrame",
    /// A language model's answer ends.
    LlmResponseEnd = "LLMFullResponseEndFrame",
    /// A text to be spoken that no language model wrote.
    TtsSpeak = "TTSSpeakFrame",
    /// A piece of text as it was given to synthesis.
    AggregatedText = "AggregatedTextFrame",
    /// A piece of text that was synthesized, or spoken.
    TtsText = "TTSTextFrame",
    /// Synthesis begins.
    TtsStarted = "TTSStartedFrame",
    /// Synthesis ends.
    TtsStopped = "TTSStoppedFrame",
    /// Synthesized audio.
    TtsAudio = "TTSAudioRawFrame",
    /// Audio for the user's ear.
    OutputAudio = "OutputAudioRawFrame",
    /// Audio from the user's microphone.
    InputAudio = "InputAudioRawFrame",
    /// Measurements of services.
    Metrics = "MetricsFrame",
    /// A language model asks for function calls.
    FunctionCallsStarted = "FunctionCallsStartedFrame",
    /// A function call is under way.
    FunctionCallInProgress = "FunctionCallInProgressFrame",
    /// A function call has a result.
    FunctionCallResult = "FunctionCallResultFrame",
    /// A function call was called off.
    FunctionCallCancel = "FunctionCallCancelFrame",
}

impl FrameKind {
    /// Whether a frame of this kind can say anything about a trace.
    ///
    /// Audio that is sent out does, but only by when it comes and how long it lasts: an observer counts it without
    /// a lock. Audio that comes in never does.
    pub const fn is_traced(self) -> bool {
        !matches!(self, Self::Other | Self::InputAudio)
    }

    /// Whether a frame of this kind says all that it has to say on its first hop, so that its later hops can be passed
    /// over. Not so the frames whose meaning depends on where they are, and outgoing audio, which is counted where its
    /// service sends it.
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

    /// Whether this is audio on its way to the user.
    pub const fn is_outgoing_audio(self) -> bool {
        matches!(self, Self::TtsAudio | Self::OutputAudio)
    }
}

#[cfg(test)]
mod tests {
    use super::FrameKind;

    #[test]
    fn every_class_name_leads_back_to_its_kind() {
        for &kind in FrameKind::ALL {
            assert_eq!(FrameKind::from_class(kind.class()), kind);
        }
        assert_eq!(FrameKind::from_class("FatalErrorFrame"), FrameKind::Error);
        assert_eq!(FrameKind::from_class("BotSpeakingFrame"), FrameKind::Other);
    }
}
