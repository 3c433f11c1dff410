//! Processors of a pipeline: owned, borrowed, and as one end of a hop.

use std::fmt;

use super::InstructionPlacement;
use crate::engine::truncate::{MAX_TEXT_LENGTH, to_bounded};

/// The role of a processor in its pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Role {
    /// Unknown. It is detected from the frames that the processor pushes first.
    #[default]
    Unknown,
    /// Speech to text.
    Stt,
    /// A language model, including speech to speech.
    Llm,
    /// Text to speech.
    Tts,
    /// The input for the user's audio.
    InputTransport,
    /// The output for the bot's audio.
    OutputTransport,
    /// The end of the pipeline. The pipeline has finished when an `EndFrame` arrives here.
    Sink,
    /// Any other role.
    Other,
}

/// The value of a setting of a service, as of `temperature`.
#[derive(Debug, Clone, PartialEq)]
pub enum Setting {
    /// A Boolean.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// A string.
    Text(String),
    /// Any other value, as JSON text.
    Json(String),
}

impl Setting {
    fn to_bounded(&self) -> Self {
        match self {
            Self::Text(text) => Self::Text(to_bounded(text)),
            Self::Json(json) => Self::Json(to_bounded(json)),
            setting => setting.clone(),
        }
    }
}

/// A description of a processor, owned. [`ServiceView`] is the borrowed one.
///
/// ```
/// use pipecat_instrument_runtime::engine::frame::{Processor, Role};
///
/// let llm = Processor::new("OpenAILLMService#0", "OpenAILLMService", Role::Llm).model("gpt-4o");
/// assert_eq!(llm.provider_or_guess(), "openai");
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Processor {
    /// The id, unique within the conversation.
    pub id: String,
    /// The class, as `OpenAILLMService`.
    pub class: String,
    /// The name that metrics and errors refer to.
    pub name: String,
    /// The role.
    pub role: Role,
    /// The provider of the service, as `openai`.
    pub provider: Option<String>,
    /// The model.
    pub model: Option<String>,
    /// The voice.
    pub voice: Option<String>,
    /// The language that it recognizes or speaks.
    pub language: Option<String>,
    /// Samples per second.
    pub sample_rate: Option<u32>,
    /// The service's own system instruction.
    pub system_instruction: Option<String>,
    /// The place of the service's own system instruction.
    pub instruction_placement: InstructionPlacement,
    /// Other settings, in source order.
    pub settings: Vec<(String, Setting)>,
}

impl Processor {
    /// Creates a processor whose id is its name.
    pub fn new(name: impl Into<String>, class: impl Into<String>, role: Role) -> Self {
        let name = name.into();
        Self { id: name.clone(), class: class.into(), name, role, ..Self::default() }
    }

    /// Sets the provider.
    pub fn provider(mut self, provider: impl Into<String>) -> Self {
        self.provider = Some(provider.into());
        self
    }

    /// Sets the model.
    pub fn model(mut self, model: impl Into<String>) -> Self {
        self.model = Some(model.into());
        self
    }

    /// Sets the voice.
    pub fn voice(mut self, voice: impl Into<String>) -> Self {
        self.voice = Some(voice.into());
        self
    }

    /// Sets the language.
    pub fn language(mut self, language: impl Into<String>) -> Self {
        self.language = Some(language.into());
        self
    }

    /// Sets the sample rate, in samples per second.
    pub const fn sample_rate(mut self, sample_rate: u32) -> Self {
        self.sample_rate = Some(sample_rate);
        self
    }

    /// Adds a setting.
    pub fn setting(mut self, name: impl Into<String>, value: Setting) -> Self {
        self.settings.push((name.into(), value));
        self
    }

    /// Returns the provider. If unknown, it is the class in lower case without an ending like `LLMService` or `Stt`.
    pub fn provider_or_guess(&self) -> String {
        if let Some(provider) = &self.provider {
            return provider.clone();
        }
        let without_service = self.class.strip_suffix("Service").unwrap_or(&self.class);
        // The endings of Python classes, and of Rust types.
        let endings = ["STT", "LLM", "TTS", "Stt", "Llm", "Tts"];
        let stem =
            endings.iter().find_map(|ending| without_service.strip_suffix(ending)).unwrap_or(&self.class);
        if stem.is_empty() { self.class.to_lowercase() } else { stem.to_lowercase() }
    }
}

/// A type that describes itself as a processor, for use at either end of a hop.
///
/// `#[derive(ObservedService)]` implements it. By hand:
///
/// ```
/// use pipecat_instrument_runtime::engine::frame::{ObservedService, ProcessorRef, Role, ServiceView};
///
/// struct Llm {
///     model: String,
/// }
///
/// impl ObservedService for Llm {
///     fn view(&self) -> ServiceView<'_> {
///         ServiceView { model: Some(&self.model), ..ServiceView::new("Llm", "OpenAILLMService", Role::Llm) }
///     }
/// }
///
/// let llm = Llm { model: "gpt-4o".into() };
/// assert_eq!(ProcessorRef::from(&llm).role(), Role::Llm);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say what it is in its pipeline",
    label = "not an `ObservedService`",
    note = "write `#[derive(ObservedService)]` and `#[service(llm)]` (or `stt`, `tts`, `output_transport`, `sink`, \
            `other`) above it; or give a `frame::Processor`"
)]
pub trait ObservedService {
    /// Returns the description with the current settings.
    fn view(&self) -> ServiceView<'_>;

    /// Returns the id, unique within the conversation. Called on each hop.
    fn id(&self) -> &str {
        self.view().id
    }

    /// Returns the role. Called on each hop.
    fn role(&self) -> Role {
        self.view().role
    }
}

