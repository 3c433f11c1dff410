//! A scripted pipeline that pushes the frames of a conversation.

use std::thread::sleep;
use std::time::Duration;

use pipecat_instrument::frame::{
    ChatContext, Direction, Frame, FrameId, FramePushed, FunctionCall, FunctionCallResult, Json, Measurement,
    Message, Metric, Processor, ProcessorRef, Role, Spacing, TextChunk, ToolCall,
};
use pipecat_instrument::{ObserveOptions, Observer, PipecatInstrumentor};

/// A pipeline of STT, LLM, TTS and an output transport.
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
    /// Starts a conversation with these services.
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
        pipeline.push_over_all_hops(&Frame::Start);
        pipeline
    }

    /// The user starts speaking.
    pub(crate) fn start_user(&mut self) {
        self.push_by_user(&Frame::VadUserStartedSpeaking);
        self.push_by_user(&Frame::UserStartedSpeaking);
    }

    /// The user says `text` and stops speaking.
    pub(crate) fn say_as_user(&mut self, text: &str) {
        self.push_by_user(&Frame::VadUserStoppedSpeaking { stop_secs: Some(0.2), transcript: None });
        self.push(&self.stt.clone(), &Frame::Transcription(text.into()));
        self.push_by_user(&Frame::UserStoppedSpeaking);
        self.messages.push(Message::text("user", text));
    }

    /// Sends the context to the LLM and starts the response.
    pub(crate) fn start_llm_call(&mut self) {
        let id = self.new_id();
        let (aggregator, llm, context) =
            (user_aggregator(), self.llm.clone(), Context(self.messages.clone()));
        self.hop(&aggregator, (&llm).into(), id, &Frame::LlmContext(Some(&context)));
        self.push(&llm, &Frame::LlmResponseStart);
    }

    /// Streams the response, token by token.
    pub(crate) fn stream_response(&mut self, text: &str) {
        for token in text.split_inclusive(' ') {
            self.push(&self.llm.clone(), &Frame::LlmText(TextChunk::new(token)));
        }
    }

    /// Ends the response.
    pub(crate) fn end_llm_call(&mut self) {
        self.push(&self.llm.clone(), &Frame::LlmResponseEnd);
    }

    /// Ends the response with a tool call, which returns `result`.
    pub(crate) fn call_tool(&mut self, name: &str, arguments: &'static str, result: &'static str) {
        let (llm, tool_call_id) = (self.llm.clone(), "call_1");
        let (called_with, returned) = (JsonText(arguments), JsonText(result));
        let call = FunctionCall { name, tool_call_id, arguments: Some(&called_with) };
        self.push(&llm, &Frame::FunctionCallsStarted(&[call]));
        self.end_llm_call();
        self.push(&llm, &Frame::FunctionCallInProgress(call));
        let result =
            FunctionCallResult { name, tool_call_id, result: Some(&returned), error: None, is_final: true };
        self.push(&llm, &Frame::FunctionCallResult(result));

        let call = ToolCall { id: tool_call_id.into(), name: name.into(), arguments: arguments.into() };
        let asking = Message { role: "assistant".into(), tool_calls: vec![call], ..Message::default() };
        let answer = Message { tool_call_id: Some(tool_call_id.into()), ..Message::text("tool", returned.0) };
        self.messages.extend([asking, answer]);
    }

    /// Starts the synthesis of `text`.
    pub(crate) fn start_synthesis(&mut self, text: &str) {
        let tts = self.tts.clone();
        self.push(&tts, &Frame::AggregatedText(spoken(text)));
        self.push(&tts, &Frame::TtsStarted { context_id: None });
        self.push(&tts, &Frame::TtsText(spoken(text)));
    }

    /// The bot starts speaking `text`.
    pub(crate) fn start_bot(&mut self, text: &str) {
        let output = self.output.clone();
        self.push(&output, &Frame::BotStartedSpeaking);
        self.push(&output, &Frame::TtsText(spoken(text)));
    }

    /// Ends the synthesis; the bot stops speaking.
    pub(crate) fn stop_bot(&mut self, text: &str) {
        self.push(&self.tts.clone(), &Frame::TtsStopped { context_id: None });
        self.push(&self.output.clone(), &Frame::BotStoppedSpeaking);
        self.messages.push(Message::text("assistant", text));
    }

    /// Pushes a metric of `service`.
    pub(crate) fn report_metric(&mut self, service: &Processor, value: Measurement) {
        self.push(service, &Frame::Metrics(&[Metric { processor: &service.name, model: None, value }]));
    }

    /// Ends the pipeline.
    pub(crate) fn end(mut self) {
        self.push_over_all_hops(&Frame::End);
    }

    fn push_over_all_hops(&mut self, frame: &Frame<'_>) {
        let id = self.new_id();
        let hops = [
            (&self.stt, &self.llm),
            (&self.llm, &self.tts),
            (&self.tts, &self.output),
            (&self.output, &self.sink),
        ];
        for (source, destination) in hops {
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

/// Sleeps.
pub(crate) fn wait(milliseconds: u64) {
    sleep(Duration::from_millis(milliseconds));
}

fn user_aggregator() -> Processor {
    Processor::new("User", "LLMUserAggregator", Role::Other)
}

fn spoken(text: &str) -> TextChunk<'_> {
    TextChunk { spacing: Spacing::Between, ..TextChunk::new(text) }
}

/// A context with the messages so far, and one tool.
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
