//! Where a conversation came from.

use opentelemetry::Context;
use opentelemetry::trace::{SpanBuilder, SpanContext, TraceContextExt};

/// How many callers a conversation links to. It has one, or a few that were put through.
const MOST_LINKS: usize = 32;

/// The spans, of other programs as a rule, that a conversation came from: a phone call's, a web request's.
///
/// ```
/// use opentelemetry::Context;
/// use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState};
/// use pipecat_instrument_runtime::emit::RemoteParent;
///
/// let call = SpanContext::new(
///     TraceId::from(0x0af7),
///     SpanId::from(0xb7ad),
///     TraceFlags::SAMPLED,
///     true,
///     TraceState::default(),
/// );
/// let mut remote_parent = RemoteParent::default();
/// remote_parent.set_parent(&Context::new().with_remote_span_context(call.clone()));
/// remote_parent.add_link(call.clone());
/// assert_eq!(remote_parent.parent().span().span_context(), &call);
/// ```
#[derive(Debug, Clone, Default)]
pub struct RemoteParent {
    /// Bears no span that could be written to, or it would not end before the conversation does.
    parent: Context,
    links: Vec<SpanContext>,
}

impl RemoteParent {
    /// The roots that begin from now on are children of the span that is current in `context`, and see its baggage.
    pub fn set_parent(&mut self, context: &Context) {
        self.parent = identity_of(context);
    }

    /// The roots that begin from now on link to the span `caller`. There is room for 32.
    pub fn add_link(&mut self, caller: SpanContext) {
        if caller.is_valid() && self.links.len() < MOST_LINKS && !self.links.contains(&caller) {
            self.links.push(caller);
        }
    }

    /// The context that roots begin in: empty, if nobody is known as their parent.
    pub const fn parent(&self) -> &Context {
        &self.parent
    }

    /// Whether nothing is known.
    pub(crate) fn is_empty(&self) -> bool {
        !self.parent.has_active_span() && self.links.is_empty()
    }

    /// The root that `builder` builds, with its links.
    pub(super) fn link(&self, builder: SpanBuilder) -> SpanBuilder {
        if self.links.is_empty() {
            return builder;
        }
        builder.with_links(self.links.iter().cloned().map(opentelemetry::trace::Link::with_context).collect())
    }
}

/// `context` with its span's identity in the place of the span: it is no span to write to, and keeps none alive.
pub(crate) fn identity_of(context: &Context) -> Context {
    context.with_remote_span_context(context.span().span_context().clone())
}
