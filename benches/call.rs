//! Measures the CPU time of observed calls on flowcat, in real time. `benches/README.md` describes the yardstick.

#![allow(clippy::expect_used, reason = "a bench that cannot go on says so")]

mod support;

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use flowcat_core::audio::vad::{MockVad, VadProcessor};
use flowcat_core::codec::Resampler;
use flowcat_core::pipeline::{Pipeline, PipelineTask, PipelineTaskParams};
use flowcat_core::processor::{Envelope, Link};
use flowcat_core::types::AudioChunk;
use flowcat_core::{AudioFrame, Frame, FrameObserver, FrameProcessor};
use pipecat_instrument::frame::{Processor, Role};
use pipecat_instrument::{ObserveOptions, ObserverProvider};
use pipecat_instrument_flowcat::FlowcatObserver;
use support::{group, spans_of};
use tokio::task::LocalSet;
use tokio::time::interval;

/// Number of concurrent calls.
const CALLS: u32 = 40;
/// Duration of each call, in chunks of 20 ms.
const PIECES: u32 = 200;
const PIECE: Duration = Duration::from_millis(20);
/// User and bot alternate after this many chunks.
const TURN: u32 = 50;
/// Number of pairs of measurements.
const ROUNDS: usize = 9;

/// Resamples audio from the telephone's rate to that of the services.
struct Line(Resampler);

#[async_trait]
impl FrameProcessor for Line {
    fn name(&self) -> &'static str {
        "Line"
    }

    async fn process_frame(&mut self, env: Envelope, link: &Link) -> flowcat_core::Result<()> {
        let Envelope { meta, frame, direction, .. } = env;
        let frame = match frame {
            Frame::InputAudio(audio) => {
                let heard = AudioChunk { pcm: audio.pcm.clone(), sample_rate: audio.sample_rate };
                let resampled = self.0.process(&heard)?;
                Frame::InputAudio(Arc::new(AudioFrame::mono(resampled.pcm, resampled.sample_rate)))
            }
            other => other,
        };
        link.push(meta, frame, direction).await;
        Ok(())
    }
}

/// Responds when the user stops.
struct Llm;

#[async_trait]
impl FrameProcessor for Llm {
    fn name(&self) -> &'static str {
        "Llm"
    }

    async fn process_frame(&mut self, env: Envelope, link: &Link) -> flowcat_core::Result<()> {
        let is_asked = matches!(env.frame, Frame::UserStoppedSpeaking);
        link.push(env.meta, env.frame, env.direction).await;
        if is_asked {
            link.push_down(Frame::LlmResponseStart).await;
            for token in ["It", " is", " nice", " and", " warm", " there", ",", " all", " day", "."] {
                link.push_down(Frame::LlmText(token.to_owned())).await;
            }
            link.push_down(Frame::LlmResponseEnd).await;
        }
        Ok(())
    }
}

/// Speaks the response: one chunk for each chunk of the user, which sets the pace.
#[derive(Default)]
struct Tts {
    left: u32,
}

#[async_trait]
impl FrameProcessor for Tts {
    fn name(&self) -> &'static str {
        "Tts"
    }

    async fn process_frame(&mut self, env: Envelope, link: &Link) -> flowcat_core::Result<()> {
        let is_piece = matches!(env.frame, Frame::InputAudio(_));
        let is_answered = matches!(env.frame, Frame::LlmResponseEnd);
        link.push(env.meta, env.frame, env.direction).await;
        if is_answered {
            self.left = TURN / 2;
            link.push_down(Frame::TtsStarted { context_id: None }).await;
        } else if is_piece && self.left > 0 {
            let audio = Arc::new(AudioFrame::mono(vec![0; 480], 24_000));
            link.push_down(Frame::TtsAudio { audio, context_id: None }).await;
            self.left -= 1;
            if self.left == 0 {
                link.push_down(Frame::TtsStopped { context_id: None }).await;
            }
        }
        Ok(())
    }
}

