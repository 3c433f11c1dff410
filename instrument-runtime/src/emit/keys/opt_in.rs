//! Keys of the conventions that are off by default.
//!
//! See [Pipecat][pipecat], [Langfuse][langfuse] and [OpenObserve][openobserve].
//!
//! [pipecat]: https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#pipecat
//! [langfuse]: https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#langfuse
//! [openobserve]: https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#openobserve

use super::key_info::{
    CONVERSATION, EVERY_SPAN, KeyInfo, LLM, RESPONSES, ROOTS, SERVICES, SPEECH, STT, TTS, TURN, ValueKind,
};
use crate::emit::Conventions;

keys! { PIPECAT in PIPECAT_TABLE;
    /// The conversation id.
    PIPECAT_CONVERSATION_ID = "conversation.id" => Text, ROOTS, "as `session.id`";
    /// The kind of conversation: `voice`.
    PIPECAT_CONVERSATION_TYPE = "conversation.type" => Text, CONVERSATION, "the kind of the span";
    /// The number of the turn, from 1.
    PIPECAT_TURN_NUMBER = "turn.number" => Integer, TURN, "as `conversation.turn_number`";
    /// The kind of turn: `conversation`.
    PIPECAT_TURN_TYPE = "turn.type" => Text, TURN, "the kind of the span";
    /// The duration of the turn.
    PIPECAT_TURN_DURATION = "turn.duration_seconds" => Seconds, TURN, "its start and its end";
    /// Whether the user interrupted the bot.
    PIPECAT_TURN_WAS_INTERRUPTED = "turn.was_interrupted" => Flag, TURN, "`UserStartedSpeakingFrame`";
    /// The time that the user waited for the bot to speak.
    PIPECAT_TURN_LATENCY = "turn.user_bot_latency_seconds" => Seconds, TURN, "as `conversation.user_to_bot_latency`";

    /// The time to the service's first byte.
    PIPECAT_TTFB = "metrics.ttfb" => Seconds, SERVICES, "as `service.ttfb_seconds`";
    /// The time to the service's first byte, in the unit of older Pipecat versions.
    PIPECAT_TTFB_MS = "metrics.ttfb_ms" => Milliseconds, SERVICES, "as `service.ttfb_seconds`";
    /// The number of synthesized characters.
    PIPECAT_CHARACTER_COUNT = "metrics.character_count" => Characters, TTS, "`MetricsFrame`";
    /// The duration of the transcribed audio.
    PIPECAT_AUDIO_SECONDS = "metrics.audio_seconds" => Seconds, STT, "`MetricsFrame`";

    /// The voice.
    PIPECAT_VOICE_ID = "voice_id" => Text, TTS, "the processor";
    /// The text to synthesize.
    PIPECAT_TEXT = "text" => Text, TTS, "`AggregatedTextFrame`, `TTSSpeakFrame`";
    /// The transcript.
    PIPECAT_TRANSCRIPT = "transcript" => Text, STT, "`TranscriptionFrame`";
    /// Whether a final transcript arrived.
    PIPECAT_IS_FINAL = "is_final" => Flag, STT, "`TranscriptionFrame`";
    /// The language of the transcript.
    PIPECAT_LANGUAGE = "language" => Text, STT, "`TranscriptionFrame`; else the processor";
    /// Whether the response is streamed.
    PIPECAT_STREAM = "stream" => Flag, LLM, "the processor";
    /// The number of tools that the model may call; absent if zero.
    PIPECAT_TOOLS_COUNT = "tools.count" => Integer, LLM, "`LLMContextFrame`";
}

const SETTINGS_PREFIX: &str = "settings.";

/// The keys of a service's settings.
pub(super) const SETTINGS_TABLE: &[KeyInfo] = &[KeyInfo {
    key: "settings.*",
    about: "A setting of the service by its name, if it is one text, number or flag.",
    convention: Conventions::PIPECAT,
    value: ValueKind::Scalar,
    targets: SPEECH,
    source: "the processor",
}];

/// Returns the key of a service's setting `name`.
pub fn setting(name: &str) -> String {
    [SETTINGS_PREFIX, name].concat()
}

keys! { LANGFUSE in LANGFUSE_TABLE;
    /// The conversation id, as the session of the trace.
    LANGFUSE_SESSION_ID = "langfuse.session.id" => Text, EVERY_SPAN, "as `session.id`";
    /// The name of the trace, on every span, as Langfuse takes it from the first span that arrives.
    LANGFUSE_TRACE_NAME = "langfuse.trace.name" => Text, EVERY_SPAN, "the name of the trace's root";
    /// The tags of the trace: `pipecat`, and the turn's end reason.
    LANGFUSE_TRACE_TAGS = "langfuse.trace.tags" => Texts, ROOTS, "as `conversation.end_reason`";
    /// The time to the first piece of the response. (Langfuse's own key for it is a point in time, which `OpenObserve`
    /// would read as seconds.)
    LANGFUSE_MS_TO_FIRST_CHUNK = "ai.response.msToFirstChunk" => Milliseconds, RESPONSES, "as `service.ttfb_seconds`";
}

keys! { OPENOBSERVE in OPENOBSERVE_TABLE;
    /// The service's class.
    OPENOBSERVE_SERVICE = "pipecat.service" => Text, LLM, "the processor";
    /// The model.
    OPENOBSERVE_MODEL = "pipecat.model" => Text, LLM, "the processor; else `MetricsFrame`";
    /// The first 200 characters of the user's last message.
    OPENOBSERVE_USER_MESSAGE = "pipecat.user_message" => Text, LLM, "`LLMContextFrame`, `TranscriptionFrame`";
    /// The first 200 characters of the response.
    OPENOBSERVE_ASSISTANT_MESSAGE = "pipecat.assistant_message" => Text, LLM, "`LLMTextFrame`";
    /// Prompt tokens, including cached ones.
    OPENOBSERVE_PROMPT_TOKENS = "pipecat.prompt_tokens" => Tokens, LLM, "`MetricsFrame`";
    /// Completion tokens.
    OPENOBSERVE_COMPLETION_TOKENS = "pipecat.completion_tokens" => Tokens, LLM, "`MetricsFrame`";
}
