//! A pipeline without a framework, traced: `cargo run -p own_pipeline`.
//!
//! The tracing consists of four parts, marked with their numbers in the code:
//!
//! 1. `#[derive(ObservedFrame)]` maps the frames.
//! 2. `#[derive(ObservedService)]` describes the processors.
//! 3. The pipeline passes each hop, the push of a frame to a processor, to the observer.
//! 4. The task stores the observer, which `#[instrument_task]` attaches in its constructor.

use std::collections::VecDeque;
use std::error::Error;
use std::thread::sleep;
use std::time::Duration;

use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
use pipecat_instrument::console::{SpanTree, TreeStyle};
use pipecat_instrument::frame::{Direction, FrameId, FramePushed, Message, ProcessorRef};
use pipecat_instrument::{
    ObservedFrame, ObservedService, ObservedTask, Observer, PipecatInstrumentor, instrument_task,
};

use Step::{Push, Work};

fn main() -> Result<(), Box<dyn Error>> {
    let spans = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(spans.clone()).build();
    PipecatInstrumentor::instrument(provider)?;

    run_conversation();

    let tree = SpanTree::from_spans(&spans.get_finished_spans()?);
    print!("{}", tree.render(TreeStyle::default()));
    Ok(())
}

fn run_conversation() {
    let stt = Stt { transcripts: ["What is the capital of France?", "And of Italy?"].into() };
    let llm = Llm { responses: ["Paris, of course.", "That would be Rome."].into() };
    let mut task = PipelineTask::new(
        "call-42",
        vec![
            Box::new(stt),
            Box::new(Aggregator { messages: vec![Message::text("system", "Be brief.")] }),
            Box::new(llm),
            Box::new(Tts { text: String::new(), voice: "mime" }),
            Box::new(Output),
        ],
    );
    task.push(&Frame::Start);
    for _ in 0..2 {
        task.push(&Frame::UserStartedSpeaking);
        task.push(&Frame::Microphone(vec![0; 320]));
        sleep(Duration::from_millis(80));
        task.push(&Frame::UserStoppedSpeaking);
        sleep(Duration::from_millis(150));
    }
    task.push(&Frame::End);
}

