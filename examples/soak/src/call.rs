//! A simulated call: what a pipeline pushes in every 20 ms of it.

use std::sync::Arc;

use pipecat_instrument::Observer;
use pipecat_instrument::frame::{
    Audio, Direction, ErrorReport, Frame, FrameId, FramePushed, FunctionCall, FunctionCallResult, Json,
    LlmUsage, Measurement, Message, Metric, Processor, Role, TextChunk,
};
use pipecat_instrument_runtime::json::RawJson;

use super::scenario::{Ending, Event, Scenario};

/// 20 ms of telephone audio.
const PIECE: Audio = Audio::pcm16(640, 16_000, 1);

/// The processors of a voice agent, which the calls of a process share.
pub(crate) struct Pipeline {
    processors: Vec<Processor>,
    /// Over how many hops each frame travels.
    hops: usize,
    /// In how many ticks there is one with audio.
    audio_every: u64,
}

impl Pipeline {
    pub(crate) fn new(hops: usize, audio_every: u64) -> Self {
        let of = |(class, role): (&str, Role)| Processor::new(format!("{class}#0"), class, role);
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
        Self { processors: processors.map(of).into(), hops: hops.max(1), audio_every }
    }

    fn place(&self, role: Role) -> usize {
        self.processors.iter().position(|processor| processor.role == role).unwrap_or(0)
    }
}

/// What became of a call in these 20 ms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    GoesOn,
    Over,
}

/// One simulated call.
pub(crate) struct Call {
    observer: Observer,
    pipeline: Arc<Pipeline>,
    scenario: Scenario,
    history: Vec<Message>,
    next_id: u64,
    answers: bool,
    speaks: bool,
    frames: u64,
    ticks: u64,
}

impl Call {
    pub(crate) fn begin(observer: Observer, pipeline: Arc<Pipeline>, scenario: Scenario) -> Self {
        let history = vec![Message::text("system", "You answer the telephone of a museum. Be brief.")];
        let mut call = Self {
            observer,
            pipeline,
            scenario,
            history,
            next_id: 1,
            answers: false,
            speaks: false,
            frames: 0,
            ticks: 0,
        };
        call.push_to_the_end(&Frame::Start);
        call
    }

    /// How many frames were pushed so far, each counted once.
    pub(crate) const fn frames(&self) -> u64 {
        self.frames
    }

    /// The next 20 ms.
    pub(crate) fn tick(&mut self) -> Progress {
        self.ticks += 1;
        let is_heard = self.ticks.is_multiple_of(self.pipeline.audio_every);
        if is_heard {
            self.push(Role::InputTransport, &Frame::InputAudio(PIECE));
        }
        if self.answers {
            self.push(Role::Llm, &Frame::LlmText(TextChunk::new(" sunny")));
        }
        if self.speaks && is_heard {
            self.push(Role::Tts, &Frame::TtsAudio(PIECE));
        }
        while let Some(event) = self.scenario.next_event() {
            self.happens(event);
        }
        let Some(ending) = self.scenario.advance() else { return Progress::GoesOn };
        match ending {
            Ending::End => self.push_to_the_end(&Frame::End),
            Ending::Cancel => self.push(Role::InputTransport, &Frame::Cancel),
            Ending::Close => self.observer.close(),
            Ending::Drop => {}
        }
        Progress::Over
    }

