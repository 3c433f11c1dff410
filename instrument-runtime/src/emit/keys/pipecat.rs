//! The keys of Pipecat's own tracing.

use super::key_info::{CONVERSATION, KeyInfo, LLM, ROOTS, SERVICES, SPEECH, STT, TTS, TURN, ValueKind};
use crate::emit::Conventions;

keys! { PIPECAT;
    /// The conversation's id.
    PIPECAT_CONVERSATION_ID = "conversation.id" => Text, ROOTS, "as `session.id`";
    /// What kind of conversation it is: `voice`.
    PIPECAT_CONVERSATION_TYPE = "conversation.type" => Text, CONVERSATION, "what the span is";
    /// A turn's number, from 1.
    PIPECAT_TURN_NUMBER = "turn.number" => Integer, TURN, "as `conversation.turn_number`";
    /// What kind of turn it is: `conversation`.
    PIPECAT_TURN_TYPE = "turn.type" => Text, TURN, "what the span is";
    /// How long a turn took.
    PIPECAT_TURN_DURATION = "turn.duration_seconds" => Seconds, TURN, "its start and its end";
    /// Whether the user cut the bot short.
    PIPECAT_TURN_WAS_INTERRUPTED = "turn.was_interrupted" => Flag, TURN, "`UserStartedSpeakingFrame`";
    /// How long the user waited for the bot.
    PIPECAT_TURN_LATENCY = "turn.user_bot_latency_seconds" => Seconds, TURN, "as `conversation.user_to_bot_latency`";

    /// How long a service took to its first byte.
    PIPECAT_TTFB = "metrics.ttfb" => Seconds, SERVICES, "as `service.ttfb_seconds`";
    /// The same, as Pipecat wrote it earlier.
    PIPECAT_TTFB_MS = "metrics.ttfb_ms" => Milliseconds, SERVICES, "as `service.ttfb_seconds`";
    /// How much was synthesized.
    PIPECAT_CHARACTER_COUNT = "metrics.character_count" => Characters, TTS, "`MetricsFrame`";
    /// How much audio was transcribed.
    PIPECAT_AUDIO_SECONDS = "metrics.audio_seconds" => Seconds, STT, "`MetricsFrame`";

    /// The voice that speaks.
    PIPECAT_VOICE_ID = "voice_id" => Text, TTS, "the processor";
    /// What a synthesizer was asked to say.
    PIPECAT_TEXT = "text" => Text, TTS, "`AggregatedTextFrame`, `TTSSpeakFrame`";
    /// What was heard.
    PIPECAT_TRANSCRIPT = "transcript" => Text, STT, "`TranscriptionFrame`";
    /// Whether a final transcript came.
    PIPECAT_IS_FINAL = "is_final" => Flag, STT, "`TranscriptionFrame`";
    /// The language that was heard.
    PIPECAT_LANGUAGE = "language" => Text, STT, "`TranscriptionFrame`; else the processor";
    /// Whether the answer comes piece by piece.
    PIPECAT_STREAM = "stream" => Flag, LLM, "the processor";
    /// How many tools a model might call; written where it has any.
    PIPECAT_TOOLS_COUNT = "tools.count" => Integer, LLM, "`LLMContextFrame`";
}

/// What the keys of a service's settings begin with.
const SETTINGS: &str = "settings.";

/// The keys of a service's settings.
pub(super) const SETTINGS_TABLE: &[KeyInfo] = &[KeyInfo {
    key: "settings.*",
    about: "A setting of a service by its name, where it is one text, number or flag.",
    convention: Conventions::PIPECAT,
    value: ValueKind::Scalar,
    targets: SPEECH,
    source: "the processor",
}];

/// The key of the setting `name` of a service.
pub fn setting(name: &str) -> String {
    [SETTINGS, name].concat()
}
