//! Every attribute key that is written or read, spelled here and nowhere else.
//!
//! `OpenInference`'s keys are constants of this crate, held against its contract by a test. What OpenTelemetry itself
//! defines takes its spelling from `opentelemetry-semantic-conventions`.
//!
//! ```
//! use pipecat_instrument_runtime::emit::keys::{self, MessageField, MessageKeys, MessageList};
//!
//! assert_eq!(keys::LLM_MODEL_NAME, "llm.model_name");
//! let third = MessageKeys::new(MessageList::Input, 2);
//! assert_eq!(third.key(MessageField::PartText(0)), "llm.input_messages.2.message.contents.0.message_content.text");
//! ```

use opentelemetry_semantic_conventions::attribute as otel;

/// Declares keys with their documentation in one place.
macro_rules! keys {
    ($($(#[$doc:meta])* $name:ident = $key:expr;)+) => {
        $($(#[$doc])* pub const $name: &str = $key;)+
    };
}

keys! {
    /// `OpenInference`'s kind of a span: `CHAIN`, `LLM` or `TOOL`.
    SPAN_KIND = "openinference.span.kind";
    /// The conversation's id.
    SESSION_ID = otel::SESSION_ID;
    /// Who the user is.
    USER_ID = otel::USER_ID;
    /// What went in.
    INPUT_VALUE = "input.value";
    /// What kind of text went in, where it is not plain.
    INPUT_MIME_TYPE = "input.mime_type";
    /// What came out.
    OUTPUT_VALUE = "output.value";
    /// What kind of text came out, where it is not plain.
    OUTPUT_MIME_TYPE = "output.mime_type";
    /// Anything else, as a JSON object.
    METADATA = "metadata";

    /// A turn's number, from 1.
    TURN_NUMBER = "conversation.turn_number";
    /// How long a turn took, in seconds.
    TURN_DURATION = "conversation.turn_duration_seconds";
    /// Why a turn ended: `completed`, `interrupted`, `ended` or `cancelled`.
    END_REASON = "conversation.end_reason";
    /// Whether the user cut the bot short.
    WAS_INTERRUPTED = "conversation.was_interrupted";
    /// How long the user waited for the bot, in seconds.
    USER_TO_BOT_LATENCY = "conversation.user_to_bot_latency";
    /// From when that is counted: `vad` or `user_stopped`.
    LATENCY_SOURCE = "conversation.latency_source";
    /// Of that, until the last final transcript, in seconds.
    LATENCY_STT = "conversation.latency.stt";
    /// Of that, until the first token of the answer, without the function calls, in seconds.
    LATENCY_LLM = "conversation.latency.llm";
    /// Of that, the function calls on the way to the answer, in seconds.
    LATENCY_TOOLS = "conversation.latency.tools";
    /// Of that, until synthesis had its first text, in seconds.
    LATENCY_AGGREGATION = "conversation.latency.aggregation";
    /// Of that, until the first audio, in seconds.
    LATENCY_TTS = "conversation.latency.tts";
    /// Of that, until the bot was heard, in seconds.
    LATENCY_OUTPUT = "conversation.latency.output";

    /// A service's class. (OpenTelemetry's resource attribute of this name names the program.)
    SERVICE_NAME = otel::SERVICE_NAME;
    /// Which instance of its class a service is.
    SERVICE_INSTANCE = "service.instance";
    /// What a service does: `stt`, `llm` or `tts`.
    SERVICE_TYPE = "service.type";
    /// Who provides a service.
    SERVICE_PROVIDER = "service.provider";
    /// Seconds to a service's first byte.
    SERVICE_TTFB = "service.ttfb_seconds";
    /// Who says so: `reported` by the service, or `measured` from its frames.
    SERVICE_TTFB_SOURCE = "service.ttfb_source";
    /// Seconds of a service's work.
    SERVICE_PROCESSING_TIME = "service.processing_time_seconds";

    /// What was heard.
    AUDIO_TRANSCRIPT = "audio.transcript";
    /// Samples a second.
    AUDIO_SAMPLE_RATE = "audio.sample_rate";
    /// The voice that speaks.
    AUDIO_VOICE = "audio.voice";
    /// The voice that speaks, as its provider calls it.
    AUDIO_VOICE_ID = "audio.voice_id";
    /// The language that was heard.
    STT_LANGUAGE = "stt.language";
    /// Seconds of audio that were transcribed.
    STT_AUDIO_DURATION = "stt.audio_seconds";
    /// Seconds from the end of the voice to the last final transcript.
    STT_TIME_TO_LAST_TRANSCRIPTION = "stt.time_to_last_transcription_seconds";
    /// Whether a final transcript came.
    STT_IS_FINAL = "stt.is_final";
    /// Characters that were synthesised.
    TTS_CHARACTER_COUNT = "tts.character_count";
    /// Seconds to the first audio that is not silence.
    TTS_TTFA = "tts.ttfa_seconds";
    /// Seconds of audio that were sent.
    TTS_AUDIO_DURATION = "tts.audio_seconds";
    /// Seconds of audio that were heard, where the rest was cut.
    TTS_PLAYED_DURATION = "tts.played_seconds";
    /// Whether the speech was cut.
    TTS_INTERRUPTED = "tts.interrupted";

    /// Who provides a model.
    LLM_PROVIDER = "llm.provider";
    /// The model.
    LLM_MODEL_NAME = "llm.model_name";
    /// How many messages a context has, whether or not a span carries them all.
    LLM_MESSAGES_COUNT = "llm.messages_count";
    /// A request's parameters, as a JSON object.
    LLM_INVOCATION_PARAMETERS = "llm.invocation_parameters";
    /// Tokens sent, with those from a cache.
    LLM_TOKENS_PROMPT = "llm.token_count.prompt";
    /// Tokens received.
    LLM_TOKENS_COMPLETION = "llm.token_count.completion";
    /// All tokens.
    LLM_TOKENS_TOTAL = "llm.token_count.total";
    /// Tokens sent that came from a cache.
    LLM_TOKENS_CACHE_READ = "llm.token_count.prompt_details.cache_read";
    /// Tokens sent that went into a cache.
    LLM_TOKENS_CACHE_WRITE = "llm.token_count.prompt_details.cache_write";
    /// Tokens of audio among those sent.
    LLM_TOKENS_PROMPT_AUDIO = "llm.token_count.prompt_details.audio";
    /// Tokens of reasoning among those received.
    LLM_TOKENS_REASONING = "llm.token_count.completion_details.reasoning";
    /// Tokens of audio among those received.
    LLM_TOKENS_COMPLETION_AUDIO = "llm.token_count.completion_details.audio";
    /// Seconds to the first token of the answer, after any thinking.
    LLM_TTFAT = "llm.ttfat_seconds";
    /// Whether the answer was cut.
    LLM_INTERRUPTED = "llm.interrupted";
    /// The family of the tools' keys; see [`tool_schema`].
    LLM_TOOLS = "llm.tools";

    /// A function's name.
    TOOL_NAME = "tool.name";
    /// Which call of it.
    TOOL_CALL_ID = "tool_call.id";
    /// What it was called with, as JSON.
    TOOL_PARAMETERS = "tool.parameters";
    /// What it returned, as JSON.
    TOOL_RESULT = "tool.result";
    /// Whether it was called off.
    TOOL_CANCELLED = "tool.cancelled";

    /// The event that is a remark of the application's.
    NOTE_EVENT = "note";
    /// What a remark is about.
    NOTE_NAME = "note.name";
    /// What there is to know.
    NOTE_VALUE = "note.value";

    /// What kind of error a span ended with.
    ERROR_TYPE = otel::ERROR_TYPE;
    /// What kind of error an event tells.
    EXCEPTION_TYPE = otel::EXCEPTION_TYPE;
    /// What an error says.
    EXCEPTION_MESSAGE = otel::EXCEPTION_MESSAGE;
}

/// OpenTelemetry's keys for generative AI. The crate calls them deprecated because newer versions of them are
/// published in a specification of their own; the keys are the same.
#[allow(deprecated, reason = "moved to a specification of their own, which has no crate yet")]
mod gen_ai {
    use super::otel;

    keys! {
        /// What is done: `chat`, `execute_tool`, …
        GEN_AI_OPERATION_NAME = otel::GEN_AI_OPERATION_NAME;
        /// Who provides the model, by the name in OpenTelemetry's registry.
        GEN_AI_PROVIDER_NAME = otel::GEN_AI_PROVIDER_NAME;
        /// The model.
        GEN_AI_REQUEST_MODEL = otel::GEN_AI_REQUEST_MODEL;
        /// The conversation's id.
        GEN_AI_CONVERSATION_ID = otel::GEN_AI_CONVERSATION_ID;
        /// How varied the answer may be.
        GEN_AI_REQUEST_TEMPERATURE = otel::GEN_AI_REQUEST_TEMPERATURE;
        /// The share of probability that tokens are taken from.
        GEN_AI_REQUEST_TOP_P = otel::GEN_AI_REQUEST_TOP_P;
        /// How many of the likeliest tokens one is taken from.
        GEN_AI_REQUEST_TOP_K = otel::GEN_AI_REQUEST_TOP_K;
        /// How many tokens the answer may have.
        GEN_AI_REQUEST_MAX_TOKENS = otel::GEN_AI_REQUEST_MAX_TOKENS;
        /// How much repetition costs.
        GEN_AI_REQUEST_FREQUENCY_PENALTY = otel::GEN_AI_REQUEST_FREQUENCY_PENALTY;
        /// How much old ground costs.
        GEN_AI_REQUEST_PRESENCE_PENALTY = otel::GEN_AI_REQUEST_PRESENCE_PENALTY;
        /// What the chance is drawn from.
        GEN_AI_REQUEST_SEED = otel::GEN_AI_REQUEST_SEED;
        /// What ends the answer.
        GEN_AI_REQUEST_STOP_SEQUENCES = otel::GEN_AI_REQUEST_STOP_SEQUENCES;
        /// What comes out: `text` or `speech`.
        GEN_AI_OUTPUT_TYPE = otel::GEN_AI_OUTPUT_TYPE;
        /// Tokens sent.
        GEN_AI_USAGE_INPUT_TOKENS = otel::GEN_AI_USAGE_INPUT_TOKENS;
        /// Tokens received.
        GEN_AI_USAGE_OUTPUT_TOKENS = otel::GEN_AI_USAGE_OUTPUT_TOKENS;
        /// Tokens sent that came from a cache.
        GEN_AI_USAGE_CACHE_READ = otel::GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS;
        /// Tokens sent that went into a cache.
        GEN_AI_USAGE_CACHE_CREATION = otel::GEN_AI_USAGE_CACHE_CREATION_INPUT_TOKENS;
        /// Tokens of reasoning among those received.
        GEN_AI_USAGE_REASONING = otel::GEN_AI_USAGE_REASONING_OUTPUT_TOKENS;
        /// Seconds to the first piece of the answer.
        GEN_AI_TIME_TO_FIRST_CHUNK = otel::GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK;
        /// The event that is a judgement of how well it went.
        GEN_AI_EVALUATION_EVENT = "gen_ai.evaluation.result";
        /// By which measure.
        GEN_AI_EVALUATION_NAME = otel::GEN_AI_EVALUATION_NAME;
        /// The figure.
        GEN_AI_EVALUATION_SCORE = otel::GEN_AI_EVALUATION_SCORE_VALUE;
        /// Why.
        GEN_AI_EVALUATION_EXPLANATION = otel::GEN_AI_EVALUATION_EXPLANATION;
        /// A function's name.
        GEN_AI_TOOL_NAME = otel::GEN_AI_TOOL_NAME;
        /// Which call of it.
        GEN_AI_TOOL_CALL_ID = otel::GEN_AI_TOOL_CALL_ID;
        /// What it was called with, as JSON.
        GEN_AI_TOOL_CALL_ARGUMENTS = otel::GEN_AI_TOOL_CALL_ARGUMENTS;
        /// What it returned, as JSON.
        GEN_AI_TOOL_CALL_RESULT = otel::GEN_AI_TOOL_CALL_RESULT;
    }
}

pub use gen_ai::*;

/// The key of the tool at `index`: its whole object, as JSON.
pub fn tool_schema(index: usize) -> String {
    format!("{LLM_TOOLS}.{index}.tool.json_schema")
}

/// Which of a span's two lists of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MessageList {
    /// What the model was sent.
    Input,
    /// What it answered.
    Output,
}

impl MessageList {
    /// What every key of the list begins with, up to the first dot after it.
    pub const fn family(self) -> &'static str {
        match self {
            Self::Input => "llm.input_messages",
            Self::Output => "llm.output_messages",
        }
    }
}

/// What a message has keys for. A number is the index of a part or of a tool call, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MessageField {
    /// Who says it.
    Role,
    /// The text, in a message that is one text.
    Content,
    /// Who says it, where several share a role.
    Name,
    /// The call that it answers.
    ToolCallId,
    /// What kind of part.
    PartType(usize),
    /// The text of a part.
    PartText(usize),
    /// Where the picture of a part is.
    PartImageUrl(usize),
    /// Which call it asks for.
    CallId(usize),
    /// The function of a call.
    CallName(usize),
    /// The arguments of a call, as JSON.
    CallArguments(usize),
}

/// The keys of one message. What they have in common is put together once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageKeys {
    prefix: String,
}

