//! A pipeline to push from: each processor by name, frames by hand.

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
    /// One that has begun.
    pub(crate) fn start() -> Self {
        let options = ObserveOptions::new().conversation_id("call-42");
        Self::watched_by(PipecatInstrumentor::observe(options).unwrap())
    }

    /// One that has begun, and its observer.
    pub(crate) fn watched_by(observer: Observer) -> Self {
        let pipeline = Self { observer, next_id: std::cell::Cell::new(0) };
        pipeline.push("Source", &Frame::Start);
        pipeline
    }

    pub(crate) fn tracing(&self) -> TracingContext {
        self.observer.tracing_context()
    }

    /// A new frame, from a processor to somewhere.
    pub(crate) fn push(&self, source: &str, frame: &Frame<'_>) -> &Self {
        self.hop(source, "Next", frame)
    }

    /// A new frame, from one processor to another.
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

    /// The user says something, which a recognizer of Pipecat's has heard.
    pub(crate) fn user_says(&self, words: &str) -> &Self {
        self.user_speaks().hears(words)
    }

    pub(crate) fn user_speaks(&self) -> &Self {
        self.push("User", &Frame::UserStartedSpeaking)
    }

    pub(crate) fn hears(&self, words: &str) -> &Self {
        self.push("Stt", &Frame::Transcription(words.into())).push("User", &Frame::UserStoppedSpeaking)
    }

    /// A question reaches a model.
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

/// A service of the kind that its name begins with.
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
