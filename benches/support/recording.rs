//! Recorded conversations: traced, and with hand-written spans as the yardsticks.

use std::collections::{HashMap, HashSet};
use std::hint::black_box;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use opentelemetry::Context;
use opentelemetry::trace::{SpanBuilder, SpanId, TraceContextExt as _, Tracer as _};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracer, SdkTracerProvider, SpanData};
use pipecat_instrument_runtime::emit::{EmitSettings, Emitter, Session, Tracers};
use pipecat_instrument_runtime::engine::conversation::{
    AudioBatch, AudioInterest, CloseReason, Conversation, ConversationConfig,
};
use pipecat_instrument_runtime::engine::frame::{
    Frame, FrameId, FrameKind, FramePushed, Measurement, Message, Metric, MetricList, Role,
};
use pipecat_instrument_runtime::engine::time::Time;
use pipecat_instrument_runtime::frame_log::{FrameLogReader, LoggedEvent};

/// A recorded conversation in memory: the hops that reach the engine, and the outgoing audio, which the observer counts. The
/// bench `frames` measures the hops that the observer ignores.
pub struct Recording {
    config: ConversationConfig,
    events: Vec<Event>,
}

/// One hop. Its metrics are parsed in advance, because in a pipeline they are numbers, not JSON.
struct Event {
    logged: LoggedEvent,
    metrics: Option<Metrics>,
}

struct Metrics(Vec<(String, Option<String>, Measurement)>);

impl Metrics {
    fn of(metrics: &dyn MetricList) -> Self {
        let mut read = Vec::new();
        metrics.for_each(&mut |metric| {
            read.push((metric.processor.to_owned(), metric.model.map(str::to_owned), metric.value));
        });
        Self(read)
    }
}

impl MetricList for Metrics {
    fn for_each(&self, visit: &mut dyn FnMut(Metric<'_>)) {
        for (processor, model, value) in &self.0 {
            visit(Metric { processor, model: model.as_deref(), value: *value });
        }
    }
}

impl Event {
    fn new(logged: LoggedEvent) -> Self {
        let metrics =
            if let Frame::Metrics(metrics) = logged.frame() { Some(Metrics::of(metrics)) } else { None };
        Self { logged, metrics }
    }

    fn frame(&self) -> Frame<'_> {
        self.metrics.as_ref().map_or_else(|| self.logged.frame(), |metrics| Frame::Metrics(metrics))
    }
}

impl Recording {
    pub fn read(name: &str) -> Self {
        // The package of the bench may be in a subfolder.
        let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
        let corpus = above.map(|folder| folder.join("tests/corpus/frames")).find(|folder| folder.is_dir());
        let path = corpus.unwrap_or_else(|| panic!("there is no tests/corpus/frames")).join(name);
        let mut reader = FrameLogReader::open(path.with_extension("jsonl"))
            .unwrap_or_else(|error| panic!("{name} cannot be read: {error}"));
        let config = reader.header().config(ConversationConfig::default());
        let mut seen_ids = HashSet::new();
        let mut reaches_engine = |event: &LoggedEvent| {
            let frame = event.frame();
            let (kind, hop) = (frame.kind(), event.hop(&frame));
            let counts_once = kind.is_hop_invariant() || kind.is_outgoing_audio();
            let is_repeated = counts_once && hop.id.is_some_and(|id| !seen_ids.insert(id));
            let is_passed_on = kind.is_outgoing_audio() && hop.source.role() == Role::OutputTransport;
            kind.is_traced() && !is_repeated && !is_passed_on
        };
        let events =
            reader.by_ref().flatten().filter(|event| reaches_engine(event)).map(Event::new).collect();
        Self { config, events }
    }

    /// Passes every hop to the engine, and every span to `tracers`, with the times of the log as the clock.
    #[inline(never)]
    pub fn trace(&self, tracers: &Tracers, settings: &Arc<EmitSettings>) {
        let mut emitter = Emitter::new(tracers, Arc::clone(settings), Session::new("call-42"));
        let mut conversation = Conversation::new(self.config.clone());
        let mut now = Time::default();
        let mut counted: Option<Counted<'_>> = None;
        for event in &self.events {
            now = now.max(event.logged.at());
            let frame = event.frame();
            if let Frame::TtsAudio(audio) | Frame::OutputAudio(audio) = frame
                && conversation.audio_interest() == AudioInterest::Batched
            {
                counted.get_or_insert_with(|| Counted::from(event, now)).add(now, audio.duration());
                continue;
            }
            if let Some(counted) = counted.take() {
                counted.tell(&mut conversation, &mut emitter);
            }
            let hop = event.logged.hop(&frame);
            if !conversation.handle_untimed(&hop) {
                conversation.handle_input(now, &hop, &mut emitter);
            }
        }
        conversation.close(now, CloseReason::Dropped, &mut emitter);
    }

    /// Returns the exported spans.
    pub fn written(&self) -> Written {
        let exporter = InMemorySpanExporter::default();
        let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
        self.trace(&Tracers::new(&provider), &Arc::default());
        Written::new(exporter.get_finished_spans().unwrap_or_default())
    }
}

/// Counts audio, as the observer does.
struct Counted<'a> {
    begun_by: &'a Event,
    first: Time,
    last: Time,
    duration: Duration,
}

