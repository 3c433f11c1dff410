//! Keys of `OpenInference`, and keys that this crate adds in their style.
//!
//! See [OpenInference](https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#openinference).
#![allow(deprecated, reason = "those of generative AI have moved to a specification that has no crate yet")]

use super::key_info::{
    EVALUATION, EVERY_SPAN, EXCEPTION, KeyInfo, LLM, LLM_AND_TOOL, NOTE, ROOTS, SERVICES, SPEECH, STT, TOOL,
    TTS, TURN, TURN_AND_BELOW, ValueKind,
};
use super::otel;
use crate::emit::Conventions;

keys! { OPENINFERENCE in TABLE;
    /// The span kind of `OpenInference`: `CHAIN`, `LLM` or `TOOL`.
    SPAN_KIND = "openinference.span.kind" => Text, EVERY_SPAN, "the kind of the span";
    /// The conversation id.
    SESSION_ID = otel::SESSION_ID => Text, EVERY_SPAN, "the task; a UUID where it has none";
    /// The user's id.
    USER_ID = otel::USER_ID => Text, EVERY_SPAN, "`TranscriptionFrame`";
    /// The input: the words of the user, the text to synthesize, or a function's arguments.
    INPUT_VALUE = "input.value" => Text, TURN_AND_BELOW,
        "`TranscriptionFrame`, `LLMContextFrame`, `AggregatedTextFrame`, `TTSSpeakFrame`, `FunctionCallInProgressFrame`";
    /// The input's MIME type, unless it is plain text.
    INPUT_MIME_TYPE = "input.mime_type" => Text, LLM_AND_TOOL, "as `input.value`";
    /// The output: the transcript, the response, the spoken text, or a function's result.
    OUTPUT_VALUE = "output.value" => Text, TURN_AND_BELOW,
        "`TranscriptionFrame`, `LLMTextFrame`, `FunctionCallsStartedFrame`, `TTSTextFrame`, `FunctionCallResultFrame`";
    /// The output's MIME type, unless it is plain text.
    OUTPUT_MIME_TYPE = "output.mime_type" => Text, LLM_AND_TOOL, "as `output.value`";
    /// Further data, as a JSON object.
    METADATA = "metadata" => Json, EVERY_SPAN, "the application";

    /// The number of the turn, from 1.
    TURN_NUMBER = "conversation.turn_number" => Integer, TURN_AND_BELOW, "`StartFrame`, `UserStartedSpeakingFrame`";
    /// The duration of the turn.
    TURN_DURATION = "conversation.turn_duration_seconds" => Seconds, TURN, "its start and its end";
    /// The reason why the turn ended: `completed`, `interrupted`, `ended` or `cancelled`.
    END_REASON = "conversation.end_reason" => Text, TURN,
        "`BotStoppedSpeakingFrame`, `UserStartedSpeakingFrame`, `EndFrame`, `CancelFrame`";
    /// Whether the user interrupted the bot.
    WAS_INTERRUPTED = "conversation.was_interrupted" => Flag, TURN, "`UserStartedSpeakingFrame`";
    /// Whether the conversation had begun when its observer was added; on its first turn, written only if so.
    START_MISSED = "conversation.start_missed" => Flag, ROOTS, "no `StartFrame`";
    /// The time that the user waited for the bot to speak.
    USER_TO_BOT_LATENCY = "conversation.user_to_bot_latency" => Seconds, TURN,
        "`VADUserStoppedSpeakingFrame` or `UserStoppedSpeakingFrame`, `BotStartedSpeakingFrame`";
    /// The event from which the latency counts: `vad` or `user_stopped`.
    LATENCY_SOURCE = "conversation.latency_source" => Text, TURN, "as `conversation.user_to_bot_latency`";
    /// Stage of the latency: from the end of the voice to its detection.
    LATENCY_ENDPOINTING = "conversation.latency.endpointing" => Seconds, TURN,
        "`VADUserStoppedSpeakingFrame`";
    /// Stage of the latency: until the last final transcript before a model was asked.
    LATENCY_TRANSCRIPTION = "conversation.latency.transcription" => Seconds, TURN, "`TranscriptionFrame`";
    /// Stage of the latency: until a model was asked.
    LATENCY_TURN_DETECTION = "conversation.latency.turn_detection" => Seconds, TURN, "`LLMContextFrame`";
    /// Stage of the latency: until the first token of the response, without function calls.
    LATENCY_LLM = "conversation.latency.llm" => Seconds, TURN,
        "`LLMTextFrame`; speech to speech: `TTSAudioRawFrame`";
    /// Stage of the latency: the function calls before the response.
    LATENCY_TOOLS = "conversation.latency.tools" => Seconds, TURN,
        "`FunctionCallInProgressFrame`, `FunctionCallResultFrame`";
    /// Stage of the latency: until text-to-speech got its first text.
    LATENCY_AGGREGATION = "conversation.latency.aggregation" => Seconds, TURN, "`AggregatedTextFrame`";
    /// Stage of the latency: until the first audio.
    LATENCY_TTS = "conversation.latency.tts" => Seconds, TURN, "`TTSAudioRawFrame`";
    /// Stage of the latency: until the bot started speaking.
    LATENCY_OUTPUT = "conversation.latency.output" => Seconds, TURN, "`BotStartedSpeakingFrame`";
    /// Stage of the latency: the rest.
    LATENCY_PIPELINE = "conversation.latency.pipeline" => Seconds, TURN,
        "as `conversation.user_to_bot_latency`";
    /// The setting behind `conversation.latency.endpointing`: `VAD stop_secs`.
    LATENCY_OWNER_ENDPOINTING = "conversation.latency_owner.endpointing" => Text, TURN,
        "`VADUserStoppedSpeakingFrame`";
    /// The service behind `conversation.latency.transcription`.
    LATENCY_OWNER_TRANSCRIPTION = "conversation.latency_owner.transcription" => Text, TURN, "the processor";
    /// The service or setting behind `conversation.latency.turn_detection`.
    LATENCY_OWNER_TURN_DETECTION = "conversation.latency_owner.turn_detection" => Text, TURN,
        "`UserStoppedSpeakingFrame`";
    /// The service behind `conversation.latency.llm`.
    LATENCY_OWNER_LLM = "conversation.latency_owner.llm" => Text, TURN, "the processor";
    /// The slowest function behind `conversation.latency.tools`.
    LATENCY_OWNER_TOOLS = "conversation.latency_owner.tools" => Text, TURN, "`FunctionCallInProgressFrame`";
    /// The setting behind `conversation.latency.aggregation`: `text_aggregation_mode`.
    LATENCY_OWNER_AGGREGATION = "conversation.latency_owner.aggregation" => Text, TURN,
        "`AggregatedTextFrame`";
    /// The service behind `conversation.latency.tts`.
    LATENCY_OWNER_TTS = "conversation.latency_owner.tts" => Text, TURN, "the processor";
    /// The output transport behind `conversation.latency.output`.
    LATENCY_OWNER_OUTPUT = "conversation.latency_owner.output" => Text, TURN, "the processor";
    /// The time from the end of the user's first words to the bot's first sound; written only if the user spoke again
    /// before it.
    USER_WAIT = "conversation.user_wait_seconds" => Seconds, TURN,
        "as `conversation.user_to_bot_latency`, `UserStartedSpeakingFrame`";
    /// The number of times that the user spoke again before the bot made a sound; written only if so.
    USER_REPEATS = "conversation.user_repeats" => Integer, TURN,
        "`UserStoppedSpeakingFrame`, `UserStartedSpeakingFrame`";
    /// The party that began the turn: `user` or `bot`.
    INITIATOR = "conversation.initiator" => Text, TURN,
        "`UserStartedSpeakingFrame`, `TranscriptionFrame`, `LLMContextFrame`, `BotStartedSpeakingFrame`";

    /// The service's class. (OpenTelemetry's resource attribute of this name is the program's name.)
    SERVICE_NAME = otel::SERVICE_NAME => Text, SERVICES, "the processor";
    /// The processor's name, where it differs from the class.
    SERVICE_INSTANCE = "service.instance" => Text, SERVICES, "the processor";
    /// The kind of service: `stt`, `llm` or `tts`.
    SERVICE_TYPE = "service.type" => Text, SERVICES, "the processor";
    /// The provider of the service.
    SERVICE_PROVIDER = "service.provider" => Text, SERVICES, "the processor";
    /// The time to the service's first byte.
    SERVICE_TTFB = "service.ttfb_seconds" => Seconds, SERVICES, "`MetricsFrame`; else the service's frames";
    /// The source of that time: `reported` by the service, or `measured` from its frames.
    SERVICE_TTFB_SOURCE = "service.ttfb_source" => Text, SERVICES, "as `service.ttfb_seconds`";
    /// The service's processing time.
    SERVICE_PROCESSING_TIME = "service.processing_time_seconds" => Seconds, SERVICES,
        "`MetricsFrame`; else the service's frames";

    /// The transcript.
    AUDIO_TRANSCRIPT = "audio.transcript" => Text, STT, "`TranscriptionFrame`";
    /// The sample rate of the audio.
    AUDIO_SAMPLE_RATE = "audio.sample_rate" => Hertz, SPEECH, "the processor";
    /// The voice.
    AUDIO_VOICE = "audio.voice" => Text, TTS, "the processor";
    /// The provider's id of the voice.
    AUDIO_VOICE_ID = "audio.voice_id" => Text, TTS, "the processor";
    /// The language of the transcript.
    STT_LANGUAGE = "stt.language" => Text, STT, "`TranscriptionFrame`; else the processor";
    /// The duration of the transcribed audio.
    STT_AUDIO_DURATION = "stt.audio_seconds" => Seconds, STT, "`MetricsFrame`";
    /// The time from the end of the voice to the last final transcript.
    STT_TIME_TO_LAST_TRANSCRIPTION = "stt.time_to_last_transcription_seconds" => Seconds, STT,
        "`VADUserStoppedSpeakingFrame`, `TranscriptionFrame`";
    /// Whether a final transcript arrived.
    STT_IS_FINAL = "stt.is_final" => Flag, STT, "`TranscriptionFrame`";
    /// The number of synthesized characters.
    TTS_CHARACTER_COUNT = "tts.character_count" => Characters, TTS, "`MetricsFrame`";
    /// The time to the first audio that is not silence.
    TTS_TTFA = "tts.ttfa_seconds" => Seconds, TTS, "`MetricsFrame`";
    /// The duration of the audio sent.
    TTS_AUDIO_DURATION = "tts.audio_seconds" => Seconds, TTS, "`TTSAudioRawFrame`";
    /// The duration of the audio played before an interruption.
    TTS_PLAYED_DURATION = "tts.played_seconds" => Seconds, TTS, "`TTSAudioRawFrame`, `UserStartedSpeakingFrame`";
    /// Whether the speech was interrupted; written only if so.
    TTS_INTERRUPTED = "tts.interrupted" => Flag, TTS, "`UserStartedSpeakingFrame`, `CancelFrame`";

    /// The provider of the model.
    LLM_PROVIDER = "llm.provider" => Text, SERVICES, "the processor";
    /// The model.
    LLM_MODEL_NAME = "llm.model_name" => Text, SERVICES, "`MetricsFrame`; else the processor";
    /// The number of messages in the context, including those that the span does not carry.
    LLM_MESSAGES_COUNT = "llm.messages_count" => Integer, LLM, "`LLMContextFrame`";
    /// The parameters of the request, as a JSON object.
    LLM_INVOCATION_PARAMETERS = "llm.invocation_parameters" => Json, LLM, "the processor";
    /// Prompt tokens, including cached ones.
    LLM_TOKENS_PROMPT = "llm.token_count.prompt" => Tokens, LLM, "`MetricsFrame`";
    /// Completion tokens.
    LLM_TOKENS_COMPLETION = "llm.token_count.completion" => Tokens, LLM, "`MetricsFrame`";
    /// Total tokens, as the provider counts them.
    LLM_TOKENS_TOTAL = "llm.token_count.total" => Tokens, LLM, "`MetricsFrame`";
    /// Prompt tokens read from a cache.
    LLM_TOKENS_CACHE_READ = "llm.token_count.prompt_details.cache_read" => Tokens, LLM, "`MetricsFrame`";
    /// Prompt tokens written to a cache.
    LLM_TOKENS_CACHE_WRITE = "llm.token_count.prompt_details.cache_write" => Tokens, LLM, "`MetricsFrame`";
    /// Prompt tokens of audio.
    LLM_TOKENS_PROMPT_AUDIO = "llm.token_count.prompt_details.audio" => Tokens, LLM, "`MetricsFrame`";
    /// Completion tokens of reasoning.
    LLM_TOKENS_REASONING = "llm.token_count.completion_details.reasoning" => Tokens, LLM, "`MetricsFrame`";
    /// Completion tokens of audio.
    LLM_TOKENS_COMPLETION_AUDIO = "llm.token_count.completion_details.audio" => Tokens, LLM, "`MetricsFrame`";
    /// The time to the first token of the answer, after any reasoning.
    LLM_TTFAT = "llm.ttfat_seconds" => Seconds, LLM, "`MetricsFrame`";
    /// Whether the LLM call was interrupted; written only if so.
    LLM_INTERRUPTED = "llm.interrupted" => Flag, LLM, "`UserStartedSpeakingFrame`, `CancelFrame`";
    /// Whether the call was speculative, for an eager end of turn, and was withdrawn; written only if so.
    LLM_WITHDRAWN = "llm.withdrawn" => Flag, LLM, "`EagerEndOfTurnCancelFrame`";

    /// The function's name.
    TOOL_NAME = "tool.name" => Text, TOOL, "`FunctionCallInProgressFrame`";
    /// The id of the tool call.
    TOOL_CALL_ID = "tool_call.id" => Text, TOOL, "`FunctionCallInProgressFrame`";
    /// The arguments.
    TOOL_PARAMETERS = "tool.parameters" => Json, TOOL, "`FunctionCallInProgressFrame`";
    /// The last result.
    TOOL_RESULT = "tool.result" => Json, TOOL, "`FunctionCallResultFrame`";
    /// Whether the tool call was cancelled; written only if so.
    TOOL_CANCELLED = "tool.cancelled" => Flag, TOOL, "`FunctionCallCancelFrame`";
    /// Whether the span ended before the tool call, without its final result; written only if so.
    TOOL_UNFINISHED = "tool.unfinished" => Flag, TOOL, "the limits of a turn";

    /// The type of the error with which a span ended.
    ERROR_TYPE = otel::ERROR_TYPE => Text, EVERY_SPAN, "`ErrorFrame`, `FunctionCallResultFrame`";
    /// The type of an error.
    EXCEPTION_TYPE = otel::EXCEPTION_TYPE => Text, EXCEPTION, "`ErrorFrame`, `FunctionCallResultFrame`";
    /// The message of an error.
    EXCEPTION_MESSAGE = otel::EXCEPTION_MESSAGE => Text, EXCEPTION, "`ErrorFrame`, `FunctionCallResultFrame`";

    /// The subject of a note.
    NOTE_NAME = "note.name" => Text, NOTE, "the application";
    /// The information in a note.
    NOTE_VALUE = "note.value" => Scalar, NOTE, "the application";
    /// The metric of an evaluation.
    EVALUATION_NAME = otel::GEN_AI_EVALUATION_NAME => Text, EVALUATION, "the application";
    /// The score.
    EVALUATION_SCORE = otel::GEN_AI_EVALUATION_SCORE_VALUE => Number, EVALUATION, "the application";
    /// The reason for the score.
    EVALUATION_EXPLANATION = otel::GEN_AI_EVALUATION_EXPLANATION => Text, EVALUATION, "the application";
}
