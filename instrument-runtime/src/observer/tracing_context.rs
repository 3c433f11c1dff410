//! The handle to a conversation for code inside it, and its value in an OpenTelemetry context.

use std::fmt;
use std::sync::{Arc, Weak};

use opentelemetry::propagation::Injector;
use opentelemetry::trace::TraceContextExt;
use opentelemetry::{Context, KeyValue, StringValue, Value};

use super::observed_conversation::{LockedConversation, ObservedConversation};
use super::{ToParentContext, propagation};
use crate::emit::{Annotation, identity_of};
use crate::engine::operation::ServiceKind;
use crate::engine::record::SpanKey;

/// The handle to a conversation for code inside it, such as tools and services.
/// [`Observer::tracing_context`](super::Observer::tracing_context) returns it.
///
/// Cheap to clone, and never keeps a conversation alive. The default handle does not belong to any conversation. Like a
/// handle whose conversation has ended, it returns no contexts and ignores attributes and notes, so code need not check
/// whether the conversation is observed.
///
/// ```
/// use std::collections::HashMap;
///
/// use opentelemetry::KeyValue;
/// use pipecat_instrument_runtime::observer::TracingContext;
///
/// /// A tool that the model calls.
/// fn check_calendar(day: &str, tracing: &TracingContext) -> String {
///     let mut headers = HashMap::new();
///     tracing.inject(&mut headers);
///     // … a request with these headers is a child of the turn
///     tracing.set_attribute(KeyValue::new("calendar.day", day.to_owned()));
///     format!("{day} is free")
/// }
///
/// assert_eq!(check_calendar("Tuesday", &TracingContext::default()), "Tuesday is free");
/// ```
///
/// Every method takes the conversation's lock for a moment, as a frame does. Span processors, exporters and redaction hooks
/// may call them too.
#[derive(Clone, Default)]
pub struct TracingContext {
    conversation_id: Arc<str>,
    conversation: Weak<ObservedConversation>,
}

impl TracingContext {
    pub(super) fn new(conversation_id: Arc<str>, conversation: Weak<ObservedConversation>) -> Self {
        Self { conversation_id, conversation }
    }

    /// Returns the conversation's id, which is `session.id` on its spans. Empty if there is no conversation.
    pub fn conversation_id(&self) -> &str {
        &self.conversation_id
    }

    /// Returns whether the conversation is observed and has not ended.
    pub fn is_observed(&self) -> bool {
        self.with_locked(|_| ()).is_some()
    }

    /// Returns the context in which turns begin. In the layout `PerConversation` this is the context of the conversation's
    /// span, from its first turn on; in `PerTurn` the context of the caller, if one was set as parent, otherwise `None`.
    pub fn conversation_context(&self) -> Option<Context> {
        let conversation = self.conversation()?;
        conversation.with_locked(|mut locked| {
            if locked.outbox.conversation_context().is_none() {
                locked.begin_turn();
            }
        })?;
        let context = conversation.outbox_with_starts().conversation_context()?;
        if_valid(identity_of(&context)).map(|context| CurrentConversation::of(self).put_into(&context))
    }

    /// Returns the context of the current turn, as the parent of spans in it and for a `traceparent`. `None` between turns,
    /// and if the conversation is not observed.
    ///
    /// The context holds the identity of the turn's span, not the span itself: use
    /// [`set_attribute`](Self::set_attribute) to write to it. If the sampler dropped the turn, the context is not sampled
    /// either. A turn whose context was taken is exported even if no one speaks in it.
    ///
    /// ```
    /// use opentelemetry::trace::{Span, Tracer};
    /// use pipecat_instrument_runtime::observer::TracingContext;
    ///
    /// fn look_up(tracer: &impl Tracer, tracing: &TracingContext) {
    ///     let parent = tracing.turn_context().unwrap_or_default();
    ///     let mut span = tracer.start_with_context("look up the customer", &parent);
    ///     // …
    ///     span.end();
    /// }
    /// # look_up(&opentelemetry::trace::noop::NoopTracer::new(), &TracingContext::default());
    /// ```
    pub fn turn_context(&self) -> Option<Context> {
        self.context_of(|_| None)
    }

    /// Returns the context of the newest LLM call in progress; without one, that of the turn.
    pub fn llm_context(&self) -> Option<Context> {
        self.context_of(|locked| locked.conversation.as_ref()?.current_llm_call())
    }

    /// Returns the context of the tool call `tool_call_id` while it is in progress; otherwise that of the turn.
    ///
    /// ```
    /// use std::collections::HashMap;
    ///
    /// use pipecat_instrument_runtime::observer::{TracingContext, propagation};
    ///
    /// fn headers(tracing: &TracingContext, tool_call_id: &str) -> HashMap<String, String> {
    ///     let mut headers = HashMap::new();
    ///     if let Some(context) = tracing.tool_context(tool_call_id) {
    ///         propagation::inject(&context, &mut headers);
    ///     }
    ///     headers
    /// }
    /// # assert!(headers(&TracingContext::default(), "call_1").is_empty());
    /// ```
    pub fn tool_context(&self, tool_call_id: &str) -> Option<Context> {
        self.context_of(|locked| locked.conversation.as_ref()?.current_tool_call(tool_call_id))
    }

    /// Returns the `traceparent` of the current turn, for requests without headers.
    pub fn traceparent(&self) -> Option<String> {
        propagation::traceparent(self.turn_context()?.span().span_context())
    }

    /// Writes the current turn into the headers of a request, as W3C Trace Context. Writes nothing between turns. For
    /// another span than the turn's, use [`propagation::inject`].
    pub fn inject(&self, carrier: &mut dyn Injector) {
        if let Some(context) = self.turn_context() {
            propagation::inject(&context, carrier);
        }
    }