/// A frame of the pipeline. (1) Each variant has a mapping for the trace.
#[derive(ObservedFrame)]
enum Frame {
    #[frame(start)]
    Start,
    #[frame(end)]
    End,
    #[frame(ignore)]
    Microphone(#[expect(dead_code)] Vec<i16>),
    #[frame(user_started_speaking)]
    UserStartedSpeaking,
    #[frame(user_stopped_speaking)]
    UserStoppedSpeaking,
    #[frame(transcription)]
    Transcript(String),
    #[frame(llm_context)]
    Context(Vec<Message>),
    #[frame(llm_response_start)]
    ResponseStart,
    #[frame(llm_text)]
    Token(&'static str),
    #[frame(llm_response_end)]
    ResponseEnd,
    #[frame(tts_started)]
    TtsStarted,
    #[frame(tts_text)]
    TtsText(String),
    #[frame(tts_audio(samples, sample_rate = 16_000))]
    TtsAudio { samples: Vec<i16> },
    #[frame(tts_stopped)]
    TtsStopped,
    #[frame(bot_started_speaking)]
    BotStartedSpeaking,
    #[frame(bot_stopped_speaking)]
    BotStoppedSpeaking,
}

/// A processor. It forwards every frame, and then performs the returned steps. (2) Each describes itself for the trace.
trait Process: ObservedService {
    fn process(&mut self, frame: &Frame) -> Vec<Step>;
}

/// A step of a processor.
enum Step {
    /// Takes some time.
    Work(Duration),
    /// Pushes a new frame downstream.
    Push(Frame),
}

const fn work(millis: u64) -> Step {
    Work(Duration::from_millis(millis))
}

/// A running pipeline. (4) It stores the observer.
struct PipelineTask {
    processors: Vec<Box<dyn Process>>,
    next_id: u64,
    observer: Option<Observer>,
}

impl ObservedTask for PipelineTask {
    fn attach_observer(&mut self, observer: Observer) {
        self.observer = Some(observer);
    }
}

#[instrument_task(conversation_id = call_id)]
impl PipelineTask {
    fn new(call_id: &str, processors: Vec<Box<dyn Process>>) -> Self {
        println!("{call_id} begins");
        Self { processors, next_id: 0, observer: None }
    }

    /// Pushes a new frame into the pipeline.
    fn push(&mut self, frame: &Frame) {
        self.push_from(0, frame);
    }

    /// Pushes a new frame to the processor at `start`, and on to the end of the pipeline.
    fn push_from(&mut self, start: usize, frame: &Frame) {
        self.next_id += 1;
        let id = FrameId(self.next_id);
        let mut outputs = Vec::new();
        for index in start..=self.processors.len() {
            self.observe(index, id, frame);
            let Some(processor) = self.processors.get_mut(index) else { break };
            outputs.push((index + 1, processor.process(frame)));
        }
        for (next, steps) in outputs {
            for step in steps {
                match step {
                    Work(time) => sleep(time),
                    Push(frame) => self.push_from(next, &frame),
                }
            }
        }
    }

    /// (3) Passes the hop to the processor at `index` to the observer. A frame keeps its id over its hops.
    fn observe(&self, index: usize, id: FrameId, frame: &Frame) {
        let Some(observer) = &self.observer else { return };
        let processor = |index: usize| Some(ProcessorRef::new(&**self.processors.get(index)?));
        observer.on_push_frame(&FramePushed {
            source: index.checked_sub(1).and_then(processor).unwrap_or((&Source).into()),
            destination: processor(index).unwrap_or((&Sink).into()),
            direction: Direction::Downstream,
            id: Some(id),
            sibling: None,
            frame,
        });
    }
}

/// The source of the frames.
#[derive(ObservedService)]
#[service(input_transport)]
struct Source;

/// The end of the pipeline.
#[derive(ObservedService)]
#[service(sink)]
struct Sink;

/// Returns the transcripts of a script.
#[derive(ObservedService)]
#[service(stt, class = "ScriptedSTTService", model = "script-1")]
struct Stt {
    transcripts: VecDeque<&'static str>,
}

impl Process for Stt {
    fn process(&mut self, frame: &Frame) -> Vec<Step> {
        let Frame::UserStoppedSpeaking = frame else { return Vec::new() };
        let Some(text) = self.transcripts.pop_front() else { return Vec::new() };
        vec![work(30), Push(Frame::Transcript(text.to_owned()))]
    }
}

/// Adds transcripts to the context, and sends it to the model.
#[derive(ObservedService)]
#[service(other)]
struct Aggregator {
    messages: Vec<Message>,
}

impl Process for Aggregator {
    fn process(&mut self, frame: &Frame) -> Vec<Step> {
        let Frame::Transcript(text) = frame else { return Vec::new() };
        self.messages.push(Message::text("user", text));
        vec![Push(Frame::Context(self.messages.clone()))]
    }
}

/// Returns the responses of a script.
#[derive(ObservedService)]
#[service(llm, class = "ScriptedLLMService", model = "script-1")]
struct Llm {
    responses: VecDeque<&'static str>,
}

impl Process for Llm {
    fn process(&mut self, frame: &Frame) -> Vec<Step> {
        let Frame::Context(_) = frame else { return Vec::new() };
        let tokens = self.responses.pop_front().unwrap_or_default().split_inclusive(' ');
        let pushes = tokens.flat_map(|token| [work(5), Push(Frame::Token(token))]);
        [work(40), Push(Frame::ResponseStart)]
            .into_iter()
            .chain(pushes)
            .chain([Push(Frame::ResponseEnd)])
            .collect()
    }
}

/// Synthesizes a complete response.
#[derive(ObservedService)]
#[service(tts, class = "SilentTTSService", voice)]
struct Tts {
    text: String,
    voice: &'static str,
}

impl Process for Tts {
    fn process(&mut self, frame: &Frame) -> Vec<Step> {
        match frame {
            Frame::Token(text) => self.text.push_str(text),
            Frame::ResponseEnd => {
                let text = std::mem::take(&mut self.text);
                let audio = Frame::TtsAudio { samples: vec![0; text.len() * 160] };
                let spoken_text = Frame::TtsText(text);
                return vec![
                    Push(Frame::TtsStarted),
                    work(40),
                    Push(spoken_text),
                    Push(audio),
                    Push(Frame::TtsStopped),
                ];
            }
            _ => {}
        }
        Vec::new()
    }
}

/// Plays audio, and announces the bot's speech.
#[derive(ObservedService)]
#[service(output_transport)]
struct Output;

impl Process for Output {
    fn process(&mut self, frame: &Frame) -> Vec<Step> {
        match frame {
            Frame::TtsAudio { samples } => {
                let time = Duration::from_micros(samples.len() as u64 * 1_000 / 16);
                vec![Push(Frame::BotStartedSpeaking), Work(time), Push(Frame::BotStoppedSpeaking)]
            }
            _ => Vec::new(),
        }
    }
}
