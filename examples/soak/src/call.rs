//! A simulated call, which pushes the frames of a pipeline.

use std::sync::Arc;

use pipecat_instrument::Observer;
use pipecat_instrument::frame::{
    Audio, Direction, ErrorReport, Frame, FrameId, FramePushed, FunctionCall, FunctionCallResult, Json,
    LlmUsage, Measurement, Message, Metric, Processor, Role, TextChunk,
};
use pipecat_instrument_runtime::json::RawJson;

use super::scenario::{Ending, Event, Scenario};

/// 20 ms of telephone audio.
const CHUNK: Audio = Audio::pcm16(640, 16_000, 1);

/// The processors of a voice agent, which all calls share.
pub(crate) struct Pipeline {
    processors: Vec<Processor>,
    /// Hops of each frame.
    hops: usize,
    /// Audio is pushed once in this many ticks.
    audio_every: u64,
}

impl Pipeline {
    pub(crate) fn new(hops: usize, audio_every: u64) -> Self {
        let processor = |(class, role): (&str, Role)| Processor::new(format!("{class}#0"), class, role);
        let processors = [
            ("InputTransport", Role::InputTransport),
            ("DeepgramSTTService", Role::Stt),
            ("LLMUserAggregator", Role::Other),
            ("OpenAILLMService", Role::Llm),
            ("CartesiaTTSService", Role::Tts),
            ("OutputTransport", Role::OutputTransport),
            ("LLMAssistantAggregator", Role::Other),
            ("PipelineSink", Role::Sink),
        ];
        Self { processors: processors.map(processor).into(), hops: hops.max(1), audio_every }
    }

    fn index_of(&self, role: Role) -> usize {
        self.processors.iter().position(|processor| processor.role == role).unwrap_or(0)
    }
}

/// State of a call after a tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    Active,
    Ended,
}

/// One simulated call.
pub(crate) struct Call {
    observer: Observer,
    pipeline: Arc<Pipeline>,
    scenario: Scenario,
    history: Vec<Message>,
    next_id: u64,
    is_responding: bool,
    is_speaking: bool,
    frames: u64,
    ticks: u64,
}

impl Call {
    pub(crate) fn start(observer: Observer, pipeline: Arc<Pipeline>, scenario: Scenario) -> Self {
        let history = vec![Message::text("system", "You answer the telephone of a museum. Be brief.")];
        let mut call = Self {
            observer,
            pipeline,
            scenario,
            history,
            next_id: 1,
            is_responding: false,
            is_speaking: false,
            frames: 0,
            ticks: 0,
        };
        call.push_through(&Frame::Start);
        call
    }

    /// Returns the number of frames so far. Each counts once, regardless of its hops.
    pub(crate) const fn frames(&self) -> u64 {
        self.frames
    }

    /// Simulates the next 20 ms.
    pub(crate) fn tick(&mut self) -> Progress {
        self.ticks += 1;
        let has_audio = self.ticks.is_multiple_of(self.pipeline.audio_every);
        if has_audio {
            self.push(Role::InputTransport, &Frame::InputAudio(CHUNK));
        }
        if self.is_responding {
            self.push(Role::Llm, &Frame::LlmText(TextChunk::new(" sunny")));
        }
        if self.is_speaking && has_audio {
            self.push(Role::Tts, &Frame::TtsAudio(CHUNK));
        }
        while let Some(event) = self.scenario.next_event() {
            self.on_event(event);
        }
        let Some(ending) = self.scenario.advance() else { return Progress::Active };
        match ending {
            Ending::End => self.push_through(&Frame::End),
            Ending::Cancel => self.push(Role::InputTransport, &Frame::Cancel),
            Ending::Close => self.observer.close(),
            Ending::Drop => {}
        }
        Progress::Ended
    }

