//! Measures single frames. `benches/README.md` describes the yardsticks.

mod support;

use std::hint::black_box;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, criterion_group, criterion_main};
use pipecat_instrument::frame::{Frame, FrameId, FramePushed, Role, TextChunk};
use pipecat_instrument::{Observer, ObserverProvider};
use support::{Pipeline, group, piece, timed_in_batches};

/// The observer as a trait object, as frameworks call it.
trait FrameObserver {
    fn on_push_frame(&self, hop: &FramePushed<'_>);
}

struct DoesNothing;

impl FrameObserver for DoesNothing {
    fn on_push_frame(&self, hop: &FramePushed<'_>) {
        black_box(hop);
    }
}

impl FrameObserver for Observer {
    fn on_push_frame(&self, hop: &FramePushed<'_>) {
        Observer::on_push_frame(self, hop);
    }
}

/// Tokens of a long response.
const TOKENS: u64 = 1_000;

const TOKEN: &str = " weather";

fn yardstick(group: &mut BenchmarkGroup<'_, WallTime>, hop: &FramePushed<'_>) {
    let nothing: &dyn FrameObserver = black_box(&DoesNothing);
    group.bench_function("yardstick: a virtual call", |b| b.iter(|| nothing.on_push_frame(black_box(hop))));
}

/// Audio of the user, which the observer ignores.
fn microphone(c: &mut Criterion) {
    let pipeline = Pipeline::new();
    let observer = pipeline.answering(&group());
    let watched: &dyn FrameObserver = black_box(&observer);
    let frame = Frame::InputAudio(piece());
    let hop = pipeline.hop(Role::InputTransport, 0, 100, &frame);

    let mut group = c.benchmark_group("microphone audio");
    yardstick(&mut group, &hop);
    group.bench_function("observed", |b| b.iter(|| watched.on_push_frame(black_box(&hop))));
    group.finish();
}

/// Audio of the bot while it speaks.
fn bot_audio(c: &mut Criterion) {
    let pipeline = Pipeline::new();
    let observer = pipeline.speaking(&group());
    let watched: &dyn FrameObserver = black_box(&observer);
    let frame = Frame::TtsAudio(piece());
    let mut hop = pipeline.hop(Role::Tts, 0, 100, &frame);
    let mut id = 100;

    let mut group = c.benchmark_group("bot audio");
    yardstick(&mut group, &hop);
    group.bench_function("first hop", |b| {
        b.iter(|| {
            id += 1;
            hop.id = Some(FrameId(id));
            watched.on_push_frame(black_box(&hop));
        });
    });
    pipeline.push(&observer, Role::Tts, id + 1, &frame);
    let later = pipeline.hop(Role::Tts, 1, id + 1, &frame);
    group.bench_function("later hop", |b| b.iter(|| watched.on_push_frame(black_box(&later))));
    group.finish();
}

/// Tokens of a response at their first hop.
fn token(c: &mut Criterion) {
    let pipeline = Pipeline::new();
    let conversations = group();
    let frame = Frame::LlmText(TextChunk::new(TOKEN));

    let mut group = c.benchmark_group("LLM token in an open span");
    group.bench_function("yardstick: lock + push_str", |b| {
        b.iter_custom(|iters| {
            let text = || Mutex::new(String::new());
            timed_in_batches(iters, TOKENS, text, |text, _| {
                let text = black_box(&*text);
                text.lock().unwrap_or_else(PoisonError::into_inner).push_str(black_box(TOKEN));
            })
        });
    });
    group.bench_function("yardstick: clock + lock + push_str", |b| {
        b.iter_custom(|iters| {
            let text = || Mutex::new(String::new());
            timed_in_batches(iters, TOKENS, text, |text, _| {
                black_box(std::time::Instant::now());
                let text = black_box(&*text);
                text.lock().unwrap_or_else(PoisonError::into_inner).push_str(black_box(TOKEN));
            })
        });
    });
    group.bench_function("first hop", |b| {
        b.iter_custom(|iters| {
            let conversation = || warmed_up(&pipeline, &conversations);
            let mut hop = pipeline.hop(Role::Llm, 0, 0, &frame);
            timed_in_batches(iters, TOKENS, conversation, |observer, index| {
                let observed: &dyn FrameObserver = black_box(observer);
                hop.id = Some(FrameId(10_000 + index));
                observed.on_push_frame(black_box(&hop));
            })
        });
    });
    group.finish();
}

/// Returns a conversation that has lasted long enough for its id caches to have their full size.
fn warmed_up(pipeline: &Pipeline, conversations: &ObserverProvider) -> Observer {
    let observer = pipeline.answering(conversations);
    (100..2_500).for_each(|id| pipeline.push(&observer, Role::InputTransport, id, &Frame::Interruption));
    pipeline.push(&observer, Role::Llm, 2_500, &Frame::LlmText(TextChunk::new("The")));
    observer
}

/// Frames on their second to eighth hop. Sixteen are in flight, as in a pipeline whose processors have queues.
fn later_hops(c: &mut Criterion) {
    let pipeline = Pipeline::new();
    let conversations = group();
    let token = Frame::LlmText(TextChunk::new(TOKEN));
    let transcript = Frame::Transcription("What is the weather in Paris?".into());

    let mut group = c.benchmark_group("second to eighth hop");
    for (name, role, frame) in [("LLM token", Role::Llm, &token), ("transcript", Role::Stt, &transcript)] {
        let observer = after_first_hops(&pipeline, &conversations, role, frame);
        let hops: Vec<_> = (1..8)
            .flat_map(|later| (0..16).map(move |id| (later, id)))
            .map(|(later, id)| pipeline.hop(role, later, 100 + id, frame))
            .collect();
        let observers: [(&str, &dyn FrameObserver); 2] =
            [("yardstick: a virtual call", &DoesNothing), ("observed", &observer)];
        for (what, observer) in observers {
            let mut next = hops.iter().cycle();
            let observer = black_box(observer);
            group.bench_function(format!("{name}, {what}"), |b| {
                b.iter(|| next.next().map(|hop| observer.on_push_frame(black_box(hop))));
            });
        }
    }
    group.finish();
}

fn after_first_hops(
    pipeline: &Pipeline,
    conversations: &ObserverProvider,
    role: Role,
    frame: &Frame<'_>,
) -> Observer {
    let observer = pipeline.answering(conversations);
    (0..16).for_each(|id| pipeline.push(&observer, role, 100 + id, frame));
    observer
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(2));
    targets = microphone, bot_audio, token, later_hops
}
criterion_main!(benches);
