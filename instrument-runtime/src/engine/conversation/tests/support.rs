//! A scripted pipeline.

use super::super::{CloseReason, Conversation, ConversationConfig, FrameSupport};
use super::tree::tree_of;
use crate::engine::frame::{
    Audio, ChatContext, Direction, ErrorReport, Frame, FrameId, FramePushed, FunctionCall,
    FunctionCallResult, Json, LlmUsage, Measurement, Message, Metric, Processor, ProcessorRef, Role, Spacing,
    TextChunk, Transcript,
};
use crate::engine::record::SpanBuffer;
use crate::engine::time::Time;

/// A pipeline like Pipecat's, driven by hand. Times are in milliseconds.
pub(super) struct Pipeline {
    pub(super) conversation: Conversation,
    pub(super) spans: SpanBuffer,
    now: u64,
    next_id: u64,
    processors: Vec<Processor>,
    messages: Vec<(&'static str, String)>,
}

pub(super) const STT: &str = "Stt";
pub(super) const LLM: &str = "Llm";
pub(super) const TTS: &str = "Tts";
pub(super) const OUT: &str = "Out";
pub(super) const USER: &str = "User";

impl Pipeline {
    /// Speech-to-text, a language model, synthesis, an output transport, and the end.
    pub(super) fn new() -> Self {
        Self::of(
            FrameSupport::default(),
            &[(STT, Role::Stt), (LLM, Role::Llm), (TTS, Role::Tts), (OUT, Role::OutputTransport)],
        )
    }

    /// A pipeline of other processors; started.
    pub(super) fn of(frame_support: FrameSupport, processors: &[(&str, Role)]) -> Self {
        let mut all: Vec<Processor> =
            processors.iter().map(|&(name, role)| Processor::new(name, name, role)).collect();
        all.push(Processor::new("Sink", "Sink", Role::Sink));
        all.push(Processor::new(USER, USER, Role::Other));
        let mut pipeline = Self {
            conversation: Conversation::new(ConversationConfig {
                frame_support,
                ..ConversationConfig::default()
            }),
            spans: SpanBuffer::default(),
            now: 0,
            next_id: 1,
            processors: all,
            messages: vec![("system", "Be brief.".to_owned())],
        };
        pipeline.passes_all(&Frame::Start);
        pipeline
    }

    /// The pipeline of [`new`](Self::new), whose observer is added when the pipeline has started.
    pub(super) fn joined_late() -> Self {
        let mut pipeline = Self::new();
        pipeline.conversation = Conversation::new(ConversationConfig::default());
        pipeline
    }

    /// Sets the time.
    pub(super) fn at(&mut self, now: u64) -> &mut Self {
        self.now = now;
        self
    }

    /// One hop.
    pub(super) fn hop(&mut self, source: &str, destination: &str, frame: &Frame<'_>, id: u64) -> &mut Self {
        let find = |name: &str| self.processors.iter().find(|processor| processor.name == name).cloned();
        let (from, to) = (find(source), find(destination));
        let pushed = FramePushed {
            source: from.as_ref().map_or(ProcessorRef::named(source), ProcessorRef::from),
            destination: to.as_ref().map_or(ProcessorRef::named(destination), ProcessorRef::from),
            direction: Direction::Downstream,
            id: Some(FrameId(id)),
            sibling: None,
            frame,
        };
        self.conversation.handle_input(Time::from_unix_nanos(self.now * 1_000_000), &pushed, &mut self.spans);
        self
    }

    /// A new frame, pushed by `source` to somewhere.
    pub(super) fn push(&mut self, source: &str, frame: &Frame<'_>) -> &mut Self {
        let id = self.new_id();
        self.hop(source, "Somewhere", frame, id)
    }

    /// Whether a new frame, pushed by `source`, does the same whenever it comes.
    pub(super) fn streams_on(&mut self, source: &str, frame: &Frame<'_>) -> bool {
        let from = self.processors.iter().find(|processor| processor.name == source).cloned();
        let id = Some(FrameId(self.new_id()));
        let source = from.as_ref().map_or(ProcessorRef::named(source), ProcessorRef::from);
        let destination = ProcessorRef::named("Somewhere");
        let direction = Direction::Downstream;
        let hop = FramePushed { source, destination, direction, id, sibling: None, frame };
        self.conversation.handle_untimed(&hop)
    }

