//! The handle to a conversation for code inside it.

use std::fmt;
use std::sync::{Arc, Weak};

use opentelemetry::propagation::Injector;
use opentelemetry::trace::TraceContextExt;
use opentelemetry::{Context, KeyValue, StringValue, Value};

use super::in_conversation::Current;
use super::inside::Inside;
use super::propagation::{self, ToParentContext};
use super::watch::Watch;
use crate::emit::{Annotation, identity_of};
use crate::engine::record::SpanKey;

/// The handle to a conversation for code inside it: the functions that a model calls, the services, the desk that
/// takes the call. Got from [`Observer::tracing_context`](super::Observer::tracing_context).
///
/// Cheap to clone, and never keeps a conversation alive. The default one belongs to no conversation: like one whose
/// conversation is over, it has no contexts to give, and what it is told is dropped. So code that is handed one need not
/// ask whether anybody is watching.
///
/// ```
/// use std::collections::HashMap;
///
/// use opentelemetry::KeyValue;
/// use pipecat_instrument_runtime::observer::TracingContext;
///
/// /// A function that the model calls.
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
/// Everything here takes the conversation's lock for a moment, as a frame does. Do not call it from a span processor or
/// an exporter: they are called while that lock is held.
#[derive(Clone, Default)]
pub struct TracingContext {
    conversation_id: Arc<str>,
    watch: Weak<Watch>,
}

impl TracingContext {
    pub(super) fn new(conversation_id: Arc<str>, watch: Weak<Watch>) -> Self {
        Self { conversation_id, watch }
    }

    /// The conversation's id: `session.id` of its spans. Empty, if this belongs to no conversation.
    pub fn conversation_id(&self) -> &str {
        &self.conversation_id
    }

    /// Whether the conversation is observed, and not over.
    pub fn is_observed(&self) -> bool {
        self.inside(|_| ()).is_some()
    }

    /// The context that turns begin in. In the layout `PerConversation` that of the conversation's own span, from its
    /// first turn on; in `PerTurn` that of the call it came from, if that was told as its parent. Else `None`.
    pub fn conversation_context(&self) -> Option<Context> {
        let context = self.inside(|mut inside| {
            if inside.emitter.conversation_context().is_none() {
                inside.begin_turn();
            }
            inside.emitter.conversation_context().map(identity_of)
        });
        valid(context??).map(|context| Current::of(self).put_into(&context))
    }

    /// The context of the turn that is under way: the parent of what is done in it, and what a `traceparent` is made
    /// from. `None` between turns, and if the conversation is not observed.
    ///
    /// It is the identity of the turn's span, and not the span itself: what is to be said on it goes through
    /// [`set_attribute`](Self::set_attribute). In a turn that the sampler dropped it is marked as such, so that what
    /// is done in it is dropped, too. Asking for it makes sure that the turn is exported, though nobody may speak in it.
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

    /// The context of the invocation of a language model that is under way, of the newest if there are several; without
    /// any, that of the turn.
    pub fn llm_context(&self) -> Option<Context> {
        self.context_of(|inside| inside.conversation.as_ref()?.current_llm_call())
    }

