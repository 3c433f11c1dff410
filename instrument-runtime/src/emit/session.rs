//! What every span of one conversation says.

use std::sync::Arc;

use opentelemetry::KeyValue;

/// What every span of one conversation says: whose it is, and what its maker wants said besides.
///
/// ```
/// use opentelemetry::KeyValue;
/// use pipecat_instrument_runtime::emit::Session;
///
/// let session = Session::new("call-42").attribute(KeyValue::new("tenant.seats", 12));
/// assert_eq!(&*session.id, "call-42");
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Session {
    /// The conversation's id: `session.id` of every span. Empty for spans of no conversation, which say none.
    pub id: Arc<str>,
    /// Additional attributes of every span, with their types kept. One whose key is taken, or is a dotted prefix of
    /// a key that is, is left out.
    pub attributes: Vec<KeyValue>,
}

impl Session {
    /// The conversation `id`, with nothing else to say.
    pub fn new(id: impl Into<Arc<str>>) -> Self {
        Self { id: id.into(), attributes: Vec::new() }
    }

    /// The id, if there is a conversation.
    pub(super) fn told_id(&self) -> Option<Arc<str>> {
        (!self.id.is_empty()).then(|| self.id.clone())
    }

    /// The same, with one more attribute on every span.
    pub fn attribute(mut self, attribute: KeyValue) -> Self {
        self.attributes.push(attribute);
        self
    }
}
