//! What an annotation says of a service, before it works.

use super::values::ServiceInput;
use crate::engine::operation::OperationInfo;
use crate::engine::record::Recording;

/// What an annotation says of a service, before it works.
#[derive(Debug)]
pub struct Known {
    about: OperationInfo,
    attribute_limit: usize,
    recording: Recording,
}

impl Known {
    pub(super) fn nothing(attribute_limit: usize, recording: Recording) -> Self {
        Self { about: OperationInfo::default(), attribute_limit, recording }
    }

    /// Who provides it.
    pub fn provider(mut self, provider: Option<&str>) -> Self {
        self.about.provider = provider.map(str::to_owned);
        self
    }

    /// The model behind it.
    pub fn model(mut self, model: Option<&str>) -> Self {
        self.about.model = model.map(str::to_owned);
        self
    }

    /// The voice it speaks with.
    pub fn voice(mut self, voice: Option<&str>) -> Self {
        self.about.voice = voice.map(str::to_owned);
        self
    }

    /// The language it hears.
    pub fn language(mut self, language: Option<&str>) -> Self {
        self.about.language = language.map(str::to_owned);
        self
    }

    /// What it is given; of what only its numbers count, that is not looked at.
    pub fn input(mut self, input: &(impl ServiceInput + ?Sized)) -> Self {
        if self.recording == Recording::Yes {
            self.about.input = input.to_input(self.attribute_limit);
        }
        self
    }

    pub(super) fn into_info(self) -> OperationInfo {
        self.about
    }
}