impl MessageKeys {
    /// The keys of the message at `index` of `list`.
    pub fn new(list: MessageList, index: usize) -> Self {
        Self { prefix: [list.family(), ".", &index.to_string(), ".message."].concat() }
    }

    /// The key of `field`.
    pub fn key(&self, field: MessageField) -> String {
        let (list, index, leaf) = match field {
            MessageField::Role => return self.leaf("role"),
            MessageField::Content => return self.leaf("content"),
            MessageField::Name => return self.leaf("name"),
            MessageField::ToolCallId => return self.leaf("tool_call_id"),
            MessageField::PartType(index) => ("contents", index, "message_content.type"),
            MessageField::PartText(index) => ("contents", index, "message_content.text"),
            MessageField::PartImageUrl(index) => ("contents", index, "message_content.image.image.url"),
            MessageField::CallId(index) => ("tool_calls", index, "tool_call.id"),
            MessageField::CallName(index) => ("tool_calls", index, "tool_call.function.name"),
            MessageField::CallArguments(index) => ("tool_calls", index, "tool_call.function.arguments"),
        };
        format!("{}{list}.{index}.{leaf}", self.prefix)
    }

    /// One allocation of the right size: contexts have hundreds of these.
    fn leaf(&self, leaf: &str) -> String {
        [&self.prefix, leaf].concat()
    }
}

#[cfg(test)]
mod tests;