impl<'a> Counted<'a> {
    fn from(begun_by: &'a Event, first: Time) -> Self {
        Self { begun_by, first, last: first, duration: Duration::ZERO }
    }

    fn add(&mut self, now: Time, duration: Duration) {
        self.last = now;
        self.duration += duration;
    }

    fn tell(self, conversation: &mut Conversation, emitter: &mut Emitter) {
        let frame = self.begun_by.frame();
        let (kind, source) = (frame.kind(), self.begun_by.logged.hop(&frame).source);
        let Self { first, last, duration, .. } = self;
        conversation.handle_audio(&AudioBatch { kind, source, first, last, duration }, emitter);
    }
}

/// Finished spans, for writing them by hand.
pub struct Written {
    /// The spans, in the order of their ends.
    spans: Vec<SpanData>,
    /// Indices of the spans, in the order of their starts.
    by_start: Vec<usize>,
}

impl Written {
    fn new(spans: Vec<SpanData>) -> Self {
        let mut by_start: Vec<usize> = (0..spans.len()).collect();
        by_start
            .sort_by_key(|&index| (spans[index].start_time, spans[index].parent_span_id != SpanId::INVALID));
        Self { spans, by_start }
    }

    /// Writes the spans with the OpenTelemetry API, with the same names, times, attributes, events and status.
    #[inline(never)]
    pub fn write_by_hand(&self, tracer: &SdkTracer) {
        let mut open: HashMap<SpanId, Context> = HashMap::new();
        for span in self.by_start.iter().map(|&index| &self.spans[index]) {
            let parent = open.get(&span.parent_span_id).cloned().unwrap_or_default();
            let builder = SpanBuilder::from_name(span.name.clone()).with_start_time(span.start_time);
            let context = parent.with_span(tracer.build_with_context(builder, &parent));
            open.insert(span.span_context.span_id(), context);
        }
        for span in &self.spans {
            let Some(context) = open.get(&span.span_context.span_id()) else { continue };
            let written = context.span();
            written.set_attributes(span.attributes.clone());
            for event in span.events.iter() {
                written.add_event_with_timestamp(
                    event.name.clone(),
                    event.timestamp,
                    event.attributes.clone(),
                );
            }
            written.set_status(span.status.clone());
            written.end_with_timestamp(span.end_time);
        }
    }
}

/// The data that a hand-written observer of this one pipeline collects for its spans.
#[derive(Default)]
struct Gathered {
    seen: HashSet<u64>,
    heard: String,
    answered: String,
    spoken: String,
    last_message: Option<Message>,
    measured: Vec<Measurement>,
    user: Option<String>,
    voice_started: Option<Time>,
    voice_stopped: Option<Time>,
    transcribed: Option<Time>,
    requested_at: Option<Time>,
    first_token: Option<Time>,
    answer_ended: Option<Time>,
    bot_started: Option<Time>,
    bot_stopped: Option<Time>,
    audio: Duration,
}

impl Gathered {
    fn take(&mut self, now: Time, hop: &FramePushed<'_>) {
        if let Frame::LlmContext(Some(context)) = *hop.frame {
            if hop.destination.role() == Role::Llm {
                self.requested_at = Some(now);
                // The messages are copied once, with the attributes.
                self.last_message = context.message_count().checked_sub(1).map(|last| context.message(last));
            }
            return;
        }
        let is_spoken = hop.source.role() == Role::OutputTransport && hop.frame.kind() == FrameKind::TtsText;
        if !is_spoken && hop.id.is_some_and(|FrameId(id)| !self.seen.insert(id)) {
            return;
        }
        match *hop.frame {
            Frame::VadUserStartedSpeaking => self.voice_started = Some(now),
            Frame::VadUserStoppedSpeaking { .. } => self.voice_stopped = Some(now),
            Frame::Transcription(transcript) => {
                self.transcribed = Some(now);
                self.heard.push_str(transcript.text);
                self.user = transcript.user_id.map(str::to_owned);
            }
            Frame::LlmText(chunk) => {
                self.first_token.get_or_insert(now);
                self.answered.push_str(chunk.text);
            }
            Frame::LlmResponseEnd => self.answer_ended = Some(now),
            Frame::TtsText(chunk) if is_spoken => {
                self.spoken.push_str(chunk.text);
                self.spoken.push(' ');
            }
            Frame::TtsAudio(audio) => self.audio += audio.duration(),
            Frame::BotStartedSpeaking => self.bot_started = Some(now),
            Frame::BotStoppedSpeaking => self.bot_stopped = Some(now),
            Frame::Metrics(metrics) => metrics.for_each(&mut |metric| {
                if metric.processor == hop.source.name() {
                    self.measured.push(metric.value);
                }
            }),
            _ => {}
        }
    }
}

impl Recording {
    /// Passes the hops to a hand-written observer: under a lock, as hops may come from several threads, and each frame once. It
    /// drops the collected data, and writes the recorded spans.
    #[inline(never)]
    pub fn observe_by_hand(&self, written: &Written, tracer: &SdkTracer) {
        let gathered = Mutex::new(Gathered::default());
        let mut now = Time::default();
        for event in &self.events {
            now = now.max(event.logged.at());
            let frame = event.frame();
            let hop = event.logged.hop(&frame);
            black_box(&gathered).lock().unwrap_or_else(PoisonError::into_inner).take(now, &hop);
        }
        written.write_by_hand(tracer);
        black_box(gathered);
    }
}
