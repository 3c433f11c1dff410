//! What rustvani's own client of a language model sends, for the models that are played.

use std::sync::{Mutex, MutexGuard, PoisonError};

use rustvani::{BillingCollector, BillingEvent, Frame, FunctionCallData, FunctionCallResultData};

/// What is shared, whoever has panicked with it.
pub(crate) fn locked<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A function is being called.
pub(crate) fn in_progress(id: &str, function: &str, arguments: &str) -> Frame {
    Frame::function_call_in_progress(FunctionCallData {
        id: id.to_owned(),
        function_name: function.to_owned(),
        arguments: arguments.to_owned(),
    })
}

/// A function has returned.
pub(crate) fn returned(id: &str, function: &str, result: &str) -> Frame {
    Frame::function_call_result(FunctionCallResultData {
        id: id.to_owned(),
        function_name: function.to_owned(),
        result: result.to_owned(),
    })
}

/// What an invocation is billed, as `OpenAI`'s client calls it.
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
