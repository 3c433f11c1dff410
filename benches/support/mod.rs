//! An observed pipeline, and a provider that drops its spans.
#![allow(dead_code, unreachable_pub, reason = "each bench has its own copy, and none uses all of it")]

pub mod recording;

use std::time::{Duration, Instant};

use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData, SpanExporter};
use pipecat_instrument::frame::{Direction, Frame, FrameId, FramePushed, Processor, Role};
use pipecat_instrument::{ObserveOptions, Observer, ObserverProvider};
use pipecat_instrument_runtime::emit::Tracers;

/// An exporter that drops all spans, to measure only their creation.
#[derive(Debug)]
pub struct Nowhere;

impl SpanExporter for Nowhere {
    async fn export(&self, _batch: Vec<SpanData>) -> OTelSdkResult {
        Ok(())
    }
}

/// Returns a provider of the SDK with the exporter that drops all spans.
pub fn provider() -> SdkTracerProvider {
    SdkTracerProvider::builder().with_simple_exporter(Nowhere).build()
}

/// The processors of a voice agent, in the order of the pipeline.
pub struct Pipeline(Vec<Processor>);

impl Pipeline {
    pub fn new() -> Self {
        let processor = |(name, class, role): (&str, &str, Role)| Processor::new(name, class, role);
        let processors = [
            ("PipelineSource#0", "PipelineSource", Role::Other),
            ("WebsocketServerInputTransport#0", "WebsocketServerInputTransport", Role::InputTransport),
            ("DeepgramSTTService#0", "DeepgramSTTService", Role::Stt),
            ("LLMUserAggregator#0", "LLMUserAggregator", Role::Other),
            ("OpenAILLMService#0", "OpenAILLMService", Role::Llm),
            ("CartesiaTTSService#0", "CartesiaTTSService", Role::Tts),
            ("WebsocketServerOutputTransport#0", "WebsocketServerOutputTransport", Role::OutputTransport),
            ("LLMAssistantAggregator#0", "LLMAssistantAggregator", Role::Other),
            ("PipelineSink#0", "PipelineSink", Role::Sink),
        ];
        Self(processors.map(processor).into())
    }

    /// Returns the hop that is `later` hops after the first one from the processor with this role.
    pub fn hop<'a>(&'a self, role: Role, later: usize, id: u64, frame: &'a Frame<'a>) -> FramePushed<'a> {
        let first = self.0.iter().position(|processor| processor.role == role).unwrap_or(0);
        let last = self.0.len() - 1;
        FramePushed {
            source: (&self.0[(first + later).min(last - 1)]).into(),
            destination: (&self.0[(first + later + 1).min(last)]).into(),
            direction: Direction::Downstream,
            id: Some(FrameId(id)),
            sibling: None,
            frame,
        }
    }

    /// Pushes the first hop of a frame from the processor with this role.
    pub fn push(&self, observer: &Observer, role: Role, id: u64, frame: &Frame<'_>) {
        observer.on_push_frame(&self.hop(role, 0, id, frame));
    }

    /// Returns a conversation in which the response has started. Frame ids from 100 are unused.
    pub fn answering(&self, group: &ObserverProvider) -> Observer {
        let observer = group.observe(ObserveOptions::new().conversation_id("call-42"));
        let push = |role, id, frame| self.push(&observer, role, id, &frame);
        (0..8).for_each(|later| observer.on_push_frame(&self.hop(Role::Other, later, 1, &Frame::Start)));
        push(Role::InputTransport, 2, Frame::VadUserStartedSpeaking);
        push(Role::InputTransport, 3, Frame::UserStartedSpeaking);
        push(Role::Stt, 4, Frame::Transcription("What is the weather in Paris?".into()));
        push(
            Role::InputTransport,
            5,
            Frame::VadUserStoppedSpeaking { stop_secs: Some(0.2), transcript: None },
        );
        push(Role::InputTransport, 6, Frame::UserStoppedSpeaking);
        observer.on_push_frame(&self.hop(Role::Llm, 0, 7, &Frame::LlmContext(None)));
        push(Role::Llm, 8, Frame::LlmResponseStart);
        observer
    }

    /// Returns a conversation in which the bot speaks.
    pub fn speaking(&self, group: &ObserverProvider) -> Observer {
        let observer = self.answering(group);
        let push = |role, id, frame| self.push(&observer, role, id, &frame);
        push(Role::Tts, 9, Frame::TtsStarted { context_id: Some("reply-1") });
        push(Role::Tts, 10, Frame::TtsAudio(crate::support::piece()));
        push(Role::OutputTransport, 11, Frame::BotStartedSpeaking);
        observer
    }
}

/// Returns the spans that `work` exports.
pub fn spans_of(work: impl FnOnce(&ObserverProvider)) -> Vec<SpanData> {
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
    work(&ObserverProvider::new(Tracers::new(&provider)));
    exporter.get_finished_spans().unwrap_or_default()
}

/// Returns a provider of observers whose spans are dropped.
pub fn group() -> ObserverProvider {
    ObserverProvider::new(Tracers::new(&provider()))
}

/// Returns 20 ms of telephone audio.
pub const fn piece() -> pipecat_instrument::frame::Audio {
    pipecat_instrument::frame::Audio::pcm16(640, 16_000, 1)
}

/// Measures `iters` calls of `each`. Creates a new input after every `batch` of them, outside of the measurement.
pub fn timed_in_batches<T>(
    iters: u64,
    batch: u64,
    mut fresh: impl FnMut() -> T,
    mut each: impl FnMut(&mut T, u64),
) -> Duration {
    let mut spent = Duration::ZERO;
    let mut left = iters;
    while left > 0 {
        let mut made = fresh();
        let round = left.min(batch);
        let start = Instant::now();
        for index in 0..round {
            each(&mut made, index);
        }
        spent += start.elapsed();
        left -= round;
    }
    spent
}
