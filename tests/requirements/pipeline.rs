//! A pipeline that says, frame by frame, what is to be traced.

use std::thread::sleep;
use std::time::Duration;

use pipecat_instrument::frame::{
    ChatContext, Direction, Frame, FrameId, FramePushed, FunctionCall, FunctionCallResult, Json, Measurement,
    Message, Metric, Processor, ProcessorRef, Role, Spacing, TextChunk, ToolCall,
};
use pipecat_instrument::{ObserveOptions, Observer, PipecatInstrumentor};

/// Speech-to-text, a language model, synthesis, and a transport.
pub(crate) struct Pipeline {
    observer: Observer,
    pub(crate) stt: Processor,
    pub(crate) llm: Processor,
    pub(crate) tts: Processor,
    output: Processor,
    sink: Processor,
    messages: Vec<Message>,
    ids: u64,
}

impl Pipeline {
    /// The services of a conversation, which starts.
    pub(crate) fn start(conversation_id: &str, [stt, llm, tts]: [Processor; 3]) -> Self {
        let options = ObserveOptions::new().conversation_id(conversation_id);
        let mut pipeline = Self {
            observer: PipecatInstrumentor::observe(options).expect("observation is on"),
            stt,
            llm,
            tts,
            output: Processor::new("Output", "BaseOutputTransport", Role::OutputTransport),
            sink: Processor::new("Sink", "PipelineSink", Role::Sink),
            messages: vec![Message::text("system", "You are a helpful assistant")],
            ids: 0,
        };
        pipeline.passes_all(&Frame::Start);
        pipeline
    }

    /// The user starts to speak.
    pub(crate) fn user_starts(&mut self) {
        self.push_by_user(&Frame::VadUserStartedSpeaking);
        self.push_by_user(&Frame::UserStartedSpeaking);
    }

    /// The user has said `text`, and stops.
    pub(crate) fn user_has_said(&mut self, text: &str) {
        self.push_by_user(&Frame::VadUserStoppedSpeaking { stop_secs: Some(0.2), transcript: None });
        self.push(&self.stt.clone(), &Frame::Transcription(text.into()));
        self.push_by_user(&Frame::UserStoppedSpeaking);
        self.messages.push(Message::text("user", text));
    }

    /// The context is sent to the model, which begins to answer.
    pub(crate) fn model_is_asked(&mut self) {
        let id = self.new_id();
        let (aggregator, llm, context) =
            (user_aggregator(), self.llm.clone(), Context(self.messages.clone()));
        self.hop(&aggregator, (&llm).into(), id, &Frame::LlmContext(Some(&context)));
        self.push(&llm, &Frame::LlmResponseStart);
    }

    /// The model answers, token by token.
    pub(crate) fn model_answers(&mut self, text: &str) {
        for token in text.split_inclusive(' ') {
            self.push(&self.llm.clone(), &Frame::LlmText(TextChunk::new(token)));
        }
    }

    /// The model has answered.
    pub(crate) fn model_is_done(&mut self) {
        self.push(&self.llm.clone(), &Frame::LlmResponseEnd);
    }

    /// The model asks for a function, which returns `result`.
    pub(crate) fn model_calls(&mut self, name: &str, arguments: &'static str, result: &'static str) {
        let (llm, tool_call_id) = (self.llm.clone(), "call_1");
        let (called_with, returned) = (JsonText(arguments), JsonText(result));
        let call = FunctionCall { name, tool_call_id, arguments: Some(&called_with) };
        self.push(&llm, &Frame::FunctionCallsStarted(&[call]));
        self.model_is_done();
        self.push(&llm, &Frame::FunctionCallInProgress(call));
        let result = FunctionCallResult { name, tool_call_id, result: Some(&returned), error: None };
        self.push(&llm, &Frame::FunctionCallResult(result));

        let call = ToolCall { id: tool_call_id.into(), name: name.into(), arguments: arguments.into() };
        let asking = Message { role: "assistant".into(), tool_calls: vec![call], ..Message::default() };
        let answer = Message { tool_call_id: Some(tool_call_id.into()), ..Message::text("tool", returned.0) };
        self.messages.extend([asking, answer]);
    }

