//! Conversions into conversation ids, attributes, frame log targets, parent contexts and tracing contexts.
//!
//! The arguments of `#[instrument_task]` and `#[traced_llm]` are the user's expressions. The expansion passes each to
//! one of these traits by reference, so a variable is neither moved nor cloned.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use opentelemetry::trace::{SpanContext, TraceContextExt};
use opentelemetry::{Context, KeyValue};

use super::{TracingContext, propagation};

/// Implements a conversion trait for pointers to its implementors, and for an `Option` of one.
///
/// The compiler does not list these implementations among those of the trait: its note names the types.
macro_rules! forward_conversion {
    ($trait:ident::$method:ident($($argument:ident: $type:ty)?) -> $returned:ty, none: $none:expr) => {
        forward_conversion! { @pointer &T, $trait::$method($($argument: $type)?) -> $returned }
        forward_conversion! { @pointer &mut T, $trait::$method($($argument: $type)?) -> $returned }
        forward_conversion! { @pointer std::boxed::Box<T>, $trait::$method($($argument: $type)?) -> $returned }
        forward_conversion! { @pointer std::sync::Arc<T>, $trait::$method($($argument: $type)?) -> $returned }
        forward_conversion! { @pointer std::rc::Rc<T>, $trait::$method($($argument: $type)?) -> $returned }

        #[diagnostic::do_not_recommend]
        impl<T: $trait> $trait for Option<T> {
            fn $method(&self $(, $argument: $type)?) -> $returned {
                match self {
                    Some(value) => value.$method($($argument)?),
                    None => $none,
                }
            }
        }
    };
    (@pointer $pointer:ty, $trait:ident::$method:ident($($argument:ident: $type:ty)?) -> $returned:ty) => {
        #[diagnostic::do_not_recommend]
        impl<T: $trait + ?Sized> $trait for $pointer {
            fn $method(&self $(, $argument: $type)?) -> $returned {
                (**self).$method($($argument)?)
            }
        }
    };
}

pub(crate) use forward_conversion;

/// Converts to a conversation id: text, a number, a UUID, or an `Option` of one.
///
/// ```
/// use pipecat_instrument_runtime::observer::ToConversationId;
///
/// assert_eq!(Some("call-42").to_conversation_id().as_deref(), Some("call-42"));
/// assert_eq!(42_u64.to_conversation_id().as_deref(), Some("42"));
/// assert_eq!(None::<String>.to_conversation_id(), None);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a conversation id",
    label = "not a conversation id",
    note = "give a `&str`, a `String`, an integer, a `Uuid` or an `Option` of one; or implement `ToConversationId` for it"
)]
pub trait ToConversationId {
    /// Returns the id, if there is one.
    fn to_conversation_id(&self) -> Option<Arc<str>>;
}

forward_conversion!(ToConversationId::to_conversation_id() -> Option<Arc<str>>, none: None);

macro_rules! conversation_ids {
    ($($id:ty),*) => {$(
        impl ToConversationId for $id {
            fn to_conversation_id(&self) -> Option<Arc<str>> {
                Some(self.to_string().into())
            }
        }
    )*};
}

conversation_ids!(str, String, Cow<'_, str>, u32, u64, u128, usize, i32, i64, uuid::Uuid);

/// Converts to span attributes: a `KeyValue`, or an array, a `Vec` or an `Option` of them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not hold span attributes",
    label = "not attributes",
    note = "give a `Vec<KeyValue>` or an array such as `[KeyValue::new(\"tenant\", tenant.clone())]`"
)]
pub trait ToAttributes {
    /// Calls `visit` with each attribute.
    fn for_each_attribute(&self, visit: &mut dyn FnMut(KeyValue));
}

forward_conversion!(ToAttributes::for_each_attribute(visit: &mut dyn FnMut(KeyValue)) -> (), none: ());

impl ToAttributes for KeyValue {
    fn for_each_attribute(&self, visit: &mut dyn FnMut(KeyValue)) {
        visit(self.clone());
    }
}

impl<T: ToAttributes> ToAttributes for [T] {
    fn for_each_attribute(&self, visit: &mut dyn FnMut(KeyValue)) {
        for attributes in self {
            attributes.for_each_attribute(visit);
        }
    }
}

impl<T: ToAttributes, const N: usize> ToAttributes for [T; N] {
    fn for_each_attribute(&self, visit: &mut dyn FnMut(KeyValue)) {
        self.as_slice().for_each_attribute(visit);
    }
}

impl<T: ToAttributes> ToAttributes for Vec<T> {
    fn for_each_attribute(&self, visit: &mut dyn FnMut(KeyValue)) {
        self.as_slice().for_each_attribute(visit);
    }
}

