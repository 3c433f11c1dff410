//! OpenTelemetry's keys for generative AI.
//!
//! See [GenAI](https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#genai).
//!
//! `opentelemetry-semantic-conventions` deprecates them since their specification moved to a repository of its own, which
//! has no crate yet. The keys are unchanged.
#![allow(deprecated, reason = "moved to a specification of their own, which has no crate yet")]

use super::key_info::{EVERY_SPAN, KeyInfo, LLM, RESPONSES, SERVICES, TOOL, TURN_AND_BELOW, ValueKind};
use super::otel;
use crate::emit::Conventions;

keys! { GEN_AI in TABLE;
    /// The operation: `invoke_agent`, `speech_to_text`, `chat`, `text_to_speech` or `execute_tool`.
    GEN_AI_OPERATION_NAME = otel::GEN_AI_OPERATION_NAME => Text, TURN_AND_BELOW, "the kind of the span";
    /// The provider of the model, by its name in OpenTelemetry's registry.
    GEN_AI_PROVIDER_NAME = otel::GEN_AI_PROVIDER_NAME => Text, SERVICES, "the processor";
    /// The model.
    GEN_AI_REQUEST_MODEL = otel::GEN_AI_REQUEST_MODEL => Text, SERVICES, "`MetricsFrame`; else the processor";
    /// The model that answered.
    GEN_AI_RESPONSE_MODEL = otel::GEN_AI_RESPONSE_MODEL => Text, LLM, "`MetricsFrame`";
    /// The conversation id.
    GEN_AI_CONVERSATION_ID = otel::GEN_AI_CONVERSATION_ID => Text, EVERY_SPAN, "as `session.id`";
    /// The sampling temperature.
    GEN_AI_REQUEST_TEMPERATURE = otel::GEN_AI_REQUEST_TEMPERATURE => Number, LLM, "the processor";
    /// The probability mass of nucleus sampling.
    GEN_AI_REQUEST_TOP_P = otel::GEN_AI_REQUEST_TOP_P => Number, LLM, "the processor";
    /// The number of tokens to sample from.
    GEN_AI_REQUEST_TOP_K = otel::GEN_AI_REQUEST_TOP_K => Number, LLM, "the processor";
    /// The maximum number of tokens in the response.
    GEN_AI_REQUEST_MAX_TOKENS = otel::GEN_AI_REQUEST_MAX_TOKENS => Tokens, LLM, "the processor";
    /// The frequency penalty.
    GEN_AI_REQUEST_FREQUENCY_PENALTY = otel::GEN_AI_REQUEST_FREQUENCY_PENALTY => Number, LLM, "the processor";
    /// The presence penalty.
    GEN_AI_REQUEST_PRESENCE_PENALTY = otel::GEN_AI_REQUEST_PRESENCE_PENALTY => Number, LLM, "the processor";
    /// The random seed.
    GEN_AI_REQUEST_SEED = otel::GEN_AI_REQUEST_SEED => Integer, LLM, "the processor";
    /// Texts that end the response.
    GEN_AI_REQUEST_STOP_SEQUENCES = otel::GEN_AI_REQUEST_STOP_SEQUENCES => Texts, LLM, "the processor";
    /// The type of the output: `text` or `speech`.
    GEN_AI_OUTPUT_TYPE = otel::GEN_AI_OUTPUT_TYPE => Text, SERVICES, "the kind of the span";
    /// Input tokens, including cached ones.
    GEN_AI_USAGE_INPUT_TOKENS = otel::GEN_AI_USAGE_INPUT_TOKENS => Tokens, LLM, "`MetricsFrame`";
    /// Output tokens.
    GEN_AI_USAGE_OUTPUT_TOKENS = otel::GEN_AI_USAGE_OUTPUT_TOKENS => Tokens, LLM, "`MetricsFrame`";
    /// Input tokens read from a cache.
    GEN_AI_USAGE_CACHE_READ = otel::GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS => Tokens, LLM, "`MetricsFrame`";
    /// Input tokens written to a cache.
    GEN_AI_USAGE_CACHE_CREATION = otel::GEN_AI_USAGE_CACHE_CREATION_INPUT_TOKENS => Tokens, LLM, "`MetricsFrame`";
    /// Output tokens of reasoning.
    GEN_AI_USAGE_REASONING = otel::GEN_AI_USAGE_REASONING_OUTPUT_TOKENS => Tokens, LLM, "`MetricsFrame`";
    /// The time to the first piece of the response.
    GEN_AI_TIME_TO_FIRST_CHUNK = otel::GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK => Seconds, RESPONSES,
        "as `service.ttfb_seconds`";
    /// The function's name.
    GEN_AI_TOOL_NAME = otel::GEN_AI_TOOL_NAME => Text, TOOL, "`FunctionCallInProgressFrame`";
    /// The id of the tool call.
    GEN_AI_TOOL_CALL_ID = otel::GEN_AI_TOOL_CALL_ID => Text, TOOL, "`FunctionCallInProgressFrame`";
    /// The arguments.
    GEN_AI_TOOL_CALL_ARGUMENTS = otel::GEN_AI_TOOL_CALL_ARGUMENTS => Json, TOOL, "`FunctionCallInProgressFrame`";
    /// The result.
    GEN_AI_TOOL_CALL_RESULT = otel::GEN_AI_TOOL_CALL_RESULT => Json, TOOL, "`FunctionCallResultFrame`";
}
