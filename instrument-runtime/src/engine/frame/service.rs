//! The view of a processor that its own type gives, borrowed.

use super::{Processor, Role, Setting};

/// A processor that can be looked at: what is at an end of a hop.
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
    /// What it is, and what it works with at the moment.
    fn view(&self) -> ServiceView<'_>;

    /// What tells it from every other processor of the conversation: asked at each hop.
    fn id(&self) -> &str {
        self.view().id
    }

    /// What it does in its pipeline: asked at each hop.
    fn role(&self) -> Role {
        self.view().role
    }
}

/// A [`Processor`], borrowed.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ServiceView<'a> {
    /// What tells it from every other processor of the conversation.
    pub id: &'a str,
    /// Its class, as `OpenAILLMService`.
    pub class: &'a str,
    /// Its name, which metrics and errors bear.
    pub name: &'a str,
    /// What it does.
    pub role: Role,
    /// Who provides the service, as `openai`.
    pub provider: Option<&'a str>,
    /// The model behind it.
    pub model: Option<&'a str>,
    /// The voice it speaks with.
    pub voice: Option<&'a str>,
    /// The language it hears or speaks.
    pub language: Option<&'a str>,
    /// Samples a second.
    pub sample_rate: Option<u32>,
    /// An instruction of its own for the model.
    pub system_instruction: Option<&'a str>,
    /// Its other settings, in source order.
    pub settings: &'a [(String, Setting)],
}

impl<'a> ServiceView<'a> {
    /// A processor whose name is its id.
    pub fn new(name: &'a str, class: &'a str, role: Role) -> Self {
        Self { id: name, class, name, role, ..Self::default() }
    }

    /// A copy of it.
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
            system_instruction: self.system_instruction.map(str::to_owned),
            settings: self.settings.to_vec(),
        }
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

#[cfg(test)]
mod tests {
    use super::{ObservedService, Processor, Role, Setting};

    #[test]
    fn a_processor_is_what_its_view_tells() {
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
