//! The service of a traced call, as described by its annotation.

use super::values::ServiceInput;
use crate::engine::content::RequestLimits;
use crate::engine::operation::{OperationInfo, ServiceName};
use crate::engine::record::Recording;
use crate::observer::{AsTracingContext, TracingContext};

/// Identifies the service of a traced call, and its conversation.
#[derive(Debug)]
pub struct ServiceRef {
    guess: &'static str,
    name: Option<String>,
    conversation: Option<TracingContext>,
}

impl ServiceRef {
    /// Creates a reference that uses the name of the function as that of the service.
    pub(super) const fn new(function: &'static str) -> Self {
        Self { guess: function, name: None, conversation: None }
    }

    /// Sets the name of the type `T`, without its path and parameters: `Llm` for `agent::Llm<agent::Http>`.
    pub fn of<T: ?Sized>(mut self) -> Self {
        let type_name = std::any::type_name::<T>();
        let path = type_name.split_once('<').map_or(type_name, |(path, _)| path);
        self.guess = path.rsplit("::").next().unwrap_or(path);
        self
    }

    /// Sets the class or the processor name of the service; ignored if empty.
    pub fn name(mut self, name: Option<&str>) -> Self {
        self.name = name.filter(|name| !name.is_empty()).map(str::to_owned);
        self
    }

    /// Sets the conversation that the service works for.
    pub fn context(mut self, context: &(impl AsTracingContext + ?Sized)) -> Self {
        self.conversation = context.tracing_context().cloned();
        self
    }

    pub(super) fn name_or_guess(&self) -> ServiceName<'_> {
        self.name.as_deref().map_or(ServiceName::Guessed(self.guess), ServiceName::Explicit)
    }

    pub(super) const fn take_conversation(&mut self) -> Option<TracingContext> {
        self.conversation.take()
    }
}

/// Describes a traced call before its body runs.
#[derive(Debug)]
pub struct ServiceMetadata {
    info: OperationInfo,
    limits: RequestLimits,
    recording: Recording,
}

impl ServiceMetadata {
    pub(super) fn new(limits: RequestLimits, recording: Recording) -> Self {
        Self { info: OperationInfo::default(), limits, recording }
    }

    /// Sets the provider of the service, as `openai`.
    pub fn provider(mut self, provider: Option<&str>) -> Self {
        self.info.provider = provider.map(str::to_owned);
        self
    }

    /// Sets the model.
    pub fn model(mut self, model: Option<&str>) -> Self {
        self.info.model = model.map(str::to_owned);
        self
    }

    /// Sets the voice of a TTS.
    pub fn voice(mut self, voice: Option<&str>) -> Self {
        self.info.voice = voice.map(str::to_owned);
        self
    }

    /// Sets the language of an STT.
    pub fn language(mut self, language: Option<&str>) -> Self {
        self.info.language = language.map(str::to_owned);
        self
    }

    /// Copies the input, unless only the call's metrics are recorded.
    pub fn input(mut self, input: &(impl ServiceInput + ?Sized)) -> Self {
        if self.recording == Recording::Yes {
            self.info.input = input.to_input(self.limits);
        }
        self
    }

    pub(super) fn into_info(self) -> OperationInfo {
        self.info
    }
}
