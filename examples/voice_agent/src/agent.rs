//! The agent and its calendar, which implement flowcat's traits.

use async_trait::async_trait;
use example_common::dental_office::{
    CHECK_CALENDAR, CHECK_CALENDAR_DESCRIPTION, PROMPT, check_calendar, check_calendar_parameters,
};
use flowcat_core::{
    AgentBrain, BrainAction, Finalize, FlowcatError, ResolvedCall, SessionSource, ToolDecl, UploadTarget,
};
use serde_json::Value;

/// An agent with a prompt, and a workflow of a single node.
pub(crate) struct Agent;

impl AgentBrain for Agent {
    fn system_prompt(&self) -> String {
        PROMPT.to_owned()
    }

    fn tools(&self) -> Vec<ToolDecl> {
        Vec::new()
    }

    fn current_node_id(&self) -> String {
        "front-desk".to_owned()
    }

    fn on_tool_call(&mut self, _name: &str, _arguments: &Value) -> BrainAction {
        BrainAction::Stay
    }

    fn is_finished(&self) -> bool {
        false
    }

    fn collected_vars(&self) -> Value {
        Value::Null
    }
}

/// The tool of the agent. In flowcat, the session runs the tools of a workflow.
pub(crate) struct Calendar;

#[async_trait]
impl SessionSource for Calendar {
    async fn resolve(&self, _run: i64, _token: &str) -> Result<ResolvedCall, FlowcatError> {
        Err(FlowcatError::Session("this example starts its calls itself".to_owned()))
    }

    async fn complete(&self, _run: i64, _token: &str, _result: Finalize) -> Result<(), FlowcatError> {
        Ok(())
    }

    async fn artifact_upload_url(
        &self,
        _run: i64,
        _token: &str,
        _kind: &str,
    ) -> Result<UploadTarget, FlowcatError> {
        Err(FlowcatError::Session("this example keeps no recordings".to_owned()))
    }

    async fn put_bytes(&self, _url: &str, _bytes: Vec<u8>, _content_type: &str) -> Result<(), FlowcatError> {
        Ok(())
    }

    async fn node_tools(&self, _run: i64, _token: &str, _node: &str) -> Result<Vec<ToolDecl>, FlowcatError> {
        Ok(vec![ToolDecl {
            name: CHECK_CALENDAR.to_owned(),
            description: CHECK_CALENDAR_DESCRIPTION.to_owned(),
            params: check_calendar_parameters(),
        }])
    }

    async fn tool_call(
        &self,
        _run: i64,
        _token: &str,
        _node: &str,
        _tool: &str,
        arguments: &Value,
    ) -> Result<String, FlowcatError> {
        Ok(check_calendar(arguments).await.to_string())
    }
}
