//! Frames and billing events of rustvani's own `OpenAI` client, for scripted models.

use std::sync::{Mutex, MutexGuard, PoisonError};

use rustvani::{BillingCollector, BillingEvent, Frame, FunctionCallData, FunctionCallResultData};

/// Locks a mutex, even if it is poisoned.
pub(crate) fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns the frame of a running function call.
pub(crate) fn function_call(id: &str, function: &str, arguments: &str) -> Frame {
    Frame::function_call_in_progress(FunctionCallData {
        id: id.to_owned(),
        function_name: function.to_owned(),
        arguments: arguments.to_owned(),
    })
}

/// Returns the frame of a function result.
pub(crate) fn function_result(id: &str, function: &str, result: &str) -> Frame {
    Frame::function_call_result(FunctionCallResultData {
        id: id.to_owned(),
        function_name: function.to_owned(),
        result: result.to_owned(),
    })
}

/// Returns the billing event of an LLM call.
pub(crate) fn llm_usage(
    collector: &dyn BillingCollector,
    input_tokens: u32,
    output_tokens: u32,
    estimated: bool,
) -> BillingEvent {
    BillingEvent::LlmUsage {
        session_id: collector.session_id(),
        provider: "openai".to_owned(),
        model: "gpt-4.1".to_owned(),
        input_tokens,
        output_tokens,
        estimated,
        occurred_at: chrono::Utc::now(),
    }
}
