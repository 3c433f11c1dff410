//! Compares the spelling of keys with `docs/spans.md`, copied here by hand.

use super::{MessageField, MessageKeys, MessageList};
use crate::emit::keys;

#[test]
fn openinference_keys_are_spelled_as_in_docs_spans_md() {
    let spellings = [
        (keys::SPAN_KIND, "openinference.span.kind"),
        (keys::SESSION_ID, "session.id"),
        (keys::USER_ID, "user.id"),
        (keys::INPUT_VALUE, "input.value"),
        (keys::INPUT_MIME_TYPE, "input.mime_type"),
        (keys::OUTPUT_VALUE, "output.value"),
        (keys::OUTPUT_MIME_TYPE, "output.mime_type"),
        (keys::METADATA, "metadata"),
        (keys::TURN_NUMBER, "conversation.turn_number"),
        (keys::TURN_DURATION, "conversation.turn_duration_seconds"),
        (keys::END_REASON, "conversation.end_reason"),
        (keys::WAS_INTERRUPTED, "conversation.was_interrupted"),
        (keys::START_MISSED, "conversation.start_missed"),
        (keys::USER_TO_BOT_LATENCY, "conversation.user_to_bot_latency"),
        (keys::LATENCY_SOURCE, "conversation.latency_source"),
        (keys::LATENCY_ENDPOINTING, "conversation.latency.endpointing"),
        (keys::LATENCY_TRANSCRIPTION, "conversation.latency.transcription"),
        (keys::LATENCY_TURN_DETECTION, "conversation.latency.turn_detection"),
        (keys::LATENCY_LLM, "conversation.latency.llm"),
        (keys::LATENCY_TOOLS, "conversation.latency.tools"),
        (keys::LATENCY_AGGREGATION, "conversation.latency.aggregation"),
        (keys::LATENCY_TTS, "conversation.latency.tts"),
        (keys::LATENCY_OUTPUT, "conversation.latency.output"),
        (keys::LATENCY_PIPELINE, "conversation.latency.pipeline"),
        (keys::LATENCY_OWNER_ENDPOINTING, "conversation.latency_owner.endpointing"),
        (keys::LATENCY_OWNER_TRANSCRIPTION, "conversation.latency_owner.transcription"),
        (keys::LATENCY_OWNER_TURN_DETECTION, "conversation.latency_owner.turn_detection"),
        (keys::LATENCY_OWNER_LLM, "conversation.latency_owner.llm"),
        (keys::LATENCY_OWNER_TOOLS, "conversation.latency_owner.tools"),
        (keys::LATENCY_OWNER_AGGREGATION, "conversation.latency_owner.aggregation"),
        (keys::LATENCY_OWNER_TTS, "conversation.latency_owner.tts"),
        (keys::LATENCY_OWNER_OUTPUT, "conversation.latency_owner.output"),
        (keys::USER_WAIT, "conversation.user_wait_seconds"),
        (keys::USER_REPEATS, "conversation.user_repeats"),
        (keys::INITIATOR, "conversation.initiator"),
        (keys::SERVICE_NAME, "service.name"),
        (keys::SERVICE_INSTANCE, "service.instance"),
        (keys::SERVICE_TYPE, "service.type"),
        (keys::SERVICE_PROVIDER, "service.provider"),
        (keys::LLM_PROVIDER, "llm.provider"),
        (keys::LLM_MODEL_NAME, "llm.model_name"),
        (keys::SERVICE_TTFB, "service.ttfb_seconds"),
        (keys::SERVICE_TTFB_SOURCE, "service.ttfb_source"),
        (keys::SERVICE_PROCESSING_TIME, "service.processing_time_seconds"),
        (keys::AUDIO_TRANSCRIPT, "audio.transcript"),
        (keys::AUDIO_SAMPLE_RATE, "audio.sample_rate"),
        (keys::STT_LANGUAGE, "stt.language"),
        (keys::STT_AUDIO_DURATION, "stt.audio_seconds"),
        (keys::STT_TIME_TO_LAST_TRANSCRIPTION, "stt.time_to_last_transcription_seconds"),
        (keys::STT_IS_FINAL, "stt.is_final"),
        (keys::LLM_MESSAGES_COUNT, "llm.messages_count"),
        (keys::LLM_INVOCATION_PARAMETERS, "llm.invocation_parameters"),
        (keys::LLM_TOKENS_PROMPT, "llm.token_count.prompt"),
        (keys::LLM_TOKENS_COMPLETION, "llm.token_count.completion"),
        (keys::LLM_TOKENS_TOTAL, "llm.token_count.total"),
        (keys::LLM_TOKENS_CACHE_READ, "llm.token_count.prompt_details.cache_read"),
        (keys::LLM_TOKENS_CACHE_WRITE, "llm.token_count.prompt_details.cache_write"),
        (keys::LLM_TOKENS_PROMPT_AUDIO, "llm.token_count.prompt_details.audio"),
        (keys::LLM_TOKENS_REASONING, "llm.token_count.completion_details.reasoning"),
        (keys::LLM_TOKENS_COMPLETION_AUDIO, "llm.token_count.completion_details.audio"),
        (keys::LLM_TTFAT, "llm.ttfat_seconds"),
        (keys::LLM_INTERRUPTED, "llm.interrupted"),
        (keys::LLM_WITHDRAWN, "llm.withdrawn"),
        (keys::AUDIO_VOICE, "audio.voice"),
        (keys::AUDIO_VOICE_ID, "audio.voice_id"),
        (keys::TTS_CHARACTER_COUNT, "tts.character_count"),
        (keys::TTS_TTFA, "tts.ttfa_seconds"),
        (keys::TTS_AUDIO_DURATION, "tts.audio_seconds"),
        (keys::TTS_PLAYED_DURATION, "tts.played_seconds"),
        (keys::TTS_INTERRUPTED, "tts.interrupted"),
        (keys::TOOL_NAME, "tool.name"),
        (keys::TOOL_CALL_ID, "tool_call.id"),
        (keys::TOOL_PARAMETERS, "tool.parameters"),
        (keys::TOOL_RESULT, "tool.result"),
        (keys::TOOL_CANCELLED, "tool.cancelled"),
        (keys::TOOL_UNFINISHED, "tool.unfinished"),
        (&keys::tool_schema(7), "llm.tools.7.tool.json_schema"),
    ];
    for (declared, documented) in spellings {
        assert_eq!(declared, documented);
    }
}