    fn on_event(&mut self, event: Event) {
        let Self { observer: _, history, .. } = self;
        match event {
            Event::UserStarted => {
                self.push(Role::InputTransport, &Frame::VadUserStartedSpeaking);
                self.push(Role::InputTransport, &Frame::UserStartedSpeaking);
                self.push(Role::InputTransport, &Frame::Interruption);
            }
            Event::InterimTranscript => {
                self.push(Role::Stt, &Frame::InterimTranscription("What will the".into()));
            }
            Event::FinalTranscript => {
                history.push(Message::text("user", "What will the weather be like on Sunday?"));
                let said = Frame::Transcription("What will the weather be like on Sunday?".into());
                self.push(Role::Stt, &said);
            }
            Event::UserStopped => {
                let stopped = Frame::VadUserStoppedSpeaking { stop_secs: Some(0.2), transcript: None };
                self.push(Role::InputTransport, &stopped);
                self.push(Role::InputTransport, &Frame::UserStoppedSpeaking);
            }
            Event::LlmContext => self.push_context(),
            Event::ResponseStart => {
                self.push(Role::Llm, &Frame::LlmResponseStart);
                self.is_responding = true;
            }
            Event::ResponseEnd => self.end_response(),
            Event::ToolCall => self.call_tool(),
            Event::ToolResult => {
                let result: &dyn Json = &RawJson(r#"{"degrees":24}"#);
                let answer = FunctionCallResult {
                    name: "get_weather",
                    tool_call_id: "c1",
                    result: Some(result),
                    error: None,
                    is_final: true,
                };
                self.push(Role::Llm, &Frame::FunctionCallResult(answer));
            }
            Event::LlmError => {
                let report = ErrorReport {
                    message: "503 overloaded",
                    exception: Some("Overloaded('503')"),
                    ..ErrorReport::default()
                };
                self.push(Role::Llm, &Frame::Error(report));
            }
            Event::TtsStarted => {
                self.push(Role::Tts, &Frame::TtsStarted { context_id: Some("reply") });
                self.push(Role::Tts, &Frame::AggregatedText(TextChunk::new("It will be sunny.")));
                self.is_speaking = true;
            }
            Event::TtsText => {
                self.push(Role::OutputTransport, &Frame::TtsText(TextChunk::new("It will be sunny.")));
            }
            Event::TtsStopped => {
                self.push(Role::Tts, &Frame::TtsStopped { context_id: Some("reply") });
                self.is_speaking = false;
            }
            Event::BotStarted => self.push(Role::OutputTransport, &Frame::BotStartedSpeaking),
            Event::BotStopped => {
                self.push(Role::OutputTransport, &Frame::BotStoppedSpeaking);
                (self.is_speaking, self.is_responding) = (false, false);
            }
        }
    }

    /// Pushes the context from the aggregator to the model.
    fn push_context(&mut self) {
        let history = std::mem::take(&mut self.history);
        let llm = self.pipeline.index_of(Role::Llm);
        let id = self.new_id();
        self.hop(llm - 1, id, &Frame::LlmContext(Some(&history)));
        self.history = history;
    }

    fn end_response(&mut self) {
        self.push(Role::Llm, &Frame::LlmResponseEnd);
        self.is_responding = false;
        self.history.push(Message::text("assistant", "It will be sunny."));
        // Bounds the context of a call that lasts for hours.
        if self.history.len() > 40 {
            self.history.drain(1..3);
        }
        let usage = LlmUsage { prompt: 400, completion: 30, total: 430, ..LlmUsage::default() };
        let metric = |value| Metric { processor: "OpenAILLMService#0", model: Some("gpt-5"), value };
        let metrics = [metric(Measurement::TimeToFirstByte(0.2)), metric(Measurement::LlmUsage(usage))];
        self.push(Role::Llm, &Frame::Metrics(&metrics));
    }

    fn call_tool(&mut self) {
        let arguments: &dyn Json = &RawJson(r#"{"day":"Sunday"}"#);
        let call = FunctionCall { name: "get_weather", tool_call_id: "c1", arguments: Some(arguments) };
        self.push(Role::Llm, &Frame::FunctionCallsStarted(&[call]));
        self.push(Role::Llm, &Frame::FunctionCallInProgress(call));
    }

    /// Pushes a new frame from the processor with this role.
    fn push(&mut self, role: Role, frame: &Frame<'_>) {
        let (first, id) = (self.pipeline.index_of(role), self.new_id());
        for index in first..first + self.pipeline.hops {
            self.hop(index, id, frame);
        }
    }

    /// Pushes a new frame through the whole pipeline.
    fn push_through(&mut self, frame: &Frame<'_>) {
        let id = self.new_id();
        (0..self.pipeline.processors.len() - 1).for_each(|index| self.hop(index, id, frame));
    }

    fn new_id(&mut self) -> u64 {
        self.next_id += 1;
        self.frames += 1;
        self.next_id
    }

    /// Pushes a frame from the processor at `index` to the next one.
    fn hop(&self, index: usize, id: u64, frame: &Frame<'_>) {
        let processors = &self.pipeline.processors;
        if let Some([source, destination]) = processors.get(index..index + 2) {
            self.observer.on_push_frame(&FramePushed {
                source: source.into(),
                destination: destination.into(),
                direction: Direction::Downstream,
                id: Some(FrameId(id)),
                sibling: None,
                frame,
            });
        }
    }
}
