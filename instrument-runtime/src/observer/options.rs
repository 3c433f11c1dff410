//! What is known of a conversation when its observer is made.

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

use opentelemetry::KeyValue;
use opentelemetry::trace::TraceContextExt;

use super::log_choice::{FrameLogTarget, ToFrameLogTarget};
use super::propagation::ToParentContext;
use crate::emit::RemoteParent;
use crate::engine::conversation::FrameSupport;

/// What is known of a conversation when its observer is made.
///
/// Ids and attributes are taken by reference, so that an argument can be named and still be used afterwards.
///
/// ```
/// use opentelemetry::KeyValue;
/// use pipecat_instrument_runtime::observer::ObserveOptions;
///
/// let call_id = String::from("call-42");
/// let options = ObserveOptions::new().conversation_id(&call_id).attributes(&[KeyValue::new("tenant", "acme")]);
/// # let _ = (options, call_id);
/// ```
#[derive(Debug, Clone, Default)]
pub struct ObserveOptions {
    pub(super) conversation_id: Option<Arc<str>>,
    pub(super) attributes: Vec<KeyValue>,
    pub(super) signals: FrameSupport,
    pub(super) origin: RemoteParent,
    pub(super) debug_log: FrameLogTarget,
}

impl ObserveOptions {
    /// Nothing is known: the conversation gets a UUID.
    pub fn new() -> Self {
        Self::default()
    }

    /// The conversation's id. Without one, or with an empty one, it gets a UUID.
    pub fn conversation_id(mut self, id: &(impl ToConversationId + ?Sized)) -> Self {
        self.conversation_id = id.to_conversation_id().filter(|id| !id.is_empty());
        self
    }

    /// More attributes for every span of the conversation.
    pub fn attributes(mut self, attributes: &(impl ToAttributes + ?Sized)) -> Self {
        attributes.for_each_attribute(&mut |attribute| self.attributes.push(attribute));
        self
    }

    /// The span that the conversation came from: its root spans are that span's children, and belong to its trace. Of a
    /// context its baggage counts, too. Nothing, if it names no valid span.
    ///
    /// ```
    /// use pipecat_instrument_runtime::observer::ObserveOptions;
    ///
    /// let traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    /// let options = ObserveOptions::new().parent(traceparent);
    /// # let _ = options;
    /// ```
    pub fn parent(mut self, caller: &(impl ToParentContext + ?Sized)) -> Self {
        if let Some(context) = caller.to_context() {
            self.origin.set_parent(&context);
        }
        self
    }

    /// A span that the conversation has to do with: its root spans link to it, and stay traces of their own, as
    /// backends want turns and calls to be. May be said for several.
    pub fn link(mut self, caller: &(impl ToParentContext + ?Sized)) -> Self {
        if let Some(context) = caller.to_context() {
            self.origin.add_link(context.span().span_context().clone());
        }
        self
    }

    /// Where the frame log of this conversation goes: a path as for the whole program, `false` for nowhere, or an `Option`
    /// of one. The path is not looked at before the first frame; if nothing can be written there, a warning says so.
    ///
    /// ```
    /// use pipecat_instrument_runtime::observer::ObserveOptions;
    ///
    /// let watched = ObserveOptions::new().debug_log("logs/watched-{conversation_id}.jsonl");
    /// let confidential = ObserveOptions::new().debug_log(&false);
    /// # let _ = (watched, confidential);
    /// ```
    pub fn debug_log(mut self, destination: &(impl ToFrameLogTarget + ?Sized)) -> Self {
        self.debug_log = destination.to_choice();
        self
    }

    /// What the framework announces with frames of its own.
    pub fn signals(mut self, signals: FrameSupport) -> Self {
        self.signals = signals;
        self
    }
}

impl ObserveOptions {
    /// Whether somebody who knows more could add to this.
    pub(crate) fn is_incomplete(&self) -> bool {
        self.conversation_id.is_none()
            || self.attributes.is_empty()
            || self.origin.is_empty()
            || self.debug_log == FrameLogTarget::AsTheProgram
    }

    /// Takes from `other` what is not said here.
    pub(crate) fn complete_with(&mut self, other: Self) {
        if self.conversation_id.is_none() {
            self.conversation_id = other.conversation_id;
        }
        if self.attributes.is_empty() {
            self.attributes = other.attributes;
        }
        if self.origin.is_empty() {
            self.origin = other.origin;
        }
        if self.debug_log == FrameLogTarget::AsTheProgram {
            self.debug_log = other.debug_log;
        }
    }
}

/// What can name a conversation: a text, a number, or an option of one.
///
/// ```
/// use pipecat_instrument_runtime::observer::ToConversationId;
///
/// assert_eq!(Some("call-42").to_conversation_id().as_deref(), Some("call-42"));
/// assert_eq!(42_u64.to_conversation_id().as_deref(), Some("42"));
/// assert_eq!(None::<String>.to_conversation_id(), None);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot name a conversation",
    label = "not a conversation id",
    note = "give a `&str`, a `String`, an integer, a `Uuid` or an `Option` of one; or implement `ToConversationId` for it"
)]
pub trait ToConversationId {
    /// The id as text; `None` where there is none.
    fn to_conversation_id(&self) -> Option<Arc<str>>;
}

impl ToConversationId for str {
    fn to_conversation_id(&self) -> Option<Arc<str>> {
        Some(self.into())
    }
}

impl ToConversationId for String {
    fn to_conversation_id(&self) -> Option<Arc<str>> {
        self.as_str().to_conversation_id()
    }
}

impl ToConversationId for Cow<'_, str> {
    fn to_conversation_id(&self) -> Option<Arc<str>> {
        (**self).to_conversation_id()
    }
}

impl<T: ToConversationId> ToConversationId for Option<T> {
    fn to_conversation_id(&self) -> Option<Arc<str>> {
        self.as_ref()?.to_conversation_id()
    }
}

macro_rules! through_a_pointer {
    ($($pointer:ty),*) => {$(
        impl<T: ToConversationId + ?Sized> ToConversationId for $pointer {
            fn to_conversation_id(&self) -> Option<Arc<str>> {
                (**self).to_conversation_id()
            }
        }
    )*};
}

through_a_pointer!(&T, &mut T, Arc<T>, Rc<T>, Box<T>);

macro_rules! as_it_is_shown {
    ($($id:ty),*) => {$(
        impl ToConversationId for $id {
            fn to_conversation_id(&self) -> Option<Arc<str>> {
                Some(self.to_string().into())
            }
        }
    )*};
}

as_it_is_shown!(u32, u64, u128, usize, i32, i64, uuid::Uuid);

/// What can be said on every span of a conversation: attributes, in whatever holds them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` holds no span attributes",
    label = "not attributes",
    note = "give a `Vec<KeyValue>` or an array as `[KeyValue::new(\"tenant\", tenant.clone())]`"
)]
pub trait ToAttributes {
    /// Calls `visit` with each attribute.
    fn for_each_attribute(&self, visit: &mut dyn FnMut(KeyValue));
}

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

impl<T: ToAttributes> ToAttributes for Option<T> {
    fn for_each_attribute(&self, visit: &mut dyn FnMut(KeyValue)) {
        if let Some(attributes) = self {
            attributes.for_each_attribute(visit);
        }
    }
}

impl<T: ToAttributes + ?Sized> ToAttributes for &T {
    fn for_each_attribute(&self, visit: &mut dyn FnMut(KeyValue)) {
        (**self).for_each_attribute(visit);
    }
}
