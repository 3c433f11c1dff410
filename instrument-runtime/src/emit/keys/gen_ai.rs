//! OpenTelemetry's keys for generative AI.
//!
//! The crate calls them deprecated because newer versions of them are published in a specification of their own; the
//! keys are the same.
#![allow(deprecated, reason = "moved to a specification of their own, which has no crate yet")]

use super::key_info::{ANSWERS, EVERY_SPAN, KeyInfo, LLM, SERVICES, TOOL, ValueKind, WITHIN};
use super::otel;
use crate::emit::Conventions;

keys! { GEN_AI;
    /// What is done: `invoke_agent`, `speech_to_text`, `chat`, `text_to_speech` or `execute_tool`.
    GEN_AI_OPERATION_NAME = otel::GEN_AI_OPERATION_NAME => Text, WITHIN, "what the span is";
    /// Who provides the model, by the name in OpenTelemetry's registry.
    GEN_AI_PROVIDER_NAME = otel::GEN_AI_PROVIDER_NAME => Text, SERVICES, "the processor";
    /// The model.
    GEN_AI_REQUEST_MODEL = otel::GEN_AI_REQUEST_MODEL => Text, SERVICES, "the processor; else `MetricsFrame`";
    /// The conversation's id.
    GEN_AI_CONVERSATION_ID = otel::GEN_AI_CONVERSATION_ID => Text, EVERY_SPAN, "as `session.id`";
    /// How varied the answer may be.
    GEN_AI_REQUEST_TEMPERATURE = otel::GEN_AI_REQUEST_TEMPERATURE => Number, LLM, "the processor";
    /// The share of probability that tokens are taken from.
    GEN_AI_REQUEST_TOP_P = otel::GEN_AI_REQUEST_TOP_P => Number, LLM, "the processor";
    /// How many of the likeliest tokens one is taken from.
    GEN_AI_REQUEST_TOP_K = otel::GEN_AI_REQUEST_TOP_K => Number, LLM, "the processor";
    /// How many tokens the answer may have.
    GEN_AI_REQUEST_MAX_TOKENS = otel::GEN_AI_REQUEST_MAX_TOKENS => Tokens, LLM, "the processor";
    /// How much repetition costs.
    GEN_AI_REQUEST_FREQUENCY_PENALTY = otel::GEN_AI_REQUEST_FREQUENCY_PENALTY => Number, LLM, "the processor";
    /// How much old ground costs.
    GEN_AI_REQUEST_PRESENCE_PENALTY = otel::GEN_AI_REQUEST_PRESENCE_PENALTY => Number, LLM, "the processor";
    /// What the chance is drawn from.
    GEN_AI_REQUEST_SEED = otel::GEN_AI_REQUEST_SEED => Integer, LLM, "the processor";
    /// What ends the answer.
    GEN_AI_REQUEST_STOP_SEQUENCES = otel::GEN_AI_REQUEST_STOP_SEQUENCES => Texts, LLM, "the processor";
    /// What comes out: `text` or `speech`.
    GEN_AI_OUTPUT_TYPE = otel::GEN_AI_OUTPUT_TYPE => Text, SERVICES, "what the span is";
    /// What was sent.
    GEN_AI_USAGE_INPUT_TOKENS = otel::GEN_AI_USAGE_INPUT_TOKENS => Tokens, LLM, "`MetricsFrame`";
    /// What was received.
    GEN_AI_USAGE_OUTPUT_TOKENS = otel::GEN_AI_USAGE_OUTPUT_TOKENS => Tokens, LLM, "`MetricsFrame`";
    /// Of what was sent, what came from a cache.
    GEN_AI_USAGE_CACHE_READ = otel::GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS => Tokens, LLM, "`MetricsFrame`";
    /// Of what was sent, what went into a cache.
    GEN_AI_USAGE_CACHE_CREATION = otel::GEN_AI_USAGE_CACHE_CREATION_INPUT_TOKENS => Tokens, LLM, "`MetricsFrame`";
    /// Of what was received, reasoning.
    GEN_AI_USAGE_REASONING = otel::GEN_AI_USAGE_REASONING_OUTPUT_TOKENS => Tokens, LLM, "`MetricsFrame`";
    /// How long it took to the first piece of the answer.
    GEN_AI_TIME_TO_FIRST_CHUNK = otel::GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK => Seconds, ANSWERS,
        "as `service.ttfb_seconds`";
    /// A function's name.
    GEN_AI_TOOL_NAME = otel::GEN_AI_TOOL_NAME => Text, TOOL, "`FunctionCallInProgressFrame`";
    /// Which call of it.
    GEN_AI_TOOL_CALL_ID = otel::GEN_AI_TOOL_CALL_ID => Text, TOOL, "`FunctionCallInProgressFrame`";
    /// What it was called with.
    GEN_AI_TOOL_CALL_ARGUMENTS = otel::GEN_AI_TOOL_CALL_ARGUMENTS => Json, TOOL, "`FunctionCallInProgressFrame`";
    /// What it returned.
    GEN_AI_TOOL_CALL_RESULT = otel::GEN_AI_TOOL_CALL_RESULT => Json, TOOL, "`FunctionCallResultFrame`";
}
