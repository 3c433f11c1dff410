//! What is known of a conversation before it begins.

use std::time::Duration;

/// What is known of a conversation before it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConversationConfig {
    /// How long after the bot has stopped a turn ends.
    pub turn_end_timeout: Duration,
    /// How many attributes a span can carry: no more messages than fit are copied.
    pub attribute_limit: usize,
    /// What the framework announces with frames of its own.
    pub signals: FrameSupport,
}

impl Default for ConversationConfig {
    fn default() -> Self {
        Self {
            turn_end_timeout: Duration::from_millis(2_500),
            attribute_limit: 128,
            signals: FrameSupport::default(),
        }
    }
}

/// What a framework announces with frames of its own. Pipecat announces everything; what a framework does not is
/// found out from what it does send.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct FrameSupport {
    /// `UserStartedSpeaking` and `UserStoppedSpeaking`; else the voice activity, else the first transcript, tells.
    pub user_speech: Support,
    /// `BotStartedSpeaking` and `BotStoppedSpeaking`; else the audio that is sent, and how long it plays, tells.
    pub bot_speech: Support,
    /// The text that is spoken, pushed by the output transport; else what synthesis was given tells.
    pub spoken_text: Support,
}

/// Whether a framework announces something with a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Support {
    /// It does.
    #[default]
    Native,
    /// It may not: until the first such frame is seen, something else has to tell.
    Inferred,
    /// It does, but a stop can be false: one that comes while audio is still playing, and is taken back, is none.
    Unreliable,
}
