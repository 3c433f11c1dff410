//! The agent, and the tools of a script.

use async_trait::async_trait;
use flowcat_core::{
    AgentBrain, BrainAction, Finalize, FlowcatError, ResolvedCall, SessionSource, ToolDecl, UploadTarget,
};
use pipecat_instrument_runtime::testing::conformance::{Harness, ToolOutcome};
use serde_json::{Value, json};

/// An agent whose workflow has a single node.
pub(crate) struct ScriptedAgent;

impl AgentBrain for ScriptedAgent {
    fn system_prompt(&self) -> String {
        "You answer the telephone of a dentist.".to_owned()
    }

    fn tools(&self) -> Vec<ToolDecl> {
        Vec::new()
    }

    fn current_node_id(&self) -> String {
        "desk".to_owned()
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

/// The tools of a script. In flowcat, the session runs the tools of a workflow.
pub(crate) struct Tools(pub(crate) Harness);

#[async_trait]
impl SessionSource for Tools {
    async fn resolve(&self, _run: i64, _token: &str) -> Result<ResolvedCall, FlowcatError> {
        Err(FlowcatError::Session("the suite starts its calls itself".to_owned()))
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
        Err(FlowcatError::Session("the suite keeps no recordings".to_owned()))
    }

    async fn put_bytes(&self, _url: &str, _bytes: Vec<u8>, _content_type: &str) -> Result<(), FlowcatError> {
        Ok(())
    }

    async fn node_tools(&self, _run: i64, _token: &str, _node: &str) -> Result<Vec<ToolDecl>, FlowcatError> {
        let tools = self.0.tool_declarations().into_iter().map(|tool| ToolDecl {
            name: tool.name.to_owned(),
            description: tool.description.to_owned(),
            params: tool.parameters,
        });
        Ok(tools.collect())
    }

    /// A failed tool returns the failure as its result, because flowcat replaces an error by a text of its own.
    async fn tool_call(
        &self,
        _run: i64,
        _token: &str,
        _node: &str,
        tool: &str,
        _arguments: &Value,
    ) -> Result<String, FlowcatError> {
        let Some(call) = self.0.tool_call(tool) else {
            return Err(FlowcatError::Session(format!("no tool {tool}")));
        };
        tokio::time::sleep(call.duration).await;
        match call.outcome {
            ToolOutcome::Success(result) => Ok(result.to_string()),
            ToolOutcome::Failure(message) => Ok(json!({ "error": message }).to_string()),
        }
    }
}
