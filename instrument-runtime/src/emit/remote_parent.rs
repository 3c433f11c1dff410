//! The remote spans that a conversation came from.

use opentelemetry::Context;
use opentelemetry::trace::{Link, SpanBuilder, SpanContext, TraceContextExt};

/// Maximum number of links. A conversation has one caller, or a few if it was transferred.
const MAX_LINKS: usize = 32;

/// The parent and links of a conversation's root spans, usually spans of other programs: a phone call or a web request.
///
/// Changes apply to root spans that start afterwards.
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
/// let mut remote = RemoteParent::default();
/// remote.set_parent(&Context::new().with_remote_span_context(call.clone()));
/// remote.add_link(call.clone());
/// assert_eq!(remote.parent().span().span_context(), &call);
/// ```
#[derive(Debug, Clone, Default)]
pub struct RemoteParent {
    /// Holds the span's identity only: holding the span itself would keep it open until the conversation ends.
    parent: Context,
    links: Vec<SpanContext>,
}

impl RemoteParent {
    /// Makes the current span of `context` the parent of root spans, which also inherit the baggage.
    pub fn set_parent(&mut self, context: &Context) {
        self.parent = identity_of(context);
    }

    /// Links root spans to the span `caller`. Ignores invalid and repeated links, and those after the first 32.
    pub fn add_link(&mut self, caller: SpanContext) {
        if caller.is_valid() && self.links.len() < MAX_LINKS && !self.links.contains(&caller) {
            self.links.push(caller);
        }
    }

    /// Returns the context in which root spans start. It has no span unless a parent was set.
    pub const fn parent(&self) -> &Context {
        &self.parent
    }

    /// Returns whether there is neither a parent nor a link.
    pub(crate) fn is_empty(&self) -> bool {
        !self.parent.has_active_span() && self.links.is_empty()
    }

    /// Adds the links to the root span of `builder`.
    pub(super) fn link(&self, builder: SpanBuilder) -> SpanBuilder {
        if self.links.is_empty() {
            return builder;
        }
        builder.with_links(self.links.iter().cloned().map(Link::with_context).collect())
    }
}

/// Returns `context` with its span replaced by the span's identity, which cannot be written to and keeps no span open.
pub(crate) fn identity_of(context: &Context) -> Context {
    context.with_remote_span_context(context.span().span_context().clone())
}
