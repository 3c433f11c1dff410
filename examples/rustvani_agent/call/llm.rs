//! The language model: rustvani's client of `OpenAI`'s interface, and the function that it may call.

use std::sync::Arc;

use rustvani::adapters::schemas::{FunctionSchema, ToolsSchema};
use rustvani::{
    BillingCollector, FrameProcessor, FunctionRegistry, LLMContext, OpenAILLMConfig, OpenAILLMHandler,
};
use serde_json::Value;

use crate::telephone::model::Model;
use crate::telephone::practice::{
    CHECK_CALENDAR, CHECK_CALENDAR_DESCRIPTION, PROMPT, check_calendar_parameters, free_times,
};

/// What the conversation starts from.
pub(crate) fn context() -> LLMContext {
    let check_calendar = FunctionSchema::new(CHECK_CALENDAR, CHECK_CALENDAR_DESCRIPTION)
        .with_parameters(check_calendar_parameters());
    LLMContext::with_tools(Some(PROMPT.to_owned()), ToolsSchema::new(vec![check_calendar]), None)
}

/// A client of `model`, which looks into the calendar itself when the model asks for it.
pub(crate) fn processor(model: &Model, billing: Arc<dyn BillingCollector>) -> FrameProcessor {
    let config = OpenAILLMConfig {
        api_key: model.api_key.clone(),
        base_url: model.base_url.clone(),
        model: model.name.clone(),
        ..OpenAILLMConfig::default()
    };
    let mut functions = FunctionRegistry::new();
    functions.register(CHECK_CALENDAR, |arguments: String| async move {
        let arguments: Value = serde_json::from_str(&arguments).unwrap_or_default();
        free_times(&arguments).await.to_string()
    });
    OpenAILLMHandler::with_registry(config, functions).with_billing(billing).into_processor()
}
