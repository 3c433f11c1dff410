//! A recorded conversation, traced, and its spans written by hand.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use opentelemetry::Context;
use opentelemetry::trace::{SpanBuilder, SpanId, TraceContextExt as _, Tracer as _};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracer, SdkTracerProvider, SpanData};
use pipecat_instrument_runtime::core::conversation::{
    AudioBatch, AudioInterest, CloseReason, Conversation, ConversationConfig,
};
use pipecat_instrument_runtime::core::frame::{Frame, Role};
use pipecat_instrument_runtime::core::time::Time;
use pipecat_instrument_runtime::debug_log::{FrameLogReader, LoggedEvent};
use pipecat_instrument_runtime::emit::{EmitSettings, Emitter, Session, Tracers};

/// A recorded conversation, read in advance: the hops that an observer hands to the core, and the outgoing audio that it
/// counts. What it passes over costs it what `frames` measures.
pub struct Recording {
    config: ConversationConfig,
    events: Vec<LoggedEvent>,
}

impl Recording {
    pub fn read(name: &str) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/frames").join(name);
        let mut reader = FrameLogReader::open(path.with_extension("jsonl"))
            .unwrap_or_else(|error| panic!("{name} cannot be read: {error}"));
        let config = reader.header().config(ConversationConfig::default());
        let mut known = HashSet::new();
        let mut is_looked_at = |event: &LoggedEvent| {
            let frame = event.frame();
            let (kind, hop) = (frame.kind(), event.hop(&frame));
            let counts_once = kind.says_all_at_once() || kind.is_outgoing_audio();
            let is_known = counts_once && hop.id.is_some_and(|id| !known.insert(id));
            let is_passed_on = kind.is_outgoing_audio() && hop.source.role() == Role::OutputTransport;
            kind.matters() && !is_known && !is_passed_on
        };
        let events = reader.by_ref().flatten().filter(|event| is_looked_at(event)).collect();
        Self { config, events }
    }

    /// Every hop through the core, every span through `tracers`; the log's times are the clock.
    #[inline(never)]
    pub fn trace(&self, tracers: &Tracers, settings: &Arc<EmitSettings>) {
        let mut emitter = Emitter::new(tracers, Arc::clone(settings), Session::new("call-42"));
        let mut conversation = Conversation::new(self.config.clone());
        let mut now = Time::default();
        let mut counted: Option<Counted<'_>> = None;
        for event in &self.events {
            now = now.max(event.at());
            let frame = event.frame();
            if let Frame::TtsAudio(audio) | Frame::OutputAudio(audio) = frame
                && conversation.audio_interest() == AudioInterest::LaterIsFine
            {
                counted.get_or_insert_with(|| Counted::from(event, now)).add(now, audio.duration());
                continue;
            }
            if let Some(counted) = counted.take() {
                counted.tell(&mut conversation, &mut emitter);
            }
            let hop = event.hop(&frame);
            if !conversation.handle_at_any_time(&hop) {
                conversation.handle(now, &hop, &mut emitter);
            }
        }
        conversation.close(now, CloseReason::Dropped, &mut emitter);
    }

    /// Its spans, as they are written.
    pub fn written(&self) -> Written {
        let exporter = InMemorySpanExporter::default();
        let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
        self.trace(&Tracers::new(&provider), &Arc::default());
        Written::new(exporter.get_finished_spans().unwrap_or_default())
    }
}

/// Audio that is counted, as an observer counts it.
struct Counted<'a> {
    begun_by: &'a LoggedEvent,
    first: Time,
    last: Time,
    duration: Duration,
}

impl<'a> Counted<'a> {
    fn from(begun_by: &'a LoggedEvent, first: Time) -> Self {
        Self { begun_by, first, last: first, duration: Duration::ZERO }
    }

    fn add(&mut self, now: Time, duration: Duration) {
        self.last = now;
        self.duration += duration;
    }

    fn tell(self, conversation: &mut Conversation, emitter: &mut Emitter) {
        let frame = self.begun_by.frame();
        let (kind, source) = (frame.kind(), self.begun_by.hop(&frame).source);
        let Self { first, last, duration, .. } = self;
        conversation.audio(&AudioBatch { kind, source, first, last, duration }, emitter);
    }
}

/// Finished spans, to be written once more.
pub struct Written {
    /// In the order in which they ended.
    spans: Vec<SpanData>,
    /// In the order in which they started.
    by_start: Vec<usize>,
}

impl Written {
    fn new(spans: Vec<SpanData>) -> Self {
        let mut by_start: Vec<usize> = (0..spans.len()).collect();
        by_start
            .sort_by_key(|&index| (spans[index].start_time, spans[index].parent_span_id != SpanId::INVALID));
        Self { spans, by_start }
    }

    /// Writes them with the API alone, with the same names, times, attributes, events and status.
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