    /// Synthesis of `text` begins.
    pub(crate) fn synthesis_begins(&mut self, text: &str) {
        let tts = self.tts.clone();
        self.push(&tts, &Frame::AggregatedText(spoken(text)));
        self.push(&tts, &Frame::TtsStarted { context_id: None });
        self.push(&tts, &Frame::TtsText(spoken(text)));
    }

    /// The bot is heard to say `text`.
    pub(crate) fn bot_says(&mut self, text: &str) {
        let output = self.output.clone();
        self.push(&output, &Frame::BotStartedSpeaking);
        self.push(&output, &Frame::TtsText(spoken(text)));
    }

    /// Synthesis is done, and the bot has said it all.
    pub(crate) fn bot_is_done(&mut self, text: &str) {
        self.push(&self.tts.clone(), &Frame::TtsStopped { context_id: None });
        self.push(&self.output.clone(), &Frame::BotStoppedSpeaking);
        self.messages.push(Message::text("assistant", text));
    }

    /// A service reports of itself.
    pub(crate) fn measures(&mut self, service: &Processor, value: Measurement) {
        self.push(service, &Frame::Metrics(&[Metric { processor: &service.name, model: None, value }]));
    }

    /// The pipeline ends.
    pub(crate) fn end(mut self) {
        self.passes_all(&Frame::End);
    }

    fn passes_all(&mut self, frame: &Frame<'_>) {
        let id = self.new_id();
        let ways = [
            (&self.stt, &self.llm),
            (&self.llm, &self.tts),
            (&self.tts, &self.output),
            (&self.output, &self.sink),
        ];
        for (source, destination) in ways {
            self.hop(source, destination.into(), id, frame);
        }
    }

    fn push_by_user(&mut self, frame: &Frame<'_>) {
        self.push(&user_aggregator(), frame);
    }

    fn push(&mut self, source: &Processor, frame: &Frame<'_>) {
        let id = self.new_id();
        self.hop(source, ProcessorRef::named("Next"), id, frame);
    }

    fn hop(&self, source: &Processor, destination: ProcessorRef<'_>, id: FrameId, frame: &Frame<'_>) {
        let (direction, id, source) = (Direction::Downstream, Some(id), source.into());
        self.observer.on_push_frame(&FramePushed {
            source,
            destination,
            direction,
            id,
            sibling: None,
            frame,
        });
    }

    fn new_id(&mut self) -> FrameId {
        self.ids += 1;
        FrameId(self.ids)
    }
}

/// Time passes.
pub(crate) fn wait(milliseconds: u64) {
    sleep(Duration::from_millis(milliseconds));
}

fn user_aggregator() -> Processor {
    Processor::new("User", "LLMUserAggregator", Role::Other)
}

fn spoken(text: &str) -> TextChunk<'_> {
    TextChunk { spacing: Spacing::Between, ..TextChunk::new(text) }
}

/// The messages so far, and one tool.
struct Context(Vec<Message>);

impl ChatContext for Context {
    fn message_count(&self) -> usize {
        self.0.len()
    }

    fn role(&self, index: usize) -> &str {
        self.0.role(index)
    }

    fn message(&self, index: usize) -> Message {
        self.0.message(index)
    }

    fn tool_count(&self) -> usize {
        1
    }

    fn tool(&self, _: usize) -> String {
        r#"{"type":"function","function":{"name":"look_up"}}"#.to_owned()
    }
}

struct JsonText(&'static str);

impl Json for JsonText {
    fn to_text(&self) -> String {
        self.0.to_owned()
    }

    fn error_text(&self) -> Option<String> {
        None
    }
}