/// A description of a processor, borrowed. The fields are those of [`Processor`].
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ServiceView<'a> {
    /// The id, unique within the conversation.
    pub id: &'a str,
    /// The class, as `OpenAILLMService`.
    pub class: &'a str,
    /// The name that metrics and errors refer to.
    pub name: &'a str,
    /// The role.
    pub role: Role,
    /// The provider of the service, as `openai`.
    pub provider: Option<&'a str>,
    /// The model.
    pub model: Option<&'a str>,
    /// The voice.
    pub voice: Option<&'a str>,
    /// The language that it recognizes or speaks.
    pub language: Option<&'a str>,
    /// Samples per second.
    pub sample_rate: Option<u32>,
    /// The service's own system instruction.
    pub system_instruction: Option<&'a str>,
    /// The place of the service's own system instruction.
    pub instruction_placement: InstructionPlacement,
    /// Other settings, in source order.
    pub settings: &'a [(String, Setting)],
}

impl<'a> ServiceView<'a> {
    /// Creates a view of a processor whose id is its name.
    pub fn new(name: &'a str, class: &'a str, role: Role) -> Self {
        Self { id: name, class, name, role, ..Self::default() }
    }

    /// Copies the description, within the limit of a text.
    pub fn to_processor(self) -> Processor {
        Processor {
            id: self.id.to_owned(),
            class: self.class.to_owned(),
            name: self.name.to_owned(),
            role: self.role,
            provider: self.provider.map(str::to_owned),
            model: self.model.map(str::to_owned),
            voice: self.voice.map(str::to_owned),
            language: self.language.map(str::to_owned),
            sample_rate: self.sample_rate,
            system_instruction: self.system_instruction.map(to_bounded),
            instruction_placement: self.instruction_placement,
            settings: self
                .settings
                .iter()
                .map(|(name, setting)| (name.clone(), setting.to_bounded()))
                .collect(),
        }
    }

    /// Returns whether `processor` is a copy of this description.
    pub(crate) fn describes(self, processor: &'a Processor) -> bool {
        let copy = processor.view();
        if copy == self {
            return true;
        }
        // A long text was truncated when it was copied.
        let is_copy =
            |text: &str, copy: &str| text == copy || text.len() > MAX_TEXT_LENGTH && to_bounded(text) == copy;
        let is_copied_setting = |(setting, copy): (&(String, Setting), &(String, Setting))| {
            setting.0 == copy.0
                && match (&setting.1, &copy.1) {
                    (Setting::Text(text), Setting::Text(copy))
                    | (Setting::Json(text), Setting::Json(copy)) => is_copy(text, copy),
                    (setting, copy) => setting == copy,
                }
        };
        let without_texts = |view: Self| Self { system_instruction: None, settings: &[], ..view };
        without_texts(self) == without_texts(copy)
            && match (self.system_instruction, copy.system_instruction) {
                (Some(text), Some(copy)) => is_copy(text, copy),
                (text, copy) => text == copy,
            }
            && self.settings.len() == copy.settings.len()
            && self.settings.iter().zip(copy.settings).all(is_copied_setting)
    }
}

impl ObservedService for ServiceView<'_> {
    fn view(&self) -> ServiceView<'_> {
        *self
    }
}

impl ObservedService for Processor {
    fn view(&self) -> ServiceView<'_> {
        ServiceView {
            id: &self.id,
            class: &self.class,
            name: &self.name,
            role: self.role,
            provider: self.provider.as_deref(),
            model: self.model.as_deref(),
            voice: self.voice.as_deref(),
            language: self.language.as_deref(),
            sample_rate: self.sample_rate,
            system_instruction: self.system_instruction.as_deref(),
            instruction_placement: self.instruction_placement,
            settings: &self.settings,
        }
    }

    #[inline]
    fn id(&self) -> &str {
        &self.id
    }

    #[inline]
    fn role(&self) -> Role {
        self.role
    }
}

/// A processor at one end of a hop: its id and role, and its description if it has one.
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
    /// Creates a reference to a processor that is known by name only.
    pub const fn named(name: &'a str) -> Self {
        Self { id: name, role: Role::Unknown, service: None }
    }

    /// Creates a reference to a processor behind a trait object. Use `From` for other types.
    pub fn new(service: &'a dyn ObservedService) -> Self {
        Self { id: service.id(), role: service.role(), service: Some(service) }
    }

    /// Returns the id, unique within the conversation.
    pub const fn id(self) -> &'a str {
        self.id
    }

    /// Returns the name that metrics and errors refer to.
    pub fn name(self) -> &'a str {
        self.view().map_or(self.id, |view| view.name)
    }

    /// Returns the description; `None` if only the name is known.
    pub fn view(self) -> Option<ServiceView<'a>> {
        self.service.map(ObservedService::view)
    }

    /// Returns the role.
    pub const fn role(self) -> Role {
        self.role
    }

    /// Returns the same processor with `view` as its description, which was read before.
    pub(crate) fn with_view<'v>(self, view: Option<&'v ServiceView<'v>>) -> ProcessorRef<'v>
    where
        'a: 'v,
    {
        let service = view.map(|view| view as &dyn ObservedService);
        ProcessorRef { id: self.id, role: self.role, service }
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
    use super::{ObservedService, Processor, Role, Setting};

    #[test]
    fn an_unknown_provider_is_derived_from_the_class() {
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

    #[test]
    fn a_view_has_every_field_of_its_processor() {
        let processor = Processor::new("Tts#0", "CartesiaTTSService", Role::Tts)
            .provider("cartesia")
            .model("sonic-2")
            .voice("sarah")
            .language("en")
            .sample_rate(24_000)
            .setting("speed", Setting::Float(1.1));
        assert_eq!(processor.view().to_processor(), processor);
    }
}