    /// The context of the function call `tool_call_id`, while it is under way; else that of the turn.
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
        self.context_of(|inside| inside.conversation.as_ref()?.current_tool_call(tool_call_id))
    }

    /// The `traceparent` of the turn that is under way, for a request by other means than headers.
    pub fn traceparent(&self) -> Option<String> {
        propagation::traceparent(self.turn_context()?.span().span_context())
    }

    /// Writes the turn that is under way into the headers of a request, as W3C Trace Context has it; nothing, if there
    /// is none. For another span than the turn's, see [`propagation::inject`].
    pub fn inject(&self, carrier: &mut dyn Injector) {
        if let Some(context) = self.turn_context() {
            propagation::inject(&context, carrier);
        }
    }

    /// Puts an attribute on the span of the turn that is under way; between turns, on that of the next. The last value
    /// of a key counts. One whose key the span has already, or is a dotted prefix of one of its, is left out.
    ///
    /// ```
    /// use opentelemetry::KeyValue;
    /// use pipecat_instrument_runtime::observer::TracingContext;
    ///
    /// let tracing = TracingContext::default();
    /// tracing.set_attribute(KeyValue::new("customer.tier", "gold"));
    /// ```
    pub fn set_attribute(&self, attribute: KeyValue) {
        self.inside(|inside| {
            let turn = inside.conversation.and_then(|conversation| conversation.current_turn());
            inside.emitter.set_attribute(turn.map(|(key, _)| key), attribute);
        });
    }

    /// Notes something about the conversation: an event `note` on the turn that is under way; after it, on the last
    /// one for as long as it is held (two seconds), else on the next.
    ///
    /// ```
    /// use pipecat_instrument_runtime::observer::TracingContext;
    ///
    /// let tracing = TracingContext::default();
    /// tracing.note("handed over", "to the front desk");
    /// tracing.note("wait for the desk", 12.5);
    /// ```
    pub fn note(&self, name: impl Into<StringValue>, value: impl Into<Value>) {
        self.tell(Annotation::Note { name: name.into(), value: value.into() });
    }

    /// Judges how well the conversation goes: an event `gen_ai.evaluation.result`, OpenTelemetry's own, where
    /// [`note`](Self::note) puts its events. The comment says why, if it says anything.
    ///
    /// ```
    /// use pipecat_instrument_runtime::observer::TracingContext;
    ///
    /// let tracing = TracingContext::default();
    /// tracing.score("booked", 1.0, "on the second try");
    /// ```
    pub fn score(&self, name: impl Into<StringValue>, value: f64, comment: impl Into<StringValue>) {
        self.tell(Annotation::Score { name: name.into(), value, comment: comment.into() });
    }

    /// The conversation came from `caller`: its root spans that begin from now on are children of that span, and
    /// belong to its trace. To be told before the first turn, or the first ones will be elsewhere. Nothing, if there
    /// is no valid span in it.
    ///
    /// ```
    /// use pipecat_instrument_runtime::observer::TracingContext;
    ///
    /// let tracing = TracingContext::default();
    /// tracing.set_parent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    /// ```
    pub fn set_parent(&self, caller: &(impl ToParentContext + ?Sized)) {
        if let Some(context) = caller.to_context() {
            self.inside(|inside| inside.emitter.remote_parent_mut().set_parent(&context));
        }
    }

    /// The conversation has to do with `caller`: its root spans that begin from now on link to that span, and stay
    /// traces of their own.
    pub fn link(&self, caller: &(impl ToParentContext + ?Sized)) {
        if let Some(context) = caller.to_context() {
            let caller = context.span().span_context().clone();
            self.inside(|inside| inside.emitter.remote_parent_mut().add_link(caller));
        }
    }

    fn tell(&self, annotation: Annotation) {
        self.inside(|mut inside| {
            inside.begin_turn();
            inside.emitter.annotate(inside.now, annotation);
        });
    }

    /// The context of the span that `find` finds, if it is there; else the turn's.
    fn context_of(&self, find: impl FnOnce(&mut Inside<'_>) -> Option<SpanKey>) -> Option<Context> {
        let context = self.inside(|mut inside| {
            let turn = inside.begin_turn()?;
            let found = find(&mut inside).and_then(|key| inside.emitter.context(key));
            found.or_else(|| inside.emitter.context(turn))
        });
        valid(identity_of(&context??)).map(|context| Current::of(self).put_into(&context))
    }

    /// The conversation, while somebody observes it.
    pub(super) fn watch(&self) -> Option<Arc<Watch>> {
        self.watch.upgrade()
    }

    /// Whether both belong to one conversation.
    pub(super) fn is_of_same(&self, other: &Self) -> bool {
        Weak::ptr_eq(&self.watch, &other.watch)
    }

    pub(super) fn shared_id(&self) -> Arc<str> {
        Arc::clone(&self.conversation_id)
    }

    fn inside<T>(&self, act: impl FnOnce(Inside<'_>) -> T) -> Option<T> {
        self.watch.upgrade()?.enter(act)
    }
}

/// A provider that does nothing makes spans that are nobody's parents.
fn valid(context: Context) -> Option<Context> {
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

#[cfg(test)]
mod tests;