#[test]
fn message_keys_are_spelled_as_in_docs_spans_md() {
    let input = MessageKeys::new(MessageList::Input, 12);
    let fields = [
        (MessageField::Role, "role"),
        (MessageField::Content, "content"),
        (MessageField::Name, "name"),
        (MessageField::ToolCallId, "tool_call_id"),
        (MessageField::PartType(3), "contents.3.message_content.type"),
        (MessageField::PartText(3), "contents.3.message_content.text"),
        (MessageField::PartImageUrl(3), "contents.3.message_content.image.image.url"),
        (MessageField::CallId(4), "tool_calls.4.tool_call.id"),
        (MessageField::CallName(4), "tool_calls.4.tool_call.function.name"),
        (MessageField::CallArguments(4), "tool_calls.4.tool_call.function.arguments"),
    ];
    for (field, leaf) in fields {
        assert_eq!(input.key(field), format!("llm.input_messages.12.message.{leaf}"));
    }
    let output = MessageKeys::new(MessageList::Output, 0);
    assert_eq!(output.key(MessageField::Role), "llm.output_messages.0.message.role");
}

#[test]
fn opt_in_keys_are_spelled_as_in_docs_spans_md() {
    for (declared, documented) in [
        (keys::PIPECAT_CONVERSATION_ID, "conversation.id"),
        (keys::PIPECAT_CONVERSATION_TYPE, "conversation.type"),
        (keys::PIPECAT_TURN_NUMBER, "turn.number"),
        (keys::PIPECAT_TURN_TYPE, "turn.type"),
        (keys::PIPECAT_TURN_DURATION, "turn.duration_seconds"),
        (keys::PIPECAT_TURN_WAS_INTERRUPTED, "turn.was_interrupted"),
        (keys::PIPECAT_TURN_LATENCY, "turn.user_bot_latency_seconds"),
        (keys::PIPECAT_TTFB, "metrics.ttfb"),
        (keys::PIPECAT_TTFB_MS, "metrics.ttfb_ms"),
        (keys::PIPECAT_CHARACTER_COUNT, "metrics.character_count"),
        (keys::PIPECAT_AUDIO_SECONDS, "metrics.audio_seconds"),
        (keys::PIPECAT_VOICE_ID, "voice_id"),
        (keys::PIPECAT_TEXT, "text"),
        (keys::PIPECAT_TRANSCRIPT, "transcript"),
        (keys::PIPECAT_IS_FINAL, "is_final"),
        (keys::PIPECAT_LANGUAGE, "language"),
        (keys::PIPECAT_STREAM, "stream"),
        (keys::PIPECAT_TOOLS_COUNT, "tools.count"),
        (&keys::setting("speed"), "settings.speed"),
        (keys::LANGFUSE_SESSION_ID, "langfuse.session.id"),
        (keys::LANGFUSE_TRACE_NAME, "langfuse.trace.name"),
        (keys::LANGFUSE_TRACE_TAGS, "langfuse.trace.tags"),
        (keys::LANGFUSE_MS_TO_FIRST_CHUNK, "ai.response.msToFirstChunk"),
        (keys::OPENOBSERVE_SERVICE, "pipecat.service"),
        (keys::OPENOBSERVE_MODEL, "pipecat.model"),
        (keys::OPENOBSERVE_USER_MESSAGE, "pipecat.user_message"),
        (keys::OPENOBSERVE_ASSISTANT_MESSAGE, "pipecat.assistant_message"),
        (keys::OPENOBSERVE_PROMPT_TOKENS, "pipecat.prompt_tokens"),
        (keys::OPENOBSERVE_COMPLETION_TOKENS, "pipecat.completion_tokens"),
    ] {
        assert_eq!(declared, documented);
    }
}