    /// Sets an attribute on the span of the current turn; between turns, on that of the next. The last value of a key
    /// wins. An attribute is omitted if the span already has its key, or a key that begins with it and a dot.
    ///
    /// ```
    /// use opentelemetry::KeyValue;
    /// use pipecat_instrument_runtime::observer::TracingContext;
    ///
    /// let tracing = TracingContext::default();
    /// tracing.set_attribute(KeyValue::new("customer.tier", "gold"));
    /// ```
    pub fn set_attribute(&self, attribute: KeyValue) {
        self.with_locked(|locked| {
            let turn = locked.conversation.and_then(|conversation| conversation.current_turn());
            locked.outbox.set_attribute(turn.map(|(key, _)| key), attribute);
        });
    }

    /// Adds an event `note` to the current turn. Between turns, adds it to the last turn while that is open for late
    /// metrics (two seconds), otherwise to the next.
    ///
    /// ```
    /// use pipecat_instrument_runtime::observer::TracingContext;
    ///
    /// let tracing = TracingContext::default();
    /// tracing.note("handed over", "to the front desk");
    /// tracing.note("wait for the desk", 12.5);
    /// ```
    pub fn note(&self, name: impl Into<StringValue>, value: impl Into<Value>) {
        self.annotate(Annotation::Note { name: name.into(), value: value.into() });
    }

    /// Scores the conversation: adds OpenTelemetry's event `gen_ai.evaluation.result` where [`note`](Self::note) adds its
    /// events. The comment gives the reason; it may be empty.
    ///
    /// ```
    /// use pipecat_instrument_runtime::observer::TracingContext;
    ///
    /// let tracing = TracingContext::default();
    /// tracing.score("booked", 1.0, "on the second try");
    /// ```
    pub fn score(&self, name: impl Into<StringValue>, value: f64, comment: impl Into<StringValue>) {
        self.annotate(Annotation::Score { name: name.into(), value, comment: comment.into() });
    }

    /// Sets the span of the caller: root spans that begin from now on become its children, in its trace. Call it before the
    /// first turn, or the first turns are in other traces. Has no effect without a valid span.
    ///
    /// ```
    /// use pipecat_instrument_runtime::observer::TracingContext;
    ///
    /// let tracing = TracingContext::default();
    /// tracing.set_parent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    /// ```
    pub fn set_parent(&self, caller: &(impl ToParentContext + ?Sized)) {
        if let Some(context) = caller.to_parent_context() {
            self.with_locked(|locked| {
                locked.outbox.change_remote_parent(|remote| remote.set_parent(&context));
            });
        }
    }

    /// Links root spans that begin from now on to the span of a caller. They stay traces of their own. Has no effect without
    /// a valid span.
    pub fn link(&self, caller: &(impl ToParentContext + ?Sized)) {
        if let Some(context) = caller.to_parent_context() {
            let caller = context.span().span_context().clone();
            self.with_locked(|locked| locked.outbox.change_remote_parent(|remote| remote.add_link(caller)));
        }
    }

    fn annotate(&self, annotation: Annotation) {
        self.with_locked(|mut locked| {
            locked.begin_turn();
            locked.outbox.annotate(locked.now, annotation);
        });
    }

    /// Returns the context of the span whose key `find` returns, or of the turn if `find` returns `None`.
    fn context_of(
        &self,
        find: impl FnOnce(&mut LockedConversation<'_>) -> Option<SpanKey>,
    ) -> Option<Context> {
        let conversation = self.conversation()?;
        let (turn, span) = conversation.with_locked(|mut locked| {
            let turn = locked.begin_turn()?;
            Some((turn, find(&mut locked)))
        })??;
        let outbox = conversation.outbox_with_starts();
        let context_of = |key| outbox.context(key);
        let context = span.and_then(context_of).or_else(|| context_of(turn))?;
        if_valid(identity_of(&context)).map(|context| CurrentConversation::of(self).put_into(&context))
    }

    /// Returns the conversation while it is observed.
    pub(super) fn conversation(&self) -> Option<Arc<ObservedConversation>> {
        self.conversation.upgrade()?.into_this_process()
    }

    /// Returns whether both belong to the same conversation.
    pub(super) fn is_of_same(&self, other: &Self) -> bool {
        Weak::ptr_eq(&self.conversation, &other.conversation)
    }

    pub(super) fn shared_id(&self) -> Arc<str> {
        Arc::clone(&self.conversation_id)
    }

    fn with_locked<T>(&self, act: impl FnOnce(LockedConversation<'_>) -> T) -> Option<T> {
        self.conversation()?.with_locked(act)
    }
}

/// Returns the context if it can be a parent. The spans of a no-op provider cannot.
fn if_valid(context: Context) -> Option<Context> {
    let is_valid = context.span().span_context().is_valid();
    is_valid.then_some(context)
}

impl fmt::Debug for TracingContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TracingContext")
            .field("conversation_id", &self.conversation_id)
            .finish_non_exhaustive()
    }
}

/// The conversation that an OpenTelemetry context is in, as a value in that context. Does not keep it alive.
#[derive(Debug, Clone)]
pub(super) struct CurrentConversation {
    pub(super) conversation: TracingContext,
    /// The kind and span of the operation in progress.
    pub(super) operation: Option<(ServiceKind, SpanKey)>,
}

impl CurrentConversation {
    /// Returns the value for code in that conversation, outside any operation.
    pub(super) fn of(conversation: &TracingContext) -> Self {
        Self { conversation: conversation.clone(), operation: None }
    }

    /// Returns `context` with this value.
    pub(super) fn put_into(self, context: &Context) -> Context {
        context.with_value(self)
    }
}

#[cfg(test)]
mod tests;
