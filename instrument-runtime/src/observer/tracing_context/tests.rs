//! Contexts, attributes and notes through the handle of a conversation.

use std::collections::HashMap;
use std::time::Duration;

use opentelemetry::trace::{SpanId, TraceContextExt, TraceId};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::{InMemorySpanExporter, Sampler, SdkTracerProvider, SpanData};

use super::TracingContext;
use crate::emit::{EmitSettings, TraceLayout, Tracers};
use crate::engine::frame::{
    Direction, Frame, FrameId, FramePushed, FunctionCall, FunctionCallResult, Processor, ProcessorRef, Role,
};
use crate::observer::{ObserveOptions, Observer, ObserverProvider};

const CALLER: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const CALLER_TRACE: TraceId =
    TraceId::from_bytes(0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c_u128.to_be_bytes());
const CALLER_SPAN: SpanId = SpanId::from_bytes(0xb7ad_6b71_6920_3331_u64.to_be_bytes());

/// A conversation with one LLM, and its spans.
struct Fixture {
    observer: Observer,
    tracing: TracingContext,
    spans: InMemorySpanExporter,
    next_id: u64,
    _provider: SdkTracerProvider,
}

impl Fixture {
    fn new(options: ObserveOptions) -> Self {
        Self::sampled(Sampler::ParentBased(Box::new(Sampler::AlwaysOn)), options)
    }

    fn sampled(sampler: Sampler, options: ObserveOptions) -> Self {
        Self::with_layout(TraceLayout::PerTurn, sampler, options)
    }

    fn with_layout(layout: TraceLayout, sampler: Sampler, options: ObserveOptions) -> Self {
        let spans = InMemorySpanExporter::default();
        let provider =
            SdkTracerProvider::builder().with_simple_exporter(spans.clone()).with_sampler(sampler).build();
        let observers = ObserverProvider::new(Tracers::new(&provider))
            .turn_end_timeout(Duration::from_secs(60))
            .emit_settings(EmitSettings::default().layout(layout));
        let observer = observers.observe(options.conversation_id("call-42"));
        Self { tracing: observer.tracing_context(), observer, spans, next_id: 0, _provider: provider }
    }

    fn push(&mut self, role: Role, frame: &Frame<'_>) -> &mut Self {
        self.next_id += 1;
        let source = Processor::new(format!("{role:?}"), format!("{role:?}"), role);
        self.observer.on_push_frame(&FramePushed {
            source: (&source).into(),
            destination: ProcessorRef::named("Next"),
            direction: Direction::Downstream,
            id: Some(FrameId(self.next_id)),
            sibling: None,
            frame,
        });
        self
    }

    /// Starts the first turn, in which no one has spoken.
    fn started(options: ObserveOptions) -> Self {
        let mut call = Self::new(options);
        call.push(Role::Other, &Frame::Start);
        call
    }

    /// Ends a turn: the bot speaks, then the user starts the next turn.
    fn turn(&mut self) -> &mut Self {
        self.push(Role::Llm, &Frame::LlmResponseStart)
            .push(Role::Llm, &Frame::LlmResponseEnd)
            .push(Role::OutputTransport, &Frame::BotStartedSpeaking)
            .push(Role::OutputTransport, &Frame::BotStoppedSpeaking)
            .push(Role::Other, &Frame::UserStartedSpeaking)
    }

    fn calls(&mut self, tool_call_id: &str) -> &mut Self {
        let call = FunctionCall { name: "clock", tool_call_id, arguments: None };
        self.push(Role::Llm, &Frame::FunctionCallInProgress(call))
    }

    fn returns(&mut self, tool_call_id: &str) -> &mut Self {
        let result =
            FunctionCallResult { name: "clock", tool_call_id, result: None, error: None, is_final: true };
        self.push(Role::Llm, &Frame::FunctionCallResult(result))
    }

    /// Ends the conversation, and returns the ids of its spans of this name.
    fn exported(&self, name: &str) -> Vec<SpanId> {
        self.closed(name).iter().map(|span| span.span_context.span_id()).collect()
    }

    fn closed(&self, name: &str) -> Vec<SpanData> {
        self.observer.close();
        let spans = self.spans.get_finished_spans().unwrap();
        spans.into_iter().filter(|span| span.name == name).collect()
    }

    fn turns(&self) -> Vec<SpanData> {
        self.closed("pipecat.conversation.turn")
    }
}

