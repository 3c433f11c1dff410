//! The language model: rustvani's `OpenAI` client, with a function that it runs itself.

use std::sync::Arc;

use example_common::dental_office::{
    CHECK_CALENDAR, CHECK_CALENDAR_DESCRIPTION, PROMPT, check_calendar, check_calendar_parameters,
};
use example_common::model_server::Model;
use rustvani::adapters::schemas::{FunctionSchema, ToolsSchema};
use rustvani::{
    BillingCollector, FrameProcessor, FunctionRegistry, LLMContext, OpenAILLMConfig, OpenAILLMHandler,
};
use serde_json::Value;

/// Returns the context at the start of a conversation: the system prompt and the tool.
pub(crate) fn context() -> LLMContext {
    let schema = FunctionSchema::new(CHECK_CALENDAR, CHECK_CALENDAR_DESCRIPTION)
        .with_parameters(check_calendar_parameters());
    LLMContext::with_tools(Some(PROMPT.to_owned()), ToolsSchema::new(vec![schema]), None)
}

/// Creates a client of `model`.
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
        check_calendar(&arguments).await.to_string()
    });
    OpenAILLMHandler::with_registry(config, functions).with_billing(billing).into_processor()
}
