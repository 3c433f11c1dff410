//! Tests of tool calls in flowcat's own pipeline.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use flowcat_core::pipeline::{CascadedConfig, build_cascaded_call_with_observers};
use flowcat_core::processor::frame::FunctionCall;
use flowcat_core::service::{LlmService, MockStt, MockTts, Tool};
use flowcat_core::{
    AgentBrain, AudioChunk, BrainAction, Finalize, FlowcatError, Frame as Flowcat, FrameObserver,
    FramePushEvent, LlmContext, MediaIn, MediaTransport, ResolvedCall, SessionSource, StartParams, ToolDecl,
    UploadTarget,
};
use futures_util::stream::{self, BoxStream, StreamExt};
use pipecat_instrument_runtime::engine::frame::{Frame, Json};
use serde_json::{Value, json};

use super::{ToolCalls, ToolStep};

/// A model that calls these functions once.
struct Asking(Vec<&'static str>);

#[async_trait]
impl LlmService for Asking {
    fn name(&self) -> &'static str {
        "asking"
    }

    async fn start(&mut self, _: &StartParams) -> flowcat_core::Result<()> {
        Ok(())
    }

    async fn run_llm<'a>(&'a mut self, _: &'a LlmContext) -> flowcat_core::Result<BoxStream<'a, Flowcat>> {
        let calls: Vec<FunctionCall> = std::mem::take(&mut self.0)
            .into_iter()
            .map(|name| FunctionCall {
                function_name: name.to_owned(),
                tool_call_id: format!("call_{name}"),
                arguments: json!({ "for": name }),
            })
            .collect();
        let requested = (!calls.is_empty()).then_some(Flowcat::FunctionCallsStarted(calls));
        let frames = [Some(Flowcat::LlmResponseStart), requested, Some(Flowcat::LlmResponseEnd)];
        Ok(stream::iter(frames.into_iter().flatten()).boxed())
    }

    fn set_tools(&mut self, _: Vec<Tool>) {}
}

/// A brain that moves on `move` and stays on `stay`. It never ends, because that would race with the transport.
struct Brain;

impl AgentBrain for Brain {
    fn system_prompt(&self) -> String {
        String::new()
    }

    fn tools(&self) -> Vec<ToolDecl> {
        Vec::new()
    }

    fn current_node_id(&self) -> String {
        String::new()
    }

    fn on_tool_call(&mut self, name: &str, _: &Value) -> BrainAction {
        match name {
            "move" => {
                BrainAction::Transition { system_prompt: "New.".to_owned(), tools: Vec::new(), say: None }
            }
            _ => BrainAction::Stay,
        }
    }

    fn is_finished(&self) -> bool {
        false
    }

    fn collected_vars(&self) -> Value {
        Value::Null
    }
}

/// A session with the tools `look_up` and `fail`.
struct Session;

#[async_trait]
impl SessionSource for Session {
    async fn resolve(&self, _: i64, _: &str) -> Result<ResolvedCall, FlowcatError> {
        Err(FlowcatError::Session("unused".to_owned()))
    }

    async fn complete(&self, _: i64, _: &str, _: Finalize) -> Result<(), FlowcatError> {
        Ok(())
    }

    async fn artifact_upload_url(&self, _: i64, _: &str, _: &str) -> Result<UploadTarget, FlowcatError> {
        Err(FlowcatError::Session("unused".to_owned()))
    }

    async fn put_bytes(&self, _: &str, _: Vec<u8>, _: &str) -> Result<(), FlowcatError> {
        Ok(())
    }

    async fn node_tools(&self, _: i64, _: &str, _: &str) -> Result<Vec<ToolDecl>, FlowcatError> {
        let tool =
            |name: &str| ToolDecl { name: name.to_owned(), description: String::new(), params: json!({}) };
        Ok(vec![tool("look_up"), tool("fail")])
    }

    async fn tool_call(
        &self,
        _: i64,
        _: &str,
        _: &str,
        name: &str,
        _: &Value,
    ) -> Result<String, FlowcatError> {
        match name {
            "fail" => Ok(json!({ "error": "no such day" }).to_string()),
            _ => Ok("half past nine".to_owned()),
        }
    }
}

/// A transport that is silent for a while and then hangs up.
struct SilentTransport {
    connected: bool,
}

#[async_trait]
impl MediaTransport for SilentTransport {
    async fn recv(&mut self) -> Option<MediaIn> {
        if self.connected {
            tokio::time::sleep(Duration::from_millis(150)).await;
            return Some(MediaIn::Stop);
        }
        self.connected = true;
        Some(MediaIn::StreamStart { call_id: String::new() })
    }

