//! Payloads that the engine reads through a trait: contexts, function calls and metrics.

use flowcat_core::processor::frame::FunctionCall as FlowcatCall;
use flowcat_core::{Frame as Flowcat, LlmTokenUsage, MetricsData};
use pipecat_instrument_runtime::engine::frame::{
    Frame, FunctionCall, FunctionCallList, Json, LlmUsage, Measurement, Metric, MetricList,
};
use pipecat_instrument_runtime::json::JsonContext;
use serde_json::Value;

/// A reference to the payload of a frame, without a copy.
pub(super) enum Payload<'a> {
    None,
    Context(JsonContext<'a>),
    Calls(Calls<'a>),
    Metrics(Metrics<'a>),
}

impl<'a> Payload<'a> {
    #[inline]
    pub(super) fn new(frame: &'a Flowcat) -> Self {
        match frame {
            Flowcat::LlmContext(context) => {
                Self::Context(JsonContext { messages: &context.messages, tools: &context.tools })
            }
            Flowcat::FunctionCallsStarted(calls) => Self::Calls(Calls(calls)),
            Flowcat::Metrics(metrics) => Self::Metrics(Metrics(metrics)),
            _ => Self::None,
        }
    }

    /// Returns the view of the frame; `None` without a payload.
    pub(super) fn view(&self) -> Option<Frame<'_>> {
        match self {
            Self::None => None,
            Self::Context(context) => Some(Frame::LlmContext(Some(context))),
            Self::Calls(calls) => Some(Frame::FunctionCallsStarted(calls)),
            Self::Metrics(metrics) => Some(Frame::Metrics(metrics)),
        }
    }
}

pub(super) struct Calls<'a>(&'a [FlowcatCall]);

impl FunctionCallList for Calls<'_> {
    fn for_each(&self, visit: &mut dyn FnMut(FunctionCall<'_>)) {
        self.0.iter().for_each(|call| visit(function_call(call)));
    }
}

/// Converts a function call. flowcat replaces arguments that are not JSON by null.
pub(crate) fn function_call(call: &FlowcatCall) -> FunctionCall<'_> {
    FunctionCall {
        name: &call.function_name,
        tool_call_id: &call.tool_call_id,
        arguments: non_null(&call.arguments),
    }
}

fn non_null(json: &Value) -> Option<&dyn Json> {
    (!json.is_null()).then_some(json as &dyn Json)
}

pub(super) struct Metrics<'a>(&'a [MetricsData]);

impl MetricList for Metrics<'_> {
    fn for_each(&self, visit: &mut dyn FnMut(Metric<'_>)) {
        self.0.iter().filter_map(metric).for_each(visit);
    }
}

fn metric(data: &MetricsData) -> Option<Metric<'_>> {
    let (processor, model, value) = match data {
        MetricsData::Ttfb { processor, model, seconds } => {
            (processor, model.as_deref(), Measurement::TimeToFirstByte(*seconds))
        }
        MetricsData::Processing { processor, model, seconds } => {
            (processor, model.as_deref(), Measurement::Processing(*seconds))
        }
        MetricsData::LlmUsage { processor, model, tokens } => {
            (processor, model.as_deref(), Measurement::LlmUsage(usage(tokens)))
        }
        MetricsData::TtsUsage { processor, characters } => {
            (processor, None, Measurement::TtsCharacters(*characters))
        }
        MetricsData::TurnPrediction { .. } => return None,
    };
    Some(Metric { processor, model, value })
}

fn usage(tokens: &LlmTokenUsage) -> LlmUsage {
    LlmUsage {
        prompt: tokens.prompt_tokens,
        completion: tokens.completion_tokens,
        total: tokens.total_tokens,
        cache_read: tokens.cache_read_input_tokens,
        cache_write: tokens.cache_creation_input_tokens,
        reasoning: tokens.reasoning_tokens,
        prompt_audio: None,
        completion_audio: None,
    }
}
