//! Services that are traced by themselves, in an agent without a pipeline: `cargo run -p traced_services`.
//!
//! Each service is an annotated function. Spans that start inside it, such as the HTTP request of the model, are children of
//! its span. The agent itself only reports when user and bot speak.

use std::cell::Cell;
use std::error::Error;
use std::time::Duration;

use futures_util::stream::{self, Stream, StreamExt};
use opentelemetry::trace::{Span, Tracer, TracerProvider};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracer, SdkTracerProvider};
use pipecat_instrument::console::{SpanTree, TreeStyle};
use pipecat_instrument::frame::{Direction, Frame, FrameId, FramePushed, Message, ProcessorRef};
use pipecat_instrument::{
    ObserveOptions, ObservedService, Observer, PipecatInstrumentor, TracingContext, traced_llm, traced_stt,
    traced_tts,
};
use tokio::time::sleep;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let spans = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(spans.clone()).build();
    let tracer = provider.tracer("http");
    PipecatInstrumentor::instrument(provider)?;

    let mut agent = Agent::new(tracer)?;
    agent.answer(&vec![0; 16_000]).await;
    agent.answer(&vec![0; 8_000]).await;
    agent.hang_up();

    let tree = SpanTree::from_spans(&spans.get_finished_spans()?);
    print!("{}", tree.render(TreeStyle::default()));
    Ok(())
}

/// Speech to text. The agent pushes its transcripts as frames, with this service as their source.
#[derive(ObservedService)]
#[service(stt)]
struct Whisper {
    tracing: TracingContext,
}

impl Whisper {
    #[traced_stt(context = self.tracing, model = "large-v3", output = |text| *text, usage = |_| seconds(samples))]
    async fn transcribe(&self, samples: &[i16]) -> &'static str {
        sleep(Duration::from_millis(30)).await;
        if samples.len() > 8_000 { "What is the capital of France?" } else { "And of Atlantis?" }
    }
}

fn seconds(samples: &[i16]) -> Duration {
    Duration::from_secs(samples.len() as u64) / 16_000
}

/// A chunk of a response. The last one has the token counts: prompt, completion.
struct Chunk {
    text: &'static str,
    usage: Option<(u32, u32)>,
}

/// A language model that streams its response.
struct Claude {
    model: &'static str,
    http: SdkTracer,
    tracing: TracingContext,
}

impl Claude {
    #[traced_llm(
        context = self.tracing,
        model = self.model,
        provider = "anthropic",
        input = messages,
        output = |chunk| chunk.text,
        usage = |chunk| chunk.usage
    )]
    async fn complete(&self, messages: &[Message]) -> Result<impl Stream<Item = Chunk> + use<>, String> {
        self.post("POST /v1/messages").await;
        if messages.len() > 3 {
            return Err("overloaded".to_owned());
        }
        let chunks =
            [Chunk { text: "Paris, ", usage: None }, Chunk { text: "of course.", usage: Some((25, 4)) }];
        Ok(stream::iter(chunks).then(|chunk| async {
            sleep(Duration::from_millis(20)).await;
            chunk
        }))
    }

    /// Stands for a traced HTTP client, whose span is a child of the current one.
    async fn post(&self, name: &'static str) {
        let mut request = self.http.start(name);
        sleep(Duration::from_millis(40)).await;
        request.end();
    }
}

/// Text to speech.
struct Voice {
    tracing: TracingContext,
}

impl Voice {
    #[traced_tts(context = self.tracing, voice = "sarah", input = text, usage = |audio| audio.len())]
    fn synthesize<'a>(&self, text: &'a str) -> impl Stream<Item = Vec<u8>> + use<'a> {
        stream::iter(text.split_inclusive(' ')).then(|word| async {
            sleep(Duration::from_millis(10)).await;
            word.as_bytes().to_vec()
        })
    }
}

/// The agent.
struct Agent {
    stt: Whisper,
    llm: Claude,
    tts: Voice,
    messages: Vec<Message>,
    observer: Observer,
    frames: Cell<u64>,
}

impl Agent {
    fn new(http: SdkTracer) -> Result<Self, &'static str> {
        let options = ObserveOptions::new().conversation_id("call-42");
        let observer = PipecatInstrumentor::observe(options).ok_or("switched off")?;
        let tracing = || observer.tracing_context();
        let agent = Self {
            stt: Whisper { tracing: tracing() },
            llm: Claude { model: "claude-sonnet-4", http, tracing: tracing() },
            tts: Voice { tracing: tracing() },
            messages: vec![Message::text("system", "Be brief.")],
            observer,
            frames: Cell::new(0),
        };
        agent.report(&Frame::Start);
        Ok(agent)
    }

    /// Answers one utterance of the user.
    async fn answer(&mut self, samples: &[i16]) {
        self.report(&Frame::UserStartedSpeaking);
        let text = self.stt.transcribe(samples).await;
        self.push((&self.stt).into(), &Frame::Transcription(text.into()));
        self.report(&Frame::UserStoppedSpeaking);

        self.messages.push(Message::text("user", text));
        let response = match self.llm.complete(&self.messages).await {
            Ok(chunks) => chunks.map(|chunk| chunk.text).collect::<String>().await,
            Err(_) => "Sorry, I cannot think right now.".to_owned(),
        };
        let audio: Vec<Vec<u8>> = self.tts.synthesize(&response).collect().await;
        self.report(&Frame::BotStartedSpeaking);
        sleep(Duration::from_millis(5 * audio.len() as u64)).await;
        self.report(&Frame::BotStoppedSpeaking);
        self.messages.push(Message::text("assistant", response));
    }

    fn hang_up(self) {
        self.report(&Frame::End);
    }

    /// Reports a frame that belongs to no service.
    fn report(&self, frame: &Frame<'_>) {
        self.push(ProcessorRef::named("Agent"), frame);
    }

    fn push(&self, source: ProcessorRef<'_>, frame: &Frame<'_>) {
        self.frames.set(self.frames.get() + 1);
        self.observer.on_push_frame(&FramePushed {
            source,
            destination: ProcessorRef::named("Caller"),
            direction: Direction::Downstream,
            id: Some(FrameId(self.frames.get())),
            sibling: None,
            frame,
        });
    }
}
