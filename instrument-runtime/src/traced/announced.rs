//! How a function announces the service at work in it.

use crate::engine::operation::ServiceName;
use crate::observer::{AsTracingContext, TracingContext};

/// How a function announces the service at work in it.
#[derive(Debug)]
pub struct Announced {
    guess: &'static str,
    name: Option<String>,
    conversation: Option<TracingContext>,
}

impl Announced {
    /// By the name of the code.
    pub(super) const fn by(guess: &'static str) -> Self {
        Self { guess, name: None, conversation: None }
    }

    /// The type `T` is at work.
    pub fn of<T: ?Sized>(mut self) -> Self {
        self.guess = short_name(std::any::type_name::<T>());
        self
    }

    /// The service's class is known.
    pub fn name(mut self, name: Option<&str>) -> Self {
        self.name = name.filter(|name| !name.is_empty()).map(str::to_owned);
        self
    }

    /// It works for a conversation.
    pub fn context(mut self, context: &(impl AsTracingContext + ?Sized)) -> Self {
        self.conversation = context.tracing_context().cloned();
        self
    }

    pub(super) fn service(&self) -> ServiceName<'_> {
        self.name.as_deref().map_or(ServiceName::Guessed(self.guess), ServiceName::Explicit)
    }

    pub(super) const fn take_conversation(&mut self) -> Option<TracingContext> {
        self.conversation.take()
    }
}

/// A type's own name, without its path and its parameters: `Llm` of `agent::Llm<agent::Http>`.
pub(super) fn short_name(type_name: &'static str) -> &'static str {
    let path = type_name.split_once('<').map_or(type_name, |(path, _)| path);
    path.rsplit("::").next().unwrap_or(path)
}
