//! The keys of `OpenObserve`'s guide to Pipecat.

use super::key_info::{KeyInfo, LLM, ValueKind};
use crate::emit::Conventions;

keys! { OPENOBSERVE;
    /// The class of the service.
    OPENOBSERVE_SERVICE = "pipecat.service" => Text, LLM, "the processor";
    /// The model.
    OPENOBSERVE_MODEL = "pipecat.model" => Text, LLM, "the processor; else `MetricsFrame`";
    /// The user's last message, no more than 200 characters of it.
    OPENOBSERVE_USER_MESSAGE = "pipecat.user_message" => Text, LLM, "`LLMContextFrame`, `TranscriptionFrame`";
    /// What the model answered, no more than 200 characters of it.
    OPENOBSERVE_ASSISTANT_MESSAGE = "pipecat.assistant_message" => Text, LLM, "`LLMTextFrame`";
    /// What was sent.
    OPENOBSERVE_PROMPT_TOKENS = "pipecat.prompt_tokens" => Tokens, LLM, "`MetricsFrame`";
    /// What was received.
    OPENOBSERVE_COMPLETION_TOKENS = "pipecat.completion_tokens" => Tokens, LLM, "`MetricsFrame`";
}
