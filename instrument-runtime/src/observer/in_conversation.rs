//! How code tells in which conversation it runs: by what it holds, or by the current OpenTelemetry context.

use std::rc::Rc;
use std::sync::Arc;

use opentelemetry::Context;

use super::TracingContext;
use crate::engine::operation::ServiceKind;
use crate::engine::record::SpanKey;

/// What gives a [`TracingContext`]: one itself, an `Option` of one, or something of yours that holds one. It is what
/// `context = …` of `#[traced_llm]` and its like take.
///
/// ```
/// use pipecat_instrument_runtime::observer::{AsTracingContext, TracingContext};
///
/// struct Session {
///     tracing: TracingContext,
/// }
///
/// impl AsTracingContext for Session {
///     fn tracing_context(&self) -> Option<&TracingContext> {
///         Some(&self.tracing)
///     }
/// }
///
/// let session = Session { tracing: TracingContext::default() };
/// assert!(session.tracing_context().is_some());
/// assert!(None::<TracingContext>.tracing_context().is_none());
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not tell which conversation it is in",
    label = "no `TracingContext`",
    note = "give a `TracingContext`, an `Option` of one, or implement `AsTracingContext` for this type"
)]
pub trait AsTracingContext {
    /// The handle to the conversation; `None` where it is in none.
    fn tracing_context(&self) -> Option<&TracingContext>;
}

impl AsTracingContext for TracingContext {
    fn tracing_context(&self) -> Option<&TracingContext> {
        Some(self)
    }
}

impl<T: AsTracingContext> AsTracingContext for Option<T> {
    fn tracing_context(&self) -> Option<&TracingContext> {
        self.as_ref()?.tracing_context()
    }
}

macro_rules! through_a_pointer {
    ($($pointer:ty),*) => {$(
        impl<T: AsTracingContext + ?Sized> AsTracingContext for $pointer {
            fn tracing_context(&self) -> Option<&TracingContext> {
                (**self).tracing_context()
            }
        }
    )*};
}

through_a_pointer!(&T, Arc<T>, Rc<T>, Box<T>);

/// What an OpenTelemetry context says of the conversation that it is in. It keeps none alive.
#[derive(Debug, Clone)]
pub(super) struct Current {
    pub(super) conversation: TracingContext,
    /// The operation that is under way, and its span.
    pub(super) operation: Option<(ServiceKind, SpanKey)>,
}

impl Current {
    /// In that conversation, and in no operation.
    pub(super) fn of(conversation: &TracingContext) -> Self {
        Self { conversation: conversation.clone(), operation: None }
    }

    /// `context`, saying so.
    pub(super) fn put_into(self, context: &Context) -> Context {
        context.with_value(self)
    }
}
