//! A pipeline whose processors go by name and whose frames the test pushes.

use pipecat_instrument::frame::{
    Direction, ErrorReport, Frame, FrameId, FramePushed, Message, Processor, ProcessorRef, Role, TextChunk,
};
use pipecat_instrument::{ObserveOptions, Observer, PipecatInstrumentor, TracingContext};

/// A conversation under observation.
pub(crate) struct Pipeline {
    pub(crate) observer: Observer,
    next_id: std::cell::Cell<u64>,
}

impl Pipeline {
    /// Starts a conversation.
    pub(crate) fn start() -> Self {
        let options = ObserveOptions::new().conversation_id("call-42");
        Self::observed_by(PipecatInstrumentor::observe(options).unwrap())
    }

    /// Starts a conversation with this observer.
    pub(crate) fn observed_by(observer: Observer) -> Self {
        let pipeline = Self { observer, next_id: std::cell::Cell::new(0) };
        pipeline.push("Source", &Frame::Start);
        pipeline
    }

    pub(crate) fn tracing(&self) -> TracingContext {
        self.observer.tracing_context()
    }

    /// Pushes a new frame from a processor.
    pub(crate) fn push(&self, source: &str, frame: &Frame<'_>) -> &Self {
        self.hop(source, "Next", frame)
    }

    /// Pushes a new frame from one processor to another.
    pub(crate) fn hop(&self, source: &str, destination: &str, frame: &Frame<'_>) -> &Self {
        let id = self.next_id.get() + 1;
        self.next_id.set(id);
        let (source, destination) = (processor(source), processor(destination));
        self.observer.on_push_frame(&FramePushed {
            source: (&source).into(),
            destination: ProcessorRef::from(&destination),
            direction: Direction::Downstream,
            id: Some(FrameId(id)),
            sibling: None,
            frame,
        });
        self
    }

    /// Pushes the frames of one utterance.
    pub(crate) fn user_says(&self, words: &str) -> &Self {
        self.user_speaks().hears(words)
    }

    pub(crate) fn user_speaks(&self) -> &Self {
        self.push("User", &Frame::UserStartedSpeaking)
    }

    pub(crate) fn hears(&self, words: &str) -> &Self {
        self.push("Stt", &Frame::Transcription(words.into())).push("User", &Frame::UserStoppedSpeaking)
    }

    /// Sends a context with a question to a model.
    pub(crate) fn asks(&self, model: &str, question: &str) -> &Self {
        let messages = vec![Message::text("user", question)];
        self.hop("Aggregator", model, &Frame::LlmContext(Some(&messages)))
    }

    pub(crate) fn answers(&self, model: &str, text: &str) -> &Self {
        self.push(model, &Frame::LlmResponseStart)
            .push(model, &Frame::LlmText(TextChunk::new(text)))
            .push(model, &Frame::LlmResponseEnd)
    }

    pub(crate) fn bot_speaks(&self) -> &Self {
        self.push("Output", &Frame::BotStartedSpeaking).push("Output", &Frame::BotStoppedSpeaking)
    }

    pub(crate) fn fails(&self, source: &str, message: &str) -> &Self {
        self.push(source, &Frame::Error(ErrorReport { message, ..ErrorReport::default() }))
    }

    pub(crate) fn ends(self) {
        self.push("Source", &Frame::End);
        self.observer.close();
    }
}

/// Returns a processor whose role follows from the start of its name.
fn processor(name: &str) -> Processor {
    let (class, role) = match name {
        "Stt" => ("WhisperSTTService", Role::Stt),
        "Tts" => ("CartesiaTTSService", Role::Tts),
        "Output" => ("Output", Role::OutputTransport),
        name if name.starts_with("Llm") => ("OpenAILLMService", Role::Llm),
        other => (other, Role::Other),
    };
    Processor::new(name, class, role)
}
