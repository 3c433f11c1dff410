//! The settings of a conversation.

use std::time::Duration;

use crate::engine::content::{ContentLimits, RequestLimits};

/// The settings of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConversationConfig {
    /// The time after which a turn ends once the bot has stopped and no service is under way.
    pub turn_end_timeout: Duration,
    /// The attribute limit of spans. Only as many LLM messages as fit are copied.
    pub attribute_limit: usize,
    /// The limits within which messages and other content are copied.
    pub content: ContentLimits,
    /// The events that the framework announces with frames of their own.
    pub frame_support: FrameSupport,
}

impl ConversationConfig {
    /// Returns the limits within which requests to models are copied.
    pub const fn request_limits(&self) -> RequestLimits {
        RequestLimits { attributes: self.attribute_limit, content: self.content }
    }
}

impl Default for ConversationConfig {
    fn default() -> Self {
        Self {
            turn_end_timeout: Duration::from_millis(2_500),
            attribute_limit: 128,
            content: ContentLimits::default(),
            frame_support: FrameSupport::default(),
        }
    }
}

/// The events that a framework announces with frames of their own. Pipecat announces all of them. The rest is inferred
/// from other frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct FrameSupport {
    /// `UserStartedSpeaking` and `UserStoppedSpeaking`; else inferred from voice activity or the first transcript.
    pub user_speech: Support,
    /// `BotStartedSpeaking` and `BotStoppedSpeaking`; else inferred from the audio sent and its duration.
    pub bot_speech: Support,
    /// Spoken text, pushed by the output transport; else inferred from the text given to synthesis.
    pub spoken_text: Support,
}

/// The reliability with which a framework announces an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Support {
    /// The framework always announces the event.
    #[default]
    Native,
    /// The framework may not announce the event. It is inferred until the first such frame arrives.
    Inferred,
    /// The framework announces the event, but stops may be false. A stop while audio is still playing is ignored.
    Unreliable,
}