    fn happens(&mut self, event: Event) {
        let Self { observer: _, history, .. } = self;
        match event {
            Event::UserStarts => {
                self.push(Role::InputTransport, &Frame::VadUserStartedSpeaking);
                self.push(Role::InputTransport, &Frame::UserStartedSpeaking);
                self.push(Role::InputTransport, &Frame::Interruption);
            }
            Event::Interim => self.push(Role::Stt, &Frame::InterimTranscription("What will the".into())),
            Event::Heard => {
                history.push(Message::text("user", "What will the weather be like on Sunday?"));
                let said = Frame::Transcription("What will the weather be like on Sunday?".into());
                self.push(Role::Stt, &said);
            }
            Event::UserStops => {
                let stopped = Frame::VadUserStoppedSpeaking { stop_secs: Some(0.2), transcript: None };
                self.push(Role::InputTransport, &stopped);
                self.push(Role::InputTransport, &Frame::UserStoppedSpeaking);
            }
            Event::Asks => self.asks(),
            Event::AnswerStarts => {
                self.push(Role::Llm, &Frame::LlmResponseStart);
                self.answers = true;
            }
            Event::AnswerEnds => self.answer_ends(),
            Event::CallsTool => self.calls_tool(),
            Event::ToolAnswers => {
                let result: &dyn Json = &RawJson(r#"{"degrees":24}"#);
                let answer = FunctionCallResult {
                    name: "get_weather",
                    tool_call_id: "c1",
                    result: Some(result),
                    error: None,
                };
                self.push(Role::Llm, &Frame::FunctionCallResult(answer));
            }
            Event::Fails => {
                let report = ErrorReport {
                    message: "503 overloaded",
                    exception: Some("Overloaded('503')"),
                    ..ErrorReport::default()
                };
                self.push(Role::Llm, &Frame::Error(report));
            }
            Event::SpeechStarts => {
                self.push(Role::Tts, &Frame::TtsStarted { context_id: Some("reply") });
                self.push(Role::Tts, &Frame::AggregatedText(TextChunk::new("It will be sunny.")));
                self.speaks = true;
            }
            Event::Spoken => {
                self.push(Role::OutputTransport, &Frame::TtsText(TextChunk::new("It will be sunny.")));
            }
            Event::SpeechStops => {
                self.push(Role::Tts, &Frame::TtsStopped { context_id: Some("reply") });
                self.speaks = false;
            }
            Event::BotStarts => self.push(Role::OutputTransport, &Frame::BotStartedSpeaking),
            Event::BotStops => {
                self.push(Role::OutputTransport, &Frame::BotStoppedSpeaking);
                (self.speaks, self.answers) = (false, false);
            }
        }
    }

    /// The context gets to the model, from the aggregator before it.
    fn asks(&mut self) {
        let history = std::mem::take(&mut self.history);
        let llm = self.pipeline.place(Role::Llm);
        let id = self.new_id();
        self.hop(llm - 1, id, &Frame::LlmContext(Some(&history)));
        self.history = history;
    }

    fn answer_ends(&mut self) {
        self.push(Role::Llm, &Frame::LlmResponseEnd);
        self.answers = false;
        self.history.push(Message::text("assistant", "It will be sunny."));
        // An assistant that is to run for hours forgets, too.
        if self.history.len() > 40 {
            self.history.drain(1..3);
        }
        let usage = LlmUsage { prompt: 400, completion: 30, total: 430, ..LlmUsage::default() };
        let of = |value| Metric { processor: "OpenAILLMService#0", model: Some("gpt-5"), value };
        let metrics = [of(Measurement::TimeToFirstByte(0.2)), of(Measurement::LlmUsage(usage))];
        self.push(Role::Llm, &Frame::Metrics(&metrics));
    }

    fn calls_tool(&mut self) {
        let arguments: &dyn Json = &RawJson(r#"{"day":"Sunday"}"#);
        let call = FunctionCall { name: "get_weather", tool_call_id: "c1", arguments: Some(arguments) };
        self.push(Role::Llm, &Frame::FunctionCallsStarted(&[call]));
        self.push(Role::Llm, &Frame::FunctionCallInProgress(call));
    }

    /// A new frame that the processor of `role` pushes, on its way.
    fn push(&mut self, role: Role, frame: &Frame<'_>) {
        let (first, id) = (self.pipeline.place(role), self.new_id());
        for place in first..first + self.pipeline.hops {
            self.hop(place, id, frame);
        }
    }

    /// A new frame that travels through the whole pipeline.
    fn push_to_the_end(&mut self, frame: &Frame<'_>) {
        let id = self.new_id();
        (0..self.pipeline.processors.len() - 1).for_each(|place| self.hop(place, id, frame));
    }

    fn new_id(&mut self) -> u64 {
        self.next_id += 1;
        self.frames += 1;
        self.next_id
    }

    /// One hop, to the processor behind `place`.
    fn hop(&self, place: usize, id: u64, frame: &Frame<'_>) {
        let processors = &self.pipeline.processors;
        if let Some([source, destination]) = processors.get(place..place + 2) {
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