    pub(super) fn new_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    pub(super) fn starts(&mut self) -> &mut Self {
        self.passes_all(&Frame::Start)
    }

    fn passes_all(&mut self, frame: &Frame<'_>) -> &mut Self {
        let names: Vec<String> = self.processors.iter().map(|processor| processor.name.clone()).collect();
        let sink = names.len() - 2;
        let id = self.new_id();
        let mut source = "Source".to_owned();
        for name in &names[..=sink] {
            self.hop(&source, name, frame, id);
            source.clone_from(name);
        }
        self
    }

    pub(super) fn voice(&mut self) -> &mut Self {
        self.push(USER, &Frame::VadUserStartedSpeaking)
    }

    pub(super) fn silence(&mut self) -> &mut Self {
        self.push(USER, &Frame::VadUserStoppedSpeaking { stop_secs: Some(0.2), transcript: None })
    }

    pub(super) fn user_starts(&mut self) -> &mut Self {
        self.push(USER, &Frame::UserStartedSpeaking).push(USER, &Frame::Interruption)
    }

    pub(super) fn user_stops(&mut self) -> &mut Self {
        self.push(USER, &Frame::UserStoppedSpeaking)
    }

    pub(super) fn hears(&mut self, text: &str) -> &mut Self {
        self.push(STT, &Frame::Transcription(Transcript::from(text)))
    }

    /// A whole utterance: voice at `start`, silence 500 ms later, its transcript after another 100 ms.
    pub(super) fn user_says(&mut self, start: u64, text: &str) -> &mut Self {
        self.at(start).voice().user_starts();
        self.at(start + 500).silence();
        self.at(start + 600).hears(text).user_stops()
    }

    /// Adds a user's message to the context and sends it to the model.
    pub(super) fn asks(&mut self, text: &str) -> &mut Self {
        self.messages.push(("user", text.to_owned()));
        self.context(LLM)
    }

    /// Sends the context as it is to a model.
    pub(super) fn context(&mut self, model: &str) -> &mut Self {
        let messages = Messages(self.messages.clone());
        let id = self.new_id();
        self.hop(USER, model, &Frame::LlmContext(Some(&messages)), id)
    }

    /// Changes the model of a service.
    pub(super) fn describes(&mut self, service: &str, model: &str) -> &mut Self {
        for processor in self.processors.iter_mut().filter(|processor| processor.name == service) {
            processor.model = Some(model.to_owned());
        }
        self
    }

    pub(super) fn adds_message(&mut self, role: &'static str, text: &str) -> &mut Self {
        self.messages.push((role, text.to_owned()));
        self
    }

    pub(super) fn answers(&mut self, text: &str) -> &mut Self {
        self.push(LLM, &Frame::LlmResponseStart)
            .push(LLM, &Frame::LlmText(TextChunk::new(text)))
            .push(LLM, &Frame::LlmResponseEnd)
    }

    /// A whole synthesis, told as Pipecat does: text, start, text with audio, stop.
    pub(super) fn synthesizes(&mut self, reply: &str, text: &str) -> &mut Self {
        self.push(TTS, &Frame::AggregatedText(chunk(reply, text)))
            .push(TTS, &Frame::TtsStarted { context_id: None })
            .push(TTS, &Frame::TtsText(chunk(reply, text)))
            .push(TTS, &Frame::TtsStopped { context_id: None })
    }

    pub(super) fn spoken(&mut self, reply: &str, text: &str) -> &mut Self {
        self.push(OUT, &Frame::TtsText(chunk(reply, text)))
    }

    pub(super) fn bot_starts(&mut self) -> &mut Self {
        self.push(OUT, &Frame::BotStartedSpeaking)
    }

    pub(super) fn bot_stops(&mut self) -> &mut Self {
        self.push(OUT, &Frame::BotStoppedSpeaking)
    }