fn span_id(context: Option<Context>) -> SpanId {
    context.map_or(SpanId::INVALID, |context| context.span().span_context().span_id())
}

#[test]
fn injected_traceparent_names_the_span_of_the_turn() {
    let call = Fixture::started(ObserveOptions::new());
    let mut headers = HashMap::new();
    call.tracing.inject(&mut headers);
    let traceparent = headers["traceparent"].clone();
    assert_eq!(call.tracing.traceparent().as_ref(), Some(&traceparent));

    let [turn] = &call.turns()[..] else { panic!("one turn, though no one spoke in it") };
    let span = &turn.span_context;
    assert_eq!(traceparent, format!("00-{}-{}-01", span.trace_id(), span.span_id()));
}

#[test]
fn llm_and_tool_calls_in_progress_have_their_own_contexts() {
    let mut call = Fixture::started(ObserveOptions::new());
    call.push(Role::Llm, &Frame::LlmResponseStart);
    let llm = span_id(call.tracing.llm_context());
    call.calls("call_1").calls("call_2").push(Role::Llm, &Frame::LlmResponseEnd);
    let tools = ["call_1", "call_2"].map(|id| span_id(call.tracing.tool_context(id)));
    let turn = span_id(call.tracing.turn_context());
    assert_eq!(span_id(call.tracing.llm_context()), turn, "no LLM call is in progress");
    assert_eq!(span_id(call.tracing.tool_context("call_3")), turn, "there is no such call");
    call.returns("call_1");
    assert_eq!(span_id(call.tracing.tool_context("call_1")), turn, "it has returned");

    assert_eq!(call.exported("pipecat.llm"), [llm]);
    assert_eq!(call.exported("pipecat.tool.clock"), tools);
    assert_eq!(call.exported("pipecat.conversation.turn"), [turn]);
}

#[test]
fn turn_context_does_not_write_to_the_span() {
    let call = Fixture::started(ObserveOptions::new());
    let context = call.tracing.turn_context().unwrap();
    assert!(!context.span().is_recording());
    context.span().end();
    assert_eq!(call.spans.get_finished_spans().unwrap(), []);
    assert_eq!(call.turns().len(), 1);
}

#[test]
fn turn_context_is_none_before_and_after_the_conversation() {
    let mut call = Fixture::new(ObserveOptions::new());
    assert!(call.tracing.turn_context().is_none(), "before the first frame");
    assert!(call.tracing.is_observed());
    call.push(Role::Other, &Frame::Start);
    assert!(call.tracing.turn_context().is_some());
    call.observer.close();
    assert!(call.tracing.turn_context().is_none(), "after the end");
    assert!(!call.tracing.is_observed());
}

#[test]
fn tracing_context_does_not_keep_the_conversation_alive() {
    let Fixture { observer, tracing, spans, _provider, .. } = Fixture::started(ObserveOptions::new());
    let context = tracing.turn_context().unwrap();
    drop(observer);
    assert_eq!(spans.get_finished_spans().unwrap().len(), 1, "dropping the observer ends it");
    assert!(tracing.traceparent().is_none() && !tracing.is_observed());
    assert_eq!(tracing.conversation_id(), "call-42");
    drop(context);
}

#[test]
fn default_context_has_no_effect() {
    fn is_shareable<T: Clone + Send + Sync + 'static>(_: &T) {}

    let tracing = TracingContext::default();
    is_shareable(&tracing);
    tracing.set_attribute(KeyValue::new("tier", "gold"));
    tracing.note("ring", 3);
    tracing.score("booked", 1.0, "");
    tracing.set_parent(CALLER);
    tracing.link(CALLER);
    let mut headers = HashMap::new();
    tracing.inject(&mut headers);
    assert!(headers.is_empty() && tracing.conversation_context().is_none());
    assert_eq!(tracing.conversation_id(), "");
}

#[test]
fn context_of_an_unsampled_turn_is_not_sampled() {
    let mut call = Fixture::sampled(Sampler::AlwaysOff, ObserveOptions::new());
    call.push(Role::Other, &Frame::Start).push(Role::Llm, &Frame::LlmResponseStart);
    call.tracing.set_attribute(KeyValue::new("tier", "gold"));
    call.tracing.note("ring", 3);
    let traceparent = call.tracing.traceparent().unwrap();
    assert!(traceparent.ends_with("-00"), "{traceparent}");
    assert_eq!(span_id(call.tracing.llm_context()), span_id(call.tracing.turn_context()));
    assert_eq!(call.turns(), []);
}

