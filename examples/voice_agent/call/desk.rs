//! The agent itself, and its calendar, as flowcat asks for them.

use async_trait::async_trait;
use flowcat_core::{
    AgentBrain, BrainAction, Finalize, FlowcatError, ResolvedCall, SessionSource, ToolDecl, UploadTarget,
};
use serde_json::Value;

use crate::telephone::practice::{
    CHECK_CALENDAR, CHECK_CALENDAR_DESCRIPTION, PROMPT, check_calendar_parameters, free_times,
};

/// The front desk, which knows one state and no transitions.
pub(crate) struct Desk;

impl AgentBrain for Desk {
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

/// The calendar. In flowcat, workflow tools belong to the session.
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
        Ok(free_times(arguments).await.to_string())
    }
}