/// If one key is a dotted prefix of another, Phoenix shows neither.
#[test]
fn no_key_of_any_convention_is_a_dotted_prefix_of_another() {
    for info in keys::table() {
        let prefix = format!("{}.", info.key);
        let longer = keys::table().find(|other| other.key.starts_with(&prefix));
        assert_eq!(longer, None, "{} is a prefix of it", info.key);
        assert_eq!(
            keys::table().filter(|other| other.key == info.key).count(),
            1,
            "{} is declared twice",
            info.key
        );
    }
}

#[test]
fn keys_with_a_number_or_a_name_match_their_placeholder() {
    let found = |key: &str| keys::info(key).map(|info| info.key);
    assert_eq!(found("llm.tools.0.tool.json_schema"), Some("llm.tools.N.tool.json_schema"));
    assert_eq!(found("settings.vad.disabled"), Some("settings.*"));
    for unknown in
        ["settings.", "settings", "llm.tools.x.tool.json_schema", "llm.tools.0.tool", "", "conversation"]
    {
        assert_eq!(found(unknown), None, "{unknown}");
    }
}

/// Newer versions of `opentelemetry-semantic-conventions` may rename these keys.
#[test]
fn gen_ai_keys_are_spelled_as_in_docs_spans_md() {
    for (declared, documented) in [
        (keys::GEN_AI_OPERATION_NAME, "gen_ai.operation.name"),
        (keys::GEN_AI_PROVIDER_NAME, "gen_ai.provider.name"),
        (keys::GEN_AI_REQUEST_MODEL, "gen_ai.request.model"),
        (keys::GEN_AI_RESPONSE_MODEL, "gen_ai.response.model"),
        (keys::GEN_AI_CONVERSATION_ID, "gen_ai.conversation.id"),
        (keys::GEN_AI_REQUEST_TEMPERATURE, "gen_ai.request.temperature"),
        (keys::GEN_AI_REQUEST_TOP_P, "gen_ai.request.top_p"),
        (keys::GEN_AI_REQUEST_MAX_TOKENS, "gen_ai.request.max_tokens"),
        (keys::GEN_AI_OUTPUT_TYPE, "gen_ai.output.type"),
        (keys::GEN_AI_USAGE_INPUT_TOKENS, "gen_ai.usage.input_tokens"),
        (keys::GEN_AI_USAGE_OUTPUT_TOKENS, "gen_ai.usage.output_tokens"),
        (keys::GEN_AI_USAGE_CACHE_READ, "gen_ai.usage.cache_read.input_tokens"),
        (keys::GEN_AI_USAGE_CACHE_CREATION, "gen_ai.usage.cache_creation.input_tokens"),
        (keys::GEN_AI_USAGE_REASONING, "gen_ai.usage.reasoning.output_tokens"),
        (keys::GEN_AI_TIME_TO_FIRST_CHUNK, "gen_ai.response.time_to_first_chunk"),
        (keys::GEN_AI_TOOL_NAME, "gen_ai.tool.name"),
        (keys::GEN_AI_TOOL_CALL_ID, "gen_ai.tool.call.id"),
        (keys::GEN_AI_TOOL_CALL_ARGUMENTS, "gen_ai.tool.call.arguments"),
        (keys::GEN_AI_TOOL_CALL_RESULT, "gen_ai.tool.call.result"),
        (keys::EVALUATION_NAME, "gen_ai.evaluation.name"),
        (keys::EVALUATION_SCORE, "gen_ai.evaluation.score.value"),
        (keys::EVALUATION_EXPLANATION, "gen_ai.evaluation.explanation"),
        (keys::ERROR_TYPE, "error.type"),
        (keys::EXCEPTION_TYPE, "exception.type"),
        (keys::EXCEPTION_MESSAGE, "exception.message"),
    ] {
        assert_eq!(declared, documented);
    }
}