    async fn send_audio(&mut self, _: AudioChunk) -> Result<(), FlowcatError> {
        Ok(())
    }

    async fn send_clear(&mut self) -> Result<(), FlowcatError> {
        Ok(())
    }

    fn carrier_rate(&self) -> u32 {
        24_000
    }
}

/// Records the synthesized frames, and the contexts between them.
#[derive(Default)]
struct FrameRecorder {
    calls: ToolCalls,
    lines: Mutex<Vec<String>>,
}

#[async_trait]
impl FrameObserver for FrameRecorder {
    async fn on_push(&self, event: &FramePushEvent<'_>) {
        let mut lines = self.lines.lock().unwrap();
        if let Some(step) = ToolStep::from_event(event) {
            self.calls.on_step(step, &mut |frame| lines.push(line(frame)));
        }
    }
}

fn line(frame: Frame<'_>) -> String {
    match frame {
        Frame::FunctionCallInProgress(call) => {
            format!("{} {}", call.tool_call_id, call.arguments.unwrap().to_text())
        }
        Frame::FunctionCallResult(call) => {
            let result = call.result.map_or_else(|| "nothing".to_owned(), Json::to_text);
            format!("{} -> {result}", call.tool_call_id)
        }
        other => panic!("{other:?}"),
    }
}

/// Runs a call in which the model calls `functions`, and returns the recorded frames.
async fn record(functions: &[&'static str]) -> Vec<String> {
    let frames = Arc::new(FrameRecorder::default());
    let observers: Vec<Arc<dyn FrameObserver>> = vec![frames.clone()];
    let call = build_cascaded_call_with_observers(
        SilentTransport { connected: false },
        MockStt::new(""),
        Asking(functions.to_vec()),
        MockTts::new(24_000),
        Brain,
        Session,
        1,
        String::new(),
        CascadedConfig::default(),
        observers,
    );
    call.await.unwrap().run().await.unwrap();
    let lines = frames.lines.lock().unwrap();
    lines.clone()
}

#[tokio::test]
async fn tool_call_ends_when_a_context_has_its_result() {
    let frames = record(&["look_up", "fail"]).await;
    let about = |tool: &str| -> Vec<&String> { frames.iter().filter(|line| line.contains(tool)).collect() };
    assert_eq!(
        about("look_up"),
        [r#"call_look_up {"for":"look_up"}"#, r#"call_look_up -> {"result":"half past nine"}"#]
    );
    assert_eq!(about("fail"), [r#"call_fail {"for":"fail"}"#, r#"call_fail -> {"error":"no such day"}"#]);
}

#[tokio::test]
async fn status_of_the_brain_is_a_tool_result() {
    let frames = record(&["stay"]).await;
    assert_eq!(frames, [r#"call_stay {"for":"stay"}"#, r#"call_stay -> {"status":"stay"}"#]);
    let frames = record(&["move"]).await;
    assert_eq!(frames, [r#"call_move {"for":"move"}"#, r#"call_move -> {"status":"moved"}"#]);
}

#[test]
fn steps_without_a_tool_call_are_ignored() {
    let calls = ToolCalls::default();
    let mut emitted = 0;
    for step in [ToolStep::Started, ToolStep::Finished, ToolStep::Context(&[])] {
        calls.on_step(step, &mut |_| emitted += 1);
    }
    assert_eq!(emitted, 0);
}

#[test]
fn each_of_two_calls_waits_for_its_own_result() {
    let calls = ToolCalls::default();
    let call = |id: &str| FunctionCall {
        function_name: "look_up".to_owned(),
        tool_call_id: id.to_owned(),
        arguments: json!({}),
    };
    let requested = [call("a"), call("b")];
    let answer = |id: &str| json!({ "role": "tool", "tool_call_id": id, "content": id });
    let (one, both) = ([answer("a")], [answer("a"), answer("b")]);
    let mut emitted = Vec::new();
    for step in [
        ToolStep::Requested(&requested),
        ToolStep::Started,
        ToolStep::Started,
        ToolStep::Finished,
        ToolStep::Finished,
        ToolStep::Context(&one),
        ToolStep::Context(&both),
    ] {
        calls.on_step(step, &mut |frame| emitted.push(line(frame)));
    }
    assert_eq!(emitted, ["a {}", "b {}", r#"a -> "a""#, r#"b -> "b""#]);
}
