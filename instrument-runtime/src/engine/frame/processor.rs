//! The processors that frames pass between.

use std::fmt;

use super::service::{ObservedService, ServiceView};

/// What a processor does in its pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Role {
    /// Not told: found out from the frames that it is the first to push.
    #[default]
    Unknown,
    /// Speech to text.
    Stt,
    /// A language model. One that hears and speaks by itself is this, too.
    Llm,
    /// Text to speech.
    Tts,
    /// Where the user's audio comes in.
    InputTransport,
    /// Where the bot's audio goes out.
    OutputTransport,
    /// The end of the pipeline: an `EndFrame` that gets here has been worked off.
    Sink,
    /// Anything else.
    Other,
}

/// A setting of a service, as `temperature`.
#[derive(Debug, Clone, PartialEq)]
pub enum Setting {
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// A text.
    Text(String),
    /// Anything else, as JSON text.
    Json(String),
}

/// A processor as its framework describes it.
///
/// ```
/// use pipecat_instrument_runtime::engine::frame::{Processor, Role};
///
/// let llm = Processor::new("OpenAILLMService#0", "OpenAILLMService", Role::Llm).model("gpt-4o");
/// assert_eq!(llm.provider_or_guess(), "openai");
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Processor {
    /// What tells it from every other processor of the conversation.
    pub id: String,
    /// Its class, as `OpenAILLMService`.
    pub class: String,
    /// Its name, which metrics and errors bear.
    pub name: String,
    /// What it does.
    pub role: Role,
    /// Who provides the service, as `openai`.
    pub provider: Option<String>,
    /// The model behind it.
    pub model: Option<String>,
    /// The voice it speaks with.
    pub voice: Option<String>,
    /// The language it hears or speaks.
    pub language: Option<String>,
    /// Samples a second.
    pub sample_rate: Option<u32>,
    /// An instruction of its own for the model, sent where the context has no system message.
    pub system_instruction: Option<String>,
    /// Its other settings, in source order.
    pub settings: Vec<(String, Setting)>,
}

impl Processor {
    /// A processor whose name is its id.
    pub fn new(name: impl Into<String>, class: impl Into<String>, role: Role) -> Self {
        let name = name.into();
        Self { id: name.clone(), class: class.into(), name, role, ..Self::default() }
    }

    /// The same, provided by `provider`.
    pub fn provider(mut self, provider: impl Into<String>) -> Self {
        self.provider = Some(provider.into());
        self
    }

    /// The same, with the model `model`.
    pub fn model(mut self, model: impl Into<String>) -> Self {
        self.model = Some(model.into());
        self
    }

    /// The same, with the voice `voice`.
    pub fn voice(mut self, voice: impl Into<String>) -> Self {
        self.voice = Some(voice.into());
        self
    }

    /// The same, for the language `language`.
    pub fn language(mut self, language: impl Into<String>) -> Self {
        self.language = Some(language.into());
        self
    }

    /// The same, with `sample_rate` samples a second.
    pub const fn sample_rate(mut self, sample_rate: u32) -> Self {
        self.sample_rate = Some(sample_rate);
        self
    }

    /// The same, with one more setting.
    pub fn setting(mut self, name: impl Into<String>, value: Setting) -> Self {
        self.settings.push((name.into(), value));
        self
    }

    /// The provider; where it was not told, the class without its `…LLMService`, `…Stt` or the like, in lower case.
    pub fn provider_or_guess(&self) -> String {
        if let Some(provider) = &self.provider {
            return provider.clone();
        }
        let without_service = self.class.strip_suffix("Service").unwrap_or(&self.class);
        // As Python writes them, and Rust.
        let endings = ["STT", "LLM", "TTS", "Stt", "Llm", "Tts"];
        let stem =
            endings.iter().find_map(|ending| without_service.strip_suffix(ending)).unwrap_or(&self.class);
        if stem.is_empty() { self.class.to_lowercase() } else { stem.to_lowercase() }
    }
}

/// A processor at one end of a hop: its id, and what the adapter or its own type tells of it.
///
/// ```
/// use pipecat_instrument_runtime::engine::frame::{Processor, ProcessorRef, Role};
///
/// let llm = Processor::new("Llm", "OpenAILLMService", Role::Llm);
/// assert_eq!(ProcessorRef::from(&llm).role(), Role::Llm);
/// assert_eq!(ProcessorRef::named("Llm").role(), Role::Unknown);
/// ```
#[derive(Clone, Copy)]
pub struct ProcessorRef<'a> {
    id: &'a str,
    role: Role,
    service: Option<&'a dyn ObservedService>,
}

impl<'a> ProcessorRef<'a> {
    /// A processor of which only the name is known.
    pub const fn named(name: &'a str) -> Self {
        Self { id: name, role: Role::Unknown, service: None }
    }

    /// A processor that can be looked at, behind a trait object as well.
    pub fn new(service: &'a dyn ObservedService) -> Self {
        Self { id: service.id(), role: service.role(), service: Some(service) }
    }

    /// What tells it from every other processor of the conversation.
    pub const fn id(self) -> &'a str {
        self.id
    }

    /// The name that metrics and errors bear.
    pub fn name(self) -> &'a str {
        self.view().map_or(self.id, |view| view.name)
    }

    /// What is known of it besides.
    pub fn view(self) -> Option<ServiceView<'a>> {
        self.service.map(ObservedService::view)
    }

    /// What it does, as far as it was told.
    pub const fn role(self) -> Role {
        self.role
    }
}

impl fmt::Debug for ProcessorRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProcessorRef").field("id", &self.id).field("view", &self.view()).finish()
    }
}

impl<'a, T: ObservedService> From<&'a T> for ProcessorRef<'a> {
    #[inline]
    fn from(service: &'a T) -> Self {
        Self { id: service.id(), role: service.role(), service: Some(service) }
    }
}

#[cfg(test)]
mod tests {
    use super::{Processor, Role};

    #[test]
    fn a_provider_that_was_not_told_is_read_off_the_class() {
        for (class, provider) in [
            ("OpenAILLMService", "openai"),
            ("DeepgramSTTService", "deepgram"),
            ("CartesiaTTSService", "cartesia"),
            ("OpenAILLM", "openai"),
            ("HummingTts", "humming"),
            ("CascadedSttService", "cascaded"),
            ("MyService", "myservice"),
            ("Stt", "stt"),
            ("LLM", "llm"),
        ] {
            assert_eq!(Processor::new("x", class, Role::Llm).provider_or_guess(), provider, "{class}");
        }
    }
}
