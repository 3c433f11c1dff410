//! A pipeline of one's own, observed: `cargo run --example own_pipeline`.
//!
//! Four things make the difference between this pipeline and one without traces, each marked with its number: the frames
//! say what they are (1), the processors do (2), every hop goes past the observer (3), and the task has a place for it (4).

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

    hold_a_conversation();

    let tree = SpanTree::from_spans(&spans.get_finished_spans()?);
    print!("{}", tree.render(TreeStyle::default()));
    Ok(())
}

fn hold_a_conversation() {
    let stt = Stt { hears: ["What is the capital of France?", "And of Italy?"].into() };
    let llm = Llm { says: ["Paris, of course.", "That would be Rome."].into() };
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
        task.push(&Frame::UserStarts);
        task.push(&Frame::Microphone(vec![0; 320]));
        sleep(Duration::from_millis(80));
        task.push(&Frame::UserStops);
        sleep(Duration::from_millis(150));
    }
    task.push(&Frame::End);
}

/// What travels through the pipeline. (1) Each variant says what it is to a trace.
#[derive(ObservedFrame)]
enum Frame {
    #[frame(start)]
    Start,
    #[frame(end)]
    End,
    #[frame(ignore)]
    Microphone(#[expect(dead_code)] Vec<i16>),
    #[frame(user_started_speaking)]
    UserStarts,
    #[frame(user_stopped_speaking)]
    UserStops,
    #[frame(transcription)]
    Heard(String),
    #[frame(llm_context)]
    Ask(Vec<Message>),
    #[frame(llm_response_start)]
    AnswerStarts,
    #[frame(llm_text)]
    Token(&'static str),
    #[frame(llm_response_end)]
    AnswerEnds,
    #[frame(tts_started)]
    SpeechStarts,
    #[frame(tts_text)]
    Spoken(String),
    #[frame(tts_audio(samples, sample_rate = 16_000))]
    Speech { samples: Vec<i16> },
    #[frame(tts_stopped)]
    SpeechEnds,
    #[frame(bot_started_speaking)]
    BotStarts,
    #[frame(bot_stopped_speaking)]
    BotStops,
}

/// A processor passes every frame on, and then does what it makes of it. (2) Each says what it is.
trait Process: ObservedService {
    fn process(&mut self, frame: &Frame) -> Vec<Step>;
}

/// What a processor does with a frame.
enum Step {
    Work(Duration),
    Push(Frame),
}

const fn work(millis: u64) -> Step {
    Work(Duration::from_millis(millis))
}

/// The pipeline at work. (4) It has a place for the observer, which its constructor fills.
struct PipelineTask {
    stages: Vec<Box<dyn Process>>,
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
        Self { stages: processors, next_id: 0, observer: None }
    }

    /// Pushes a new frame into the pipeline.
    fn push(&mut self, frame: &Frame) {
        self.push_from(0, frame);
    }

    /// Pushes a new frame to the stage at `place`, and on from there.
    fn push_from(&mut self, place: usize, frame: &Frame) {
        self.next_id += 1;
        let id = FrameId(self.next_id);
        let mut made = Vec::new();
        for place in place..=self.stages.len() {
            self.observe(place, id, frame);
            let Some(stage) = self.stages.get_mut(place) else { break };
            made.push((place + 1, stage.process(frame)));
        }
        for (place, steps) in made {
            for step in steps {
                match step {
                    Work(time) => sleep(time),
                    Push(frame) => self.push_from(place, &frame),
                }
            }
        }
    }

    /// (3) One hop, to the stage at `place`.
    fn observe(&self, place: usize, id: FrameId, frame: &Frame) {
        let Some(observer) = &self.observer else { return };
        let stage = |place: usize| Some(ProcessorRef::new(&**self.stages.get(place)?));
        observer.on_push_frame(&FramePushed {
            source: place.checked_sub(1).and_then(stage).unwrap_or((&Source).into()),
            destination: stage(place).unwrap_or((&Sink).into()),
            direction: Direction::Downstream,
            id: Some(id),
            sibling: None,
            frame,
        });
    }
}

/// Where frames come from.
#[derive(ObservedService)]
#[service(input_transport)]
struct Source;

/// Where they have been worked off.
#[derive(ObservedService)]
#[service(sink)]
struct Sink;

/// Hears what stands in its script.
#[derive(ObservedService)]
#[service(stt, class = "ScriptedSTTService", model = "script-1")]
struct Stt {
    hears: VecDeque<&'static str>,
}

impl Process for Stt {
    fn process(&mut self, frame: &Frame) -> Vec<Step> {
        let Frame::UserStops = frame else { return Vec::new() };
        let Some(words) = self.hears.pop_front() else { return Vec::new() };
        vec![work(30), Push(Frame::Heard(words.to_owned()))]
    }
}

/// Keeps what was said, and asks the model to answer it.
#[derive(ObservedService)]
#[service(other)]
struct Aggregator {
    messages: Vec<Message>,
}

impl Process for Aggregator {
    fn process(&mut self, frame: &Frame) -> Vec<Step> {
        let Frame::Heard(words) = frame else { return Vec::new() };
        self.messages.push(Message::text("user", words));
        vec![Push(Frame::Ask(self.messages.clone()))]
    }
}

/// Answers what stands in its script.
#[derive(ObservedService)]
#[service(llm, class = "ScriptedLLMService", model = "script-1")]
struct Llm {
    says: VecDeque<&'static str>,
}

impl Process for Llm {
    fn process(&mut self, frame: &Frame) -> Vec<Step> {
        let Frame::Ask(_) = frame else { return Vec::new() };
        let tokens = self.says.pop_front().unwrap_or_default().split_inclusive(' ');
        let said = tokens.flat_map(|token| [work(5), Push(Frame::Token(token))]);
        [work(40), Push(Frame::AnswerStarts)]
            .into_iter()
            .chain(said)
            .chain([Push(Frame::AnswerEnds)])
            .collect()
    }
}

/// Speaks an answer once it is whole.
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
            Frame::AnswerEnds => {
                let text = std::mem::take(&mut self.text);
                let speech = Frame::Speech { samples: vec![0; text.len() * 160] };
                let spoken = Frame::Spoken(text);
                return vec![
                    Push(Frame::SpeechStarts),
                    work(40),
                    Push(spoken),
                    Push(speech),
                    Push(Frame::SpeechEnds),
                ];
            }
            _ => {}
        }
        Vec::new()
    }
}

/// Plays what it is sent, and says when it does.
#[derive(ObservedService)]
#[service(output_transport)]
struct Output;

impl Process for Output {
    fn process(&mut self, frame: &Frame) -> Vec<Step> {
        match frame {
            Frame::Speech { samples } => {
                let time = Duration::from_micros(samples.len() as u64 * 1_000 / 16);
                vec![Push(Frame::BotStarts), Work(time), Push(Frame::BotStops)]
            }
            _ => Vec::new(),
        }
    }
}