/// The destination of one conversation's frame log.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum FrameLogTarget {
    /// The program's setting: its path if it has one, no log otherwise.
    #[default]
    AsTheProgram,
    /// No log.
    Off,
    /// A file. `{conversation_id}` in the path stands for the conversation's id.
    Path(PathBuf),
}

/// Converts to a frame log target: a path, `false` for no log, or an `Option` of one.
///
/// ```
/// use pipecat_instrument_runtime::observer::{FrameLogTarget, ToFrameLogTarget};
///
/// assert_eq!("call.jsonl".to_frame_log_target(), FrameLogTarget::Path("call.jsonl".into()));
/// assert_eq!(false.to_frame_log_target(), FrameLogTarget::Off);
/// assert_eq!(None::<String>.to_frame_log_target(), FrameLogTarget::AsTheProgram);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a frame log target",
    label = "neither a path nor a `bool`",
    note = "give a path such as `\"logs/{{conversation_id}}.jsonl\"` (a `&str`, `String`, `&Path` or `PathBuf`), `false` \
            for no log, or an `Option` of one"
)]
pub trait ToFrameLogTarget {
    /// Returns the target. `true` and `None` stand for the program's own setting.
    fn to_frame_log_target(&self) -> FrameLogTarget;
}

forward_conversion!(ToFrameLogTarget::to_frame_log_target() -> FrameLogTarget, none: FrameLogTarget::AsTheProgram);

impl ToFrameLogTarget for FrameLogTarget {
    fn to_frame_log_target(&self) -> FrameLogTarget {
        self.clone()
    }
}

impl ToFrameLogTarget for bool {
    fn to_frame_log_target(&self) -> FrameLogTarget {
        if *self { FrameLogTarget::AsTheProgram } else { FrameLogTarget::Off }
    }
}

macro_rules! paths {
    ($($path:ty),*) => {$(
        impl ToFrameLogTarget for $path {
            fn to_frame_log_target(&self) -> FrameLogTarget {
                let path: &Path = self.as_ref();
                FrameLogTarget::Path(path.to_owned())
            }
        }
    )*};
}

paths!(str, String, Path, PathBuf);

impl ToFrameLogTarget for Cow<'_, str> {
    fn to_frame_log_target(&self) -> FrameLogTarget {
        (**self).to_frame_log_target()
    }
}

/// Converts to the context of a remote parent span: a `traceparent`, an OpenTelemetry context, or an `Option` of one.
///
/// ```
/// use pipecat_instrument_runtime::observer::{ObserveOptions, ToParentContext};
///
/// let header = Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
/// assert!(header.to_parent_context().is_some());
/// assert!("garbled".to_parent_context().is_none());
///
/// let options = ObserveOptions::new().parent(&header);
/// # let _ = options;
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not identify the span of a caller",
    label = "not an incoming trace context",
    note = "give a `traceparent` header as `&str` or `String`, a `SpanContext`, a `Context`, or an `Option` of one"
)]
pub trait ToParentContext {
    /// Returns a context in which the parent span is current; `None` without a valid span.
    fn to_parent_context(&self) -> Option<Context>;
}

forward_conversion!(ToParentContext::to_parent_context() -> Option<Context>, none: None);

impl ToParentContext for Context {
    fn to_parent_context(&self) -> Option<Context> {
        self.span().span_context().is_valid().then(|| self.clone())
    }
}

impl ToParentContext for SpanContext {
    fn to_parent_context(&self) -> Option<Context> {
        self.is_valid().then(|| Context::new().with_remote_span_context(self.clone()))
    }
}

impl ToParentContext for str {
    fn to_parent_context(&self) -> Option<Context> {
        propagation::from_traceparent(self)?.to_parent_context()
    }
}

impl ToParentContext for String {
    fn to_parent_context(&self) -> Option<Context> {
        self.as_str().to_parent_context()
    }
}

/// Borrows a [`TracingContext`]: from itself, from an `Option`, or from your own type. The argument `context = …` of
/// `#[traced_llm]` takes such a value.
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
    message = "`{Self}` does not identify a conversation",
    label = "holds no `TracingContext`",
    note = "give a `TracingContext`, an `Option` of one, or implement `AsTracingContext` for this type"
)]
pub trait AsTracingContext {
    /// Returns the handle to the conversation, if there is one.
    fn tracing_context(&self) -> Option<&TracingContext>;
}

forward_conversion!(AsTracingContext::tracing_context() -> Option<&TracingContext>, none: None);

impl AsTracingContext for TracingContext {
    fn tracing_context(&self) -> Option<&TracingContext> {
        Some(self)
    }
}