#[test]
fn attributes_and_notes_go_to_the_turn_in_which_they_are_set() {
    let mut call = Fixture::new(ObserveOptions::new());
    call.tracing.set_attribute(KeyValue::new("at", "before"));
    call.push(Role::Other, &Frame::Start).turn();
    call.tracing.set_attribute(KeyValue::new("at", "in the second"));
    call.tracing.note("at", "in the second");
    call.turn();
    call.tracing.score("at", 1.0, "in the third");

    let at = |span: &SpanData| {
        let attribute = span.attributes.iter().find(|attribute| attribute.key.as_str() == "at");
        (attribute.map(|attribute| attribute.value.to_string()), span.events.len())
    };
    let turns: Vec<_> = call.turns().iter().map(at).collect();
    assert_eq!(turns, [(Some("before".into()), 0), (Some("in the second".into()), 1), (None, 1)]);
}

#[test]
fn turns_are_children_of_the_parent() {
    let mut call = Fixture::started(ObserveOptions::new().parent(CALLER));
    assert_eq!(span_id(call.tracing.conversation_context()), CALLER_SPAN);
    call.turn();
    call.tracing.note("hello", "again");

    let turns = call.turns();
    assert_eq!(turns.len(), 2);
    for turn in turns {
        assert_eq!((turn.span_context.trace_id(), turn.parent_span_id), (CALLER_TRACE, CALLER_SPAN));
    }
}

#[test]
fn linked_turns_stay_roots() {
    let mut call = Fixture::started(ObserveOptions::new().link(CALLER).link(CALLER));
    call.push(Role::Llm, &Frame::LlmResponseStart);
    let [turn] = &call.turns()[..] else { panic!("one turn") };
    assert_eq!(turn.parent_span_id, SpanId::INVALID);
    assert_ne!(turn.span_context.trace_id(), CALLER_TRACE);
    let links: Vec<SpanId> = turn.links.iter().map(|link| link.span_context.span_id()).collect();
    assert_eq!(links, [CALLER_SPAN]);
    let [llm] = &call.closed("pipecat.llm")[..] else { panic!("one call") };
    assert_eq!(llm.links.len(), 0, "its turn has the link");
}

#[test]
fn parent_can_be_set_before_the_first_turn() {
    let call = Fixture::new(ObserveOptions::new());
    call.tracing.set_parent(&Some(CALLER));
    call.tracing.link("nonsense");
    let mut call = call;
    call.push(Role::Other, &Frame::Start).push(Role::Llm, &Frame::LlmResponseStart);
    let [turn] = &call.turns()[..] else { panic!("one turn") };
    assert_eq!((turn.parent_span_id, turn.links.len()), (CALLER_SPAN, 0));
}

#[test]
fn unsampled_parent_has_no_turns() {
    let unsampled = CALLER.replace("-01", "-00");
    let mut call = Fixture::started(ObserveOptions::new().parent(&unsampled));
    call.push(Role::Llm, &Frame::LlmResponseStart);
    assert_eq!(call.turns(), []);
}

#[test]
fn per_conversation_span_has_parent_link_and_notes() {
    let options = ObserveOptions::new().parent(CALLER).link(CALLER);
    let mut call = Fixture::with_layout(TraceLayout::PerConversation, Sampler::AlwaysOn, options);
    assert!(call.tracing.conversation_context().is_none(), "it has not started");
    call.push(Role::Other, &Frame::Start);
    let context = span_id(call.tracing.conversation_context());
    call.turn();
    call.tracing.score("booked", 1.0, "");

    let [conversation] = &call.closed("pipecat.conversation")[..] else { panic!("one conversation") };
    assert_eq!(conversation.span_context.span_id(), context);
    assert_eq!(
        (conversation.span_context.trace_id(), conversation.parent_span_id),
        (CALLER_TRACE, CALLER_SPAN)
    );
    assert_eq!((conversation.links.len(), conversation.events.len()), (1, 1));
    let turns: Vec<_> =
        call.turns().iter().map(|turn| (turn.parent_span_id, turn.links.len(), turn.events.len())).collect();
    assert_eq!(turns, [(context, 0, 0), (context, 0, 1)]);
}
