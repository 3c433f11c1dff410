//! Counts the instructions of the hot path with callgrind, which a busy machine does not affect. `benches/README.md` has the
//! results.
//!
//! Each benchmark is a thousand frames or a recorded conversation. All but the yardsticks have a limit. If a change exceeds
//! it, find out why, and either fix that or justify a new limit here.

#![allow(
    missing_docs,
    clippy::needless_pass_by_value,
    reason = "the harness generates public functions that take their setup by value"
)]

mod support;

use std::hint::black_box;
use std::sync::{Arc, Mutex, PoisonError};

use gungraun::prelude::*;
use gungraun::{Callgrind, EventKind};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::trace::{Sampler, SdkTracer, SdkTracerProvider};
use pipecat_instrument::Observer;
use pipecat_instrument::frame::{Frame, FrameId, Role, TextChunk};
use pipecat_instrument_runtime::emit::{EmitSettings, Tracers};
use support::recording::{Recording, Written};
use support::{Nowhere, Pipeline, group, piece};

const FRAMES: u64 = 1_000;

/// Fails the benchmark above this many instructions.
fn at_most(instructions: u64) -> LibraryBenchmarkConfig {
    let limit = Callgrind::default().hard_limits([(EventKind::Ir, instructions)]).clone();
    LibraryBenchmarkConfig::default().tool(limit).clone()
}

/// A running conversation, and the frames to push.
struct Scene {
    pipeline: Pipeline,
    observer: Observer,
    /// The yardstick of a token: a lock and an append.
    text: Mutex<String>,
}

fn answering() -> Scene {
    let pipeline = Pipeline::new();
    let observer = pipeline.answering(&group());
    pipeline.push(&observer, Role::Llm, 90, &Frame::LlmText(TextChunk::new("The")));
    Scene { pipeline, observer, text: Mutex::default() }
}

fn speaking() -> Scene {
    let pipeline = Pipeline::new();
    let observer = pipeline.speaking(&group());
    Scene { pipeline, observer, text: Mutex::default() }
}

impl Scene {
    /// Pushes a thousand new frames.
    fn push(&self, role: Role, frame: &Frame<'_>) {
        let mut hop = self.pipeline.hop(role, 0, 0, frame);
        for id in 0..FRAMES {
            hop.id = Some(FrameId(1_000 + id));
            self.observer.on_push_frame(black_box(&hop));
        }
    }

    /// Pushes one frame a thousand times.
    fn push_again(&self, role: Role, frame: &Frame<'_>) {
        let hop = self.pipeline.hop(role, 1, 1_000, frame);
        self.pipeline.push(&self.observer, role, 1_000, frame);
        for _ in 0..FRAMES {
            self.observer.on_push_frame(black_box(&hop));
        }
    }
}

#[library_benchmark(config = at_most(26_000))]
#[bench::scene(answering())]
fn microphone(scene: Scene) -> Scene {
    scene.push(Role::InputTransport, &Frame::InputAudio(piece()));
    scene
}

#[library_benchmark(config = at_most(450_000))]
#[bench::scene(speaking())]
fn bot_audio(scene: Scene) -> Scene {
    scene.push(Role::Tts, &Frame::TtsAudio(piece()));
    scene
}

#[library_benchmark(config = at_most(52_000))]
#[bench::scene(answering())]
fn later_hop(scene: Scene) -> Scene {
    scene.push_again(Role::Llm, &Frame::LlmText(TextChunk::new(" weather")));
    scene
}

#[library_benchmark(config = at_most(515_000))]
#[bench::scene(answering())]
fn token(scene: Scene) -> Scene {
    scene.push(Role::Llm, &Frame::LlmText(TextChunk::new(" weather")));
    scene
}

#[library_benchmark]
#[bench::scene(answering())]
fn lock_and_push_str(scene: Scene) -> Scene {
    for _ in 0..FRAMES {
        black_box(&scene.text).lock().unwrap_or_else(PoisonError::into_inner).push_str(black_box(" weather"));
    }
    scene
}

/// A recorded conversation, and its exporter.
struct Replay {
    recording: Recording,
    written: Written,
    tracers: Tracers,
    tracer: SdkTracer,
    settings: Arc<EmitSettings>,
}

fn sampled(name: &str) -> Replay {
    replay(name, Sampler::AlwaysOn)
}

fn unsampled(name: &str) -> Replay {
    replay(name, Sampler::AlwaysOff)
}

/// Prepares a recording, after a first run has initialized everything that is created once per process.
fn replay(name: &str, sampler: Sampler) -> Replay {
    let provider = SdkTracerProvider::builder().with_sampler(sampler).with_simple_exporter(Nowhere).build();
    let recording = Recording::read(name);
    let replay = Replay {
        written: recording.written(),
        recording,
        tracers: Tracers::new(&provider),
        tracer: provider.tracer("by hand"),
        settings: Arc::default(),
    };
    replay.recording.trace(&replay.tracers, &replay.settings);
    replay.written.write_by_hand(&replay.tracer);
    replay
}

#[library_benchmark]
#[bench::a_simple(args = (sampled("a_simple")), config = at_most(365_000))]
#[bench::d_stream200(args = (sampled("d_stream200")), config = at_most(575_000))]
#[bench::i_long_prefilled(args = (sampled("i_long_prefilled")), config = at_most(3_650_000))]
fn traced(replay: Replay) -> Replay {
    replay.recording.trace(&replay.tracers, &replay.settings);
    replay
}

#[library_benchmark]
#[bench::a_simple(args = (unsampled("a_simple")), config = at_most(162_000))]
#[bench::d_stream200(args = (unsampled("d_stream200")), config = at_most(300_000))]
#[bench::i_long_prefilled(args = (unsampled("i_long_prefilled")), config = at_most(825_000))]
fn dropped(replay: Replay) -> Replay {
    replay.recording.trace(&replay.tracers, &replay.settings);
    replay
}

#[library_benchmark]
#[bench::a_simple(sampled("a_simple"))]
#[bench::d_stream200(sampled("d_stream200"))]
#[bench::i_long_prefilled(sampled("i_long_prefilled"))]
fn written_by_hand(replay: Replay) -> Replay {
    replay.written.write_by_hand(&replay.tracer);
    replay
}

library_benchmark_group!(
    name = frames,
    benchmarks = [microphone, bot_audio, later_hop, token, lock_and_push_str]
);
#[library_benchmark]
#[bench::a_simple(sampled("a_simple"))]
#[bench::d_stream200(sampled("d_stream200"))]
#[bench::i_long_prefilled(sampled("i_long_prefilled"))]
fn observed_by_hand(replay: Replay) -> Replay {
    replay.recording.observe_by_hand(&replay.written, &replay.tracer);
    replay
}

library_benchmark_group!(
    name = conversations,
    benchmarks = [traced, dropped, written_by_hand, observed_by_hand]
);
main!(library_benchmark_groups = [frames, conversations]);