    /// A whole reply: asked at `start`, answered 100 ms later, heard from 200 ms to 1200 ms after it.
    pub(super) fn bot_replies(&mut self, start: u64, to: &str, text: &str) -> &mut Self {
        let reply = format!("reply-{start}");
        self.at(start).asks(to);
        self.at(start + 100).answers(text).synthesizes(&reply, text);
        self.at(start + 200).bot_starts().spoken(&reply, text);
        self.at(start + 1_200).bot_stops();
        self.adds_message("assistant", text)
    }

    pub(super) fn audio(&mut self, source: &str, millis: u64) -> &mut Self {
        let bytes = usize::try_from(millis).unwrap() * 32;
        self.push(source, &Frame::TtsAudio(Audio::pcm16(bytes, 16_000, 1)))
    }

    pub(super) fn measures(&mut self, processor: &'static str, value: Measurement) -> &mut Self {
        self.push(processor, &Frame::Metrics(&[Metric { processor, model: None, value }]))
    }

    pub(super) fn uses_tokens(&mut self, total: u64) -> &mut Self {
        self.measures(LLM, Measurement::LlmUsage(LlmUsage { prompt: total, total, ..LlmUsage::default() }))
    }

    pub(super) fn calls_tool(&mut self, name: &str, id: &str) -> &mut Self {
        let call = FunctionCall { name, tool_call_id: id, arguments: Some(&"{}") };
        self.push(LLM, &Frame::FunctionCallInProgress(call))
    }

    pub(super) fn tool_returns(&mut self, id: &str, json: &'static str) -> &mut Self {
        let result = FunctionCallResult {
            name: "",
            tool_call_id: id,
            result: Some(&json),
            error: None,
            is_final: true,
        };
        self.push(LLM, &Frame::FunctionCallResult(result))
    }

    /// An intermediate result: more follow.
    pub(super) fn tool_reports(&mut self, id: &str, json: &'static str) -> &mut Self {
        let result = FunctionCallResult {
            name: "",
            tool_call_id: id,
            result: Some(&json),
            error: None,
            is_final: false,
        };
        self.push(LLM, &Frame::FunctionCallResult(result))
    }

    pub(super) fn fails(&mut self, source: &str, message: &str) -> &mut Self {
        self.push(source, &Frame::Error(ErrorReport { message, ..ErrorReport::default() }))
    }

    pub(super) fn ends(&mut self) -> &mut Self {
        self.passes_all(&Frame::End)
    }

    pub(super) fn cancels(&mut self) -> &mut Self {
        self.passes_all(&Frame::Cancel)
    }

    pub(super) fn drops(&mut self) -> &mut Self {
        let now = Time::from_unix_nanos(self.now * 1_000_000);
        self.conversation.close(now, CloseReason::Dropped, &mut self.spans);
        self
    }

    /// Returns the spans so far as a tree.
    pub(super) fn tree(&self) -> String {
        assert_eq!(
            self.spans.started.len(),
            self.spans.ended.len() + self.open_spans(),
            "every span that begins ends once"
        );
        tree_of(&self.spans)
    }

    fn open_spans(&self) -> usize {
        let is_ended = |key| self.spans.ended.iter().any(|record| record.key == key);
        self.spans.started.iter().filter(|start| !is_ended(start.key)).count()
    }
}

/// A piece of one reply, joined to the one before it by a space.
pub(super) fn chunk<'a>(reply: &'a str, text: &'a str) -> TextChunk<'a> {
    TextChunk { spacing: Spacing::Between, context_id: Some(reply), ..TextChunk::new(text) }
}

pub(super) struct Messages(pub(super) Vec<(&'static str, String)>);

impl ChatContext for Messages {
    fn message_count(&self) -> usize {
        self.0.len()
    }

    fn role(&self, index: usize) -> &str {
        self.0[index].0
    }

    fn message(&self, index: usize) -> Message {
        let (role, text) = &self.0[index];
        Message::text(*role, text.clone())
    }

    fn tool_count(&self) -> usize {
        0
    }

    fn tool(&self, _: usize) -> String {
        String::new()
    }
}

impl Json for &'static str {
    fn to_text(&self) -> String {
        (*self).to_owned()
    }

    fn error_text(&self) -> Option<String> {
        self.contains("\"error\"").then(|| "it broke".to_owned())
    }
}
