//! What tracing a whole conversation costs. Read `benches/README.md` for what the yardstick is.

mod support;

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use criterion::{BatchSize, BenchmarkId, Criterion, criterion_group, criterion_main};
use opentelemetry::Context;
use opentelemetry::trace::{SpanBuilder, SpanId, TraceContextExt as _, Tracer as _, TracerProvider as _};
use opentelemetry_sdk::trace::{InMemorySpanExporter, Sampler, SdkTracer, SdkTracerProvider, SpanData};
use pipecat_instrument_runtime::core::conversation::{CloseReason, Conversation, ConversationConfig};
use pipecat_instrument_runtime::core::time::Time;
use pipecat_instrument_runtime::debug_log::{FrameLogReader, LoggedEvent};
use pipecat_instrument_runtime::emit::{EmitSettings, Emitter, Session, Tracers};
use support::{Nowhere, provider};

/// An ordinary one, with a tool, of long answers, with all the audio, and with a long history.
const RECORDINGS: [&str; 5] = ["a_simple", "c_tool", "d_stream200", "k_audio20ms", "i_long_prefilled"];

/// A recorded conversation, read in advance: the hops that an observer hands to the core. What it passes over costs it
/// what `frames` measures.
struct Recording {
    config: ConversationConfig,
    events: Vec<LoggedEvent>,
}

impl Recording {
    fn read(name: &str) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/frames").join(name);
        let mut reader = FrameLogReader::open(path.with_extension("jsonl"))
            .unwrap_or_else(|error| panic!("{name} cannot be read: {error}"));
        let config = reader.header().config(ConversationConfig::default());
        let mut known = HashSet::new();
        let mut is_handed_over = |event: &LoggedEvent| {
            let frame = event.frame();
            let (kind, id) = (frame.kind(), event.hop(&frame).id);
            let is_known = kind.says_all_at_once() && id.is_some_and(|id| !known.insert(id));
            kind.matters() && !is_known
        };
        let events = reader.by_ref().flatten().filter(|event| is_handed_over(event)).collect();
        Self { config, events }
    }

    /// Every hop through the core, every span through `tracers`; the log's times are the clock.
    fn trace(&self, tracers: &Tracers, settings: &Arc<EmitSettings>) {
        let mut emitter = Emitter::new(tracers, Arc::clone(settings), Session::new("call-42"));
        let mut conversation = Conversation::new(self.config.clone());
        let mut now = Time::default();
        for event in &self.events {
            now = now.max(event.at());
            let frame = event.frame();
            let hop = event.hop(&frame);
            if !conversation.handle_at_any_time(&hop) {
                conversation.handle(now, &hop, &mut emitter);
            }
        }
        conversation.close(now, CloseReason::Dropped, &mut emitter);
    }

    fn spans(&self) -> Vec<SpanData> {
        let exporter = InMemorySpanExporter::default();
        let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
        self.trace(&Tracers::new(&provider), &Arc::default());
        exporter.get_finished_spans().unwrap_or_default()
    }
}

/// Writes `spans` with the API alone: started in the order in which they started, ended in the order in which they
/// ended, with the same names, times, attributes, events and status.
fn write_by_hand(spans: &[SpanData], by_start: &[usize], tracer: &SdkTracer) {
    let mut open: HashMap<SpanId, Context> = HashMap::new();
    for span in by_start.iter().map(|&index| &spans[index]) {
        let parent = open.get(&span.parent_span_id).cloned().unwrap_or_default();
        let builder = SpanBuilder::from_name(span.name.clone()).with_start_time(span.start_time);
        let context = parent.with_span(tracer.build_with_context(builder, &parent));
        open.insert(span.span_context.span_id(), context);
    }
    for span in spans {
        let Some(context) = open.get(&span.span_context.span_id()) else { continue };
        let written = context.span();
        written.set_attributes(span.attributes.clone());
        for event in span.events.iter() {
            written.add_event_with_timestamp(event.name.clone(), event.timestamp, event.attributes.clone());
        }
        written.set_status(span.status.clone());
        written.end_with_timestamp(span.end_time);
    }
}

fn whole(c: &mut Criterion) {
    let tracers = Tracers::new(&provider());
    let tracer = provider().tracer("by hand");
    let settings = Arc::default();
    let mut group = c.benchmark_group("whole conversation");
    for name in RECORDINGS {
        let recording = Recording::read(name);
        let spans = recording.spans();
        let mut by_start: Vec<usize> = (0..spans.len()).collect();
        by_start
            .sort_by_key(|&index| (spans[index].start_time, spans[index].parent_span_id != SpanId::INVALID));
        group.bench_function(BenchmarkId::new("yardstick: by hand", name), |b| {
            b.iter(|| write_by_hand(&spans, &by_start, &tracer));
        });
        group.bench_function(BenchmarkId::new("traced", name), |b| {
            b.iter(|| recording.trace(&tracers, &settings));
        });
    }
    group.finish();
}

/// A sampler that drops every turn: the yardstick is the same conversation, sampled.
fn unsampled(c: &mut Criterion) {
    let sampled = Tracers::new(&provider());
    let none =
        SdkTracerProvider::builder().with_sampler(Sampler::AlwaysOff).with_simple_exporter(Nowhere).build();
    let unsampled = Tracers::new(&none);
    let settings = Arc::default();
    let recording = Recording::read("i_long_prefilled");
    let mut group = c.benchmark_group("unsampled conversation");
    for (name, tracers) in [("yardstick: sampled", &sampled), ("unsampled", &unsampled)] {
        group.bench_function(name, |b| {
            b.iter_batched(|| (), |()| recording.trace(tracers, &settings), BatchSize::SmallInput);
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(3));
    targets = whole, unsampled
}
criterion_main!(benches);
