//! The agent itself: what it is told to be, and the calendar that it may look into.

use std::time::Duration;

use async_trait::async_trait;
use flowcat_core::{
    AgentBrain, BrainAction, Finalize, FlowcatError, ResolvedCall, SessionSource, ToolDecl, UploadTarget,
};
use serde_json::{Value, json};

const PROMPT: &str = "You answer the telephone of a dentist, Harbor Dental. Be brief: one or two short sentences. \
                      Greet the caller. You are open from eight to six, Monday to Friday.";

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

impl Calendar {
    /// How long it takes to look something up.
    const LOOKUP: Duration = Duration::from_millis(600);

    async fn free_times(arguments: &Value) -> Value {
        tokio::time::sleep(Self::LOOKUP).await;
        match arguments["day"].as_str() {
            Some(day) => json!({ "day": day, "free": ["09:30", "14:00"] }),
            None => json!({ "error": "which day?" }),
        }
    }
}

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
            name: "check_calendar".to_owned(),
            description: "The times that are still free on a day".to_owned(),
            params: json!({
                "type": "object",
                "properties": { "day": { "type": "string", "description": "as Tuesday" } },
                "required": ["day"],
            }),
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
        Ok(Self::free_times(arguments).await.to_string())
    }
}
