//! Hops that call no code of the program.
//!
//! Frames and processors may be types of the program: their views, measurements, calls and JSON come from its methods. Such a
//! method may wait for another thread, or use its own conversation. So they are called before the conversation is locked,
//! and the engine reads copies. Contexts are copied separately, as far as the engine needs them.

use crate::engine::frame::{
    Frame, FramePushed, FunctionCall, FunctionCallList, FunctionCallResult, Json, Measurement, Metric,
    MetricList,
};
use crate::engine::truncate::truncate;

/// Upper bound on the measurements, or the calls, that are copied from one frame. The first ones are kept.
const MAX_LISTED: usize = 1 << 10;

/// Calls `act` with a copy of `hop` that calls no code of the program. Texts have at most `text_length` characters.
pub(super) fn with_detached<T>(
    hop: &FramePushed<'_>,
    text_length: usize,
    act: impl FnOnce(&FramePushed<'_>) -> T,
) -> T {
    let (source, destination) = (hop.source.view(), hop.destination.view());
    let act = |frame: &Frame<'_>| {
        act(&FramePushed {
            source: hop.source.with_view(source.as_ref()),
            destination: hop.destination.with_view(destination.as_ref()),
            direction: hop.direction,
            id: hop.id,
            sibling: hop.sibling,
            frame,
        })
    };
    match *hop.frame {
        Frame::Metrics(list) => act(&Frame::Metrics(&CopiedMetrics::new(list))),
        Frame::FunctionCallsStarted(calls) => {
            act(&Frame::FunctionCallsStarted(&CopiedCalls::new(calls, text_length)))
        }
        Frame::FunctionCallInProgress(call) => {
            let arguments = call.arguments.map(|json| CopiedJson::new(json, text_length));
            let arguments = arguments.as_ref().map(|json| json as &dyn Json);
            act(&Frame::FunctionCallInProgress(FunctionCall { arguments, ..call }))
        }
        Frame::FunctionCallResult(result) => {
            let json = result.result.map(|json| CopiedJson::new(json, text_length));
            let error = result.error.or_else(|| json.as_ref()?.error.as_deref());
            let result =
                FunctionCallResult { result: json.as_ref().map(|json| json as &dyn Json), error, ..result };
            act(&Frame::FunctionCallResult(result))
        }
        Frame::LlmContext(_) => act(&Frame::LlmContext(None)),
        frame => act(&frame),
    }
}

/// JSON text, with the error in it.
struct CopiedJson {
    text: String,
    error: Option<String>,
}

impl CopiedJson {
    fn new(json: &dyn Json, text_length: usize) -> Self {
        let error = json.error_text().map(|error| truncate(&error, text_length).into_owned());
        Self { text: json.to_text_within(text_length), error }
    }
}

impl Json for CopiedJson {
    fn to_text(&self) -> String {
        self.text.clone()
    }

    fn error_text(&self) -> Option<String> {
        self.error.clone()
    }
}

struct CopiedCalls(Vec<CopiedCall>);

struct CopiedCall {
    name: String,
    tool_call_id: String,
    arguments: Option<CopiedJson>,
}

impl CopiedCalls {
    fn new(calls: &dyn FunctionCallList, text_length: usize) -> Self {
        let mut copied = Vec::new();
        calls.for_each(&mut |call| {
            if copied.len() < MAX_LISTED {
                copied.push(CopiedCall {
                    name: call.name.to_owned(),
                    tool_call_id: call.tool_call_id.to_owned(),
                    arguments: call.arguments.map(|json| CopiedJson::new(json, text_length)),
                });
            }
        });
        Self(copied)
    }
}

impl FunctionCallList for CopiedCalls {
    fn for_each(&self, visit: &mut dyn FnMut(FunctionCall<'_>)) {
        for CopiedCall { name, tool_call_id, arguments } in &self.0 {
            let arguments = arguments.as_ref().map(|json| json as &dyn Json);
            visit(FunctionCall { name, tool_call_id, arguments });
        }
    }
}

struct CopiedMetrics(Vec<(String, Option<String>, Measurement)>);

impl CopiedMetrics {
    fn new(list: &dyn MetricList) -> Self {
        let mut copied = Vec::new();
        list.for_each(&mut |Metric { processor, model, value }| {
            if copied.len() < MAX_LISTED {
                copied.push((processor.to_owned(), model.map(str::to_owned), value));
            }
        });
        Self(copied)
    }
}

impl MetricList for CopiedMetrics {
    fn for_each(&self, visit: &mut dyn FnMut(Metric<'_>)) {
        for (processor, model, value) in &self.0 {
            visit(Metric { processor, model: model.as_deref(), value: *value });
        }
    }
}
