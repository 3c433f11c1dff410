//! `OpenInference`'s keys, and the ones that this crate adds in its manner.
#![allow(deprecated, reason = "those of generative AI have moved to a specification that has no crate yet")]

use super::key_info::{
    EVALUATION, EVERY_SPAN, EXCEPTION, KeyInfo, LLM, LLM_AND_TOOL, NOTE, SERVICES, SPEECH, STT, TOOL, TTS,
    TURN, ValueKind, WITHIN,
};
use super::otel;
use crate::emit::Conventions;

keys! { OPENINFERENCE;
    /// `OpenInference`'s kind of a span: `CHAIN`, `LLM` or `TOOL`.
    SPAN_KIND = "openinference.span.kind" => Text, EVERY_SPAN, "what the span is";
    /// The conversation's id.
    SESSION_ID = otel::SESSION_ID => Text, EVERY_SPAN, "the task; a UUID where it has none";
    /// Who the user is.
    USER_ID = otel::USER_ID => Text, EVERY_SPAN, "`TranscriptionFrame`";
    /// What went in: what the user said, what a synthesizer was asked to say, what a function was called with.
    INPUT_VALUE = "input.value" => Text, WITHIN,
        "`TranscriptionFrame`, `LLMContextFrame`, `AggregatedTextFrame`, `TTSSpeakFrame`, `FunctionCallInProgressFrame`";
    /// What kind of text went in, where it is not plain.
    INPUT_MIME_TYPE = "input.mime_type" => Text, LLM_AND_TOOL, "as `input.value`";
    /// What came out: what was heard, answered, spoken or returned.
    OUTPUT_VALUE = "output.value" => Text, WITHIN,
        "`TranscriptionFrame`, `LLMTextFrame`, `FunctionCallsStartedFrame`, `TTSTextFrame`, `FunctionCallResultFrame`";
    /// What kind of text came out, where it is not plain.
    OUTPUT_MIME_TYPE = "output.mime_type" => Text, LLM_AND_TOOL, "as `output.value`";
    /// Anything else, as a JSON object.
    METADATA = "metadata" => Json, EVERY_SPAN, "the application";

    /// A turn's number, from 1.
    TURN_NUMBER = "conversation.turn_number" => Integer, TURN, "`StartFrame`, `UserStartedSpeakingFrame`";
    /// How long a turn took.
    TURN_DURATION = "conversation.turn_duration_seconds" => Seconds, TURN, "its start and its end";
    /// Why a turn ended: `completed`, `interrupted`, `ended` or `cancelled`.
    END_REASON = "conversation.end_reason" => Text, TURN,
        "`BotStoppedSpeakingFrame`, `UserStartedSpeakingFrame`, `EndFrame`, `CancelFrame`";
    /// Whether the user cut the bot short.
    WAS_INTERRUPTED = "conversation.was_interrupted" => Flag, TURN, "`UserStartedSpeakingFrame`";
    /// How long the user waited for the bot.
    USER_TO_BOT_LATENCY = "conversation.user_to_bot_latency" => Seconds, TURN,
        "`VADUserStoppedSpeakingFrame` or `UserStoppedSpeakingFrame`, `BotStartedSpeakingFrame`";
    /// From when that is counted: `vad` or `user_stopped`.
    LATENCY_SOURCE = "conversation.latency_source" => Text, TURN, "as `conversation.user_to_bot_latency`";
    /// Of that, until the last final transcript.
    LATENCY_STT = "conversation.latency.stt" => Seconds, TURN, "`TranscriptionFrame`";
    /// Of that, until the first token of the answer, without the function calls.
    LATENCY_LLM = "conversation.latency.llm" => Seconds, TURN, "`LLMTextFrame`";
    /// Of that, the function calls on the way to the answer.
    LATENCY_TOOLS = "conversation.latency.tools" => Seconds, TURN,
        "`FunctionCallInProgressFrame`, `FunctionCallResultFrame`";
    /// Of that, until synthesis had its first text.
    LATENCY_AGGREGATION = "conversation.latency.aggregation" => Seconds, TURN, "`AggregatedTextFrame`";
    /// Of that, until the first audio.
    LATENCY_TTS = "conversation.latency.tts" => Seconds, TURN, "`TTSAudioRawFrame`";
    /// Of that, until the bot was heard.
    LATENCY_OUTPUT = "conversation.latency.output" => Seconds, TURN, "`BotStartedSpeakingFrame`";

    /// A service's class. (OpenTelemetry's resource attribute of this name names the program.)
    SERVICE_NAME = otel::SERVICE_NAME => Text, SERVICES, "the processor";
    /// Which instance of its class a service is.
    SERVICE_INSTANCE = "service.instance" => Text, SERVICES, "the processor";
    /// What a service does: `stt`, `llm` or `tts`.
    SERVICE_TYPE = "service.type" => Text, SERVICES, "the processor";
    /// Who provides a service.
    SERVICE_PROVIDER = "service.provider" => Text, SERVICES, "the processor";
    /// How long a service took to its first byte.
    SERVICE_TTFB = "service.ttfb_seconds" => Seconds, SERVICES, "`MetricsFrame`; else the service's frames";
    /// Who says so: `reported` by the service, or `measured` from its frames.
    SERVICE_TTFB_SOURCE = "service.ttfb_source" => Text, SERVICES, "as `service.ttfb_seconds`";
    /// How long a service worked on it.
    SERVICE_PROCESSING_TIME = "service.processing_time_seconds" => Seconds, SERVICES,
        "`MetricsFrame`; else the service's frames";

    /// What was heard.
    AUDIO_TRANSCRIPT = "audio.transcript" => Text, STT, "`TranscriptionFrame`";
    /// Samples a second.
    AUDIO_SAMPLE_RATE = "audio.sample_rate" => Hertz, SPEECH, "the processor";
    /// The voice that speaks.
    AUDIO_VOICE = "audio.voice" => Text, TTS, "the processor";
    /// The voice that speaks, as its provider calls it.
    AUDIO_VOICE_ID = "audio.voice_id" => Text, TTS, "the processor";
    /// The language that was heard.
    STT_LANGUAGE = "stt.language" => Text, STT, "`TranscriptionFrame`; else the processor";
    /// How much audio was transcribed.
    STT_AUDIO_DURATION = "stt.audio_seconds" => Seconds, STT, "`MetricsFrame`";
    /// From the end of the voice to the last final transcript.
    STT_TIME_TO_LAST_TRANSCRIPTION = "stt.time_to_last_transcription_seconds" => Seconds, STT,
        "`VADUserStoppedSpeakingFrame`, `TranscriptionFrame`";
    /// Whether a final transcript came.
    STT_IS_FINAL = "stt.is_final" => Flag, STT, "`TranscriptionFrame`";
    /// How much was synthesized.
    TTS_CHARACTER_COUNT = "tts.character_count" => Characters, TTS, "`MetricsFrame`";
    /// How long it took to the first audio that is not silence.
    TTS_TTFA = "tts.ttfa_seconds" => Seconds, TTS, "`MetricsFrame`";
    /// How much audio was sent.
    TTS_AUDIO_DURATION = "tts.audio_seconds" => Seconds, TTS, "`TTSAudioRawFrame`";
    /// How much audio was heard, where the rest was cut.
    TTS_PLAYED_DURATION = "tts.played_seconds" => Seconds, TTS, "`TTSAudioRawFrame`, `UserStartedSpeakingFrame`";
    /// That the speech was cut; written only then.
    TTS_INTERRUPTED = "tts.interrupted" => Flag, TTS, "`UserStartedSpeakingFrame`, `CancelFrame`";

    /// Who provides a model.
    LLM_PROVIDER = "llm.provider" => Text, SERVICES, "the processor";
    /// The model.
    LLM_MODEL_NAME = "llm.model_name" => Text, SERVICES, "the processor; else `MetricsFrame`";
    /// How many messages a context has, whether or not a span carries them all.
    LLM_MESSAGES_COUNT = "llm.messages_count" => Integer, LLM, "`LLMContextFrame`";
    /// A request's parameters, as a JSON object.
    LLM_INVOCATION_PARAMETERS = "llm.invocation_parameters" => Json, LLM, "the processor";
    /// What was sent, with what came from a cache.
    LLM_TOKENS_PROMPT = "llm.token_count.prompt" => Tokens, LLM, "`MetricsFrame`";
    /// What was received.
    LLM_TOKENS_COMPLETION = "llm.token_count.completion" => Tokens, LLM, "`MetricsFrame`";
    /// All of it, as the provider counts.
    LLM_TOKENS_TOTAL = "llm.token_count.total" => Tokens, LLM, "`MetricsFrame`";
    /// Of what was sent, what came from a cache.
    LLM_TOKENS_CACHE_READ = "llm.token_count.prompt_details.cache_read" => Tokens, LLM, "`MetricsFrame`";
    /// Of what was sent, what went into a cache.
    LLM_TOKENS_CACHE_WRITE = "llm.token_count.prompt_details.cache_write" => Tokens, LLM, "`MetricsFrame`";
    /// Of what was sent, audio.
    LLM_TOKENS_PROMPT_AUDIO = "llm.token_count.prompt_details.audio" => Tokens, LLM, "`MetricsFrame`";
    /// Of what was received, reasoning.
    LLM_TOKENS_REASONING = "llm.token_count.completion_details.reasoning" => Tokens, LLM, "`MetricsFrame`";
    /// Of what was received, audio.
    LLM_TOKENS_COMPLETION_AUDIO = "llm.token_count.completion_details.audio" => Tokens, LLM, "`MetricsFrame`";
    /// How long it took to the first token of the answer, after any thinking.
    LLM_TTFAT = "llm.ttfat_seconds" => Seconds, LLM, "`MetricsFrame`";
    /// That the answer was cut; written only then.
    LLM_INTERRUPTED = "llm.interrupted" => Flag, LLM, "`UserStartedSpeakingFrame`, `CancelFrame`";

    /// A function's name.
    TOOL_NAME = "tool.name" => Text, TOOL, "`FunctionCallInProgressFrame`";
    /// Which call of it.
    TOOL_CALL_ID = "tool_call.id" => Text, TOOL, "`FunctionCallInProgressFrame`";
    /// What it was called with.
    TOOL_PARAMETERS = "tool.parameters" => Json, TOOL, "`FunctionCallInProgressFrame`";
    /// What it returned.
    TOOL_RESULT = "tool.result" => Json, TOOL, "`FunctionCallResultFrame`";
    /// That it was called off; written only then.
    TOOL_CANCELLED = "tool.cancelled" => Flag, TOOL, "`FunctionCallCancelFrame`";

    /// What kind of error a span ended with.
    ERROR_TYPE = otel::ERROR_TYPE => Text, EVERY_SPAN, "`ErrorFrame`, `FunctionCallResultFrame`";
    /// What kind of error an event tells.
    EXCEPTION_TYPE = otel::EXCEPTION_TYPE => Text, EXCEPTION, "`ErrorFrame`, `FunctionCallResultFrame`";
    /// What an error says.
    EXCEPTION_MESSAGE = otel::EXCEPTION_MESSAGE => Text, EXCEPTION, "`ErrorFrame`, `FunctionCallResultFrame`";

    /// What a remark is about.
    NOTE_NAME = "note.name" => Text, NOTE, "the application";
    /// What there is to remark.
    NOTE_VALUE = "note.value" => Scalar, NOTE, "the application";
    /// The measure by which something is judged.
    EVALUATION_NAME = otel::GEN_AI_EVALUATION_NAME => Text, EVALUATION, "the application";
    /// How well it did.
    EVALUATION_SCORE = otel::GEN_AI_EVALUATION_SCORE_VALUE => Number, EVALUATION, "the application";
    /// Why.
    EVALUATION_EXPLANATION = otel::GEN_AI_EVALUATION_EXPLANATION => Text, EVALUATION, "the application";
}
