//! Measures frames late in a long call, and among ten thousand calls. `benches/README.md` describes the yardsticks.

mod support;

use std::hint::black_box;
use std::thread;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use pipecat_instrument::Observer;
use pipecat_instrument::frame::{Frame, FrameId, Role, TextChunk};
use pipecat_instrument_runtime::engine::conversation::{Conversation, ConversationConfig};
use pipecat_instrument_runtime::engine::frame::Chunking;
use pipecat_instrument_runtime::engine::record::{Recording, SpanRecord, SpanSink, SpanStart};
use pipecat_instrument_runtime::engine::text::StreamedText;
use pipecat_instrument_runtime::engine::time::Time;
use support::{Pipeline, group, piece};

/// Compares the last hundred of 2,000 turns with the yardstick, the first hundred.
fn late_in_a_call(c: &mut Criterion) {
    const ROUND: u64 = 100;
    let pipeline = Pipeline::new();
    let mut group = c.benchmark_group("a hundred turns");
    group.throughput(Throughput::Elements(ROUND));
    for (name, before) in [("yardstick: the first", 0), ("after 1,900", 1_900)] {
        group.bench_function(name, |b| {
            b.iter_custom(|iters| {
                let mut spent = Duration::ZERO;
                for _ in 0..iters {
                    let mut call = Call::new(&pipeline);
                    call.run_turns(before);
                    let start = Instant::now();
                    call.run_turns(ROUND);
                    spent += start.elapsed();
                }
                spent
            });
        });
    }
    group.finish();
}

/// A call in simulated time, without an exporter.
struct Call<'a> {
    pipeline: &'a Pipeline,
    conversation: Conversation,
    frames: u64,
}

impl<'a> Call<'a> {
    fn new(pipeline: &'a Pipeline) -> Self {
        Self { pipeline, conversation: Conversation::new(ConversationConfig::default()), frames: 0 }
    }

    fn run_turns(&mut self, turns: u64) {
        for _ in 0..turns {
            self.says(Role::InputTransport, &Frame::VadUserStartedSpeaking);
            self.says(Role::InputTransport, &Frame::UserStartedSpeaking);
            self.says(Role::Stt, &Frame::Transcription("What is the weather in Paris?".into()));
            self.says(Role::InputTransport, &Frame::UserStoppedSpeaking);
            self.says(Role::Llm, &Frame::LlmResponseStart);
            (0..30).for_each(|_| self.says(Role::Llm, &Frame::LlmText(TextChunk::new(" weather"))));
            self.says(Role::Llm, &Frame::LlmResponseEnd);
            self.says(Role::Tts, &Frame::TtsStarted { context_id: None });
            self.says(Role::Tts, &Frame::TtsStopped { context_id: None });
            self.says(Role::OutputTransport, &Frame::BotStartedSpeaking);
            self.says(Role::OutputTransport, &Frame::BotStoppedSpeaking);
        }
    }

    fn says(&mut self, role: Role, frame: &Frame<'_>) {
        self.frames += 1;
        let now = Time::from_unix_nanos(self.frames * 150_000_000);
        for later in 0..2 {
            let hop = self.pipeline.hop(role, later, self.frames, frame);
            self.conversation.handle_input(now, black_box(&hop), &mut Nobody);
        }
    }
}

struct Nobody;

impl SpanSink for Nobody {
    fn start(&mut self, start: SpanStart) -> Recording {
        black_box(start);
        Recording::Yes
    }

    fn end(&mut self, record: SpanRecord) {
        black_box(record);
    }
}

/// Cumulative chunks, each of which repeats all earlier text. Their bytes grow with the square of their number, so this
/// reports the time for each byte.
fn cumulative_chunks(c: &mut Criterion) {
    let mut group = c.benchmark_group("cumulative chunks, for a byte");
    for count in [100, 1_000] {
        let whole = " weather".repeat(count);
        let chunks: Vec<&str> = (1..=count).map(|n| &whole[..n * 8]).collect();
        group.throughput(Throughput::Bytes(chunks.iter().map(|chunk| chunk.len() as u64).sum()));
        for (name, chunking) in [("told", Chunking::Cumulative), ("found out", Chunking::Unknown)] {
            group.bench_function(BenchmarkId::new(name, count), |b| {
                b.iter(|| {
                    let mut text = StreamedText::default();
                    for chunk in &chunks {
                        text.push(&TextChunk { chunking, ..TextChunk::new(chunk) });
                    }
                    text
                });
            });
        }
    }
    group.finish();
}

/// Pushes 20 ms of every call: a chunk of audio in each direction, over all hops.
fn many_calls(c: &mut Criterion) {
    let pipeline = Pipeline::new();
    let mut benches = c.benchmark_group("20 ms of a call among");
    for calls in [10_usize, 100, 1_000, 10_000] {
        let group = group();
        let observers: Vec<Observer> = (0..calls).map(|_| pipeline.speaking(&group)).collect();
        let mut id = 1_000;
        benches.throughput(Throughput::Elements(calls as u64));
        benches.bench_function(BenchmarkId::new("one thread", calls), |b| {
            b.iter(|| {
                id += 10;
                for observer in &observers {
                    twenty_milliseconds(&pipeline, observer, id);
                }
            });
        });
        benches.bench_function(BenchmarkId::new("two threads", calls), |b| {
            let halves = observers.split_at(calls / 2);
            b.iter_custom(|iters| {
                let first = id;
                id += iters * 10;
                let run = |calls: &[Observer]| {
                    for round in 0..iters {
                        for call in calls {
                            twenty_milliseconds(&pipeline, call, first + round * 10);
                        }
                    }
                };
                let start = Instant::now();
                thread::scope(|scope| {
                    scope.spawn(|| run(halves.0));
                    run(halves.1);
                });
                start.elapsed()
            });
        });
    }
    benches.finish();
}

fn twenty_milliseconds(pipeline: &Pipeline, observer: &Observer, id: u64) {
    let microphone = Frame::InputAudio(piece());
    let speech = Frame::TtsAudio(piece());
    for (offset, role, frame) in [(0, Role::InputTransport, &microphone), (1, Role::Tts, &speech)] {
        for later in 0..4 {
            let mut hop = pipeline.hop(role, later, 0, frame);
            hop.id = Some(FrameId(id + offset));
            observer.on_push_frame(black_box(&hop));
        }
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(3)).sample_size(20);
    targets = late_in_a_call, cumulative_chunks, many_calls
}
criterion_main!(benches);