/// Forwards every frame.
struct PassThrough(&'static str);

#[async_trait]
impl FrameProcessor for PassThrough {
    fn name(&self) -> &str {
        self.0
    }
}

fn observed(conversations: &ObserverProvider) -> Arc<dyn FrameObserver> {
    let observer = conversations.observe(ObserveOptions::new().conversation_id("call-42"));
    let service = |name: &str, role| Processor::new(name, name, role);
    FlowcatObserver::builder()
        .service(service("Stt", Role::Stt))
        .service(service("Llm", Role::Llm))
        .service(service("Tts", Role::Tts))
        .build(observer)
}

/// Runs one call in real time, with questions and answers in turn.
async fn call(observers: Vec<Arc<dyn FrameObserver>>) -> flowcat_core::Result<()> {
    let processors: Vec<Box<dyn FrameProcessor>> = vec![
        Box::new(Line(Resampler::new(8_000, 16_000)?)),
        Box::new(VadProcessor::new(MockVad::new(16_000, 512), 512)),
        Box::new(PassThrough("Stt")),
        Box::new(PassThrough("User")),
        Box::new(Llm),
        Box::new(Tts::default()),
        Box::new(PassThrough("Output")),
        Box::new(PassThrough("Assistant")),
    ];
    let task = PipelineTask::new(Pipeline::new(processors), PipelineTaskParams::default(), observers);
    let queue = task.queue_sender();
    let microphone = tokio::task::spawn_local(async move {
        let mut clock = interval(PIECE);
        for piece in 0..PIECES {
            clock.tick().await;
            let level = if (piece / TURN).is_multiple_of(2) { 20_000 } else { 0 };
            let pcm = (0..160).map(|sample| if sample % 16 < 8 { level } else { -level }).collect();
            let _ = queue.send(Frame::InputAudio(Arc::new(AudioFrame::mono(pcm, 8_000))));
        }
        let _ = queue.send(Frame::End { reason: None });
    });
    task.run().await?;
    microphone.abort();
    Ok(())
}

/// Runs all calls on one thread, and returns their CPU time.
fn run_call(calls: u32, conversations: Option<&ObserverProvider>) -> Duration {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    let before = cpu_time();
    if let Ok(runtime) = runtime {
        LocalSet::new().block_on(&runtime, async {
            let calls: Vec<_> = (0..calls)
                .map(|_| tokio::task::spawn_local(call(conversations.map(observed).into_iter().collect())))
                .collect();
            for call in calls {
                call.await.expect("a call does not panic").expect("a call succeeds");
            }
        });
    }
    cpu_time().saturating_sub(before)
}

/// Returns the CPU time of all threads of this process, including the timer's, in nanoseconds. Linux only.
fn cpu_time() -> Duration {
    let threads = fs::read_dir("/proc/self/task").expect("Linux lists the threads");
    let thread_time = |thread: fs::DirEntry| {
        let stats = fs::read_to_string(thread.path().join("schedstat")).unwrap_or_default();
        stats.split_whitespace().next().and_then(|nanos| nanos.parse().ok()).unwrap_or(0)
    };
    Duration::from_nanos(threads.flatten().map(thread_time).sum())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn main() {
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let conversations = group();
    let spans = spans_of(|conversations| {
        run_call(1, Some(conversations));
    });
    for name in ["pipecat.conversation.turn", "pipecat.llm", "pipecat.tts"] {
        assert!(spans.iter().any(|span| span.name == name), "there is no span {name}");
    }
    run_call(CALLS, None);
    let (mut alone, mut watched, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let (not, observed) =
            (run_call(CALLS, None).as_secs_f64(), run_call(CALLS, Some(&conversations)).as_secs_f64());
        println!("{:.1} ms not observed, {:.1} ms observed", not * 1e3, observed * 1e3);
        alone.push(not);
        watched.push(observed);
        ratios.push(observed / not);
    }
    let of_a_call = |cpu: f64| cpu * 1e6 / f64::from(CALLS * PIECES);
    println!(
        "20 ms of a call: {:.1} µs of CPU not observed, {:.1} µs observed; ratio {:.3} (medians of {ROUNDS})",
        of_a_call(median(alone)),
        of_a_call(median(watched)),
        median(ratios),
    );
}
