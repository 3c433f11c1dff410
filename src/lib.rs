//! OpenInference and OpenTelemetry tracing for Pipecat-style voice agents.
//!
//! A voice agent is a pipeline of *processors* (speech-to-text, a language model, text-to-speech, transports) that push
//! *frames* to each other: audio, transcripts, tokens, metrics, errors. This crate observes these frames and turns each
//! *conversation*, one run of a pipeline, into OpenTelemetry spans: its turns, and in them STT, LLM, tool and TTS spans, with
//! what was said, how long it took and what it cost. Phoenix, Langfuse, `OpenObserve`, Jaeger and every other backend that
//! accepts OTLP can show them.
//!
//! # Approach
//!
//! Nothing is patched at run time. `#[instrument_task]` on the type of a pipeline task gives each task an [`Observer`] in its
//! constructor, and [`PipecatInstrumentor::instrument`] says, once per process, where spans go. Without it, an annotated
//! constructor costs one atomic load.
//!
//! The observer never awaits, does no I/O and does not panic. A frame of a kind that no span needs, such as microphone
//! audio, costs it a few instructions. Conversations share no lock, and each bounds its memory.
//!
//! What a span says and when it starts and ends is specified in [`docs/spans.md`].
//!
//! # Getting started
//!
//! There are three steps: the program says where spans go, the task takes an observer, and the pipeline reports its frames.
//!
//! ## Say where spans go
//!
//! With the feature `otlp`, [`setup`] builds a tracer provider from the environment. `PIPECAT_TRACE_PRESET=phoenix` sends to
//! a local Phoenix, `OTEL_TRACES_EXPORTER=console` prints trees of spans to the terminal; [`docs/backends.md`] has the
//! variables of each backend.
//!
#![cfg_attr(feature = "setup", doc = "```no_run")]
#![cfg_attr(not(feature = "setup"), doc = "```ignore")]
//! use std::time::Duration;
//!
//! use pipecat_instrument::setup;
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let setup = setup::from_env()?; // keep it until the program ends
//!     setup.instrument()?; // observes every annotated task from here on
//!
//!     // … your agent …
//!
//!     println!("{}", setup.shutdown(Duration::from_secs(5))); // the delivery report
//!     Ok(())
//! }
//! ```
//!
//! A program that has a tracer provider passes it on:
//!
//! ```
//! use opentelemetry_sdk::trace::SdkTracerProvider;
//! use pipecat_instrument::{Conventions, InstrumentError, PipecatInstrumentor};
//!
//! fn instrument(provider: SdkTracerProvider) -> Result<(), InstrumentError> {
//!     PipecatInstrumentor::builder().conventions(Conventions::OPENINFERENCE).instrument(provider)
//! }
//! ```
//!
//! ## Annotate the task
//!
//! For a pipeline on `flowcat-core` or `rustvani`, the crates `pipecat-instrument-flowcat` and
//! `pipecat-instrument-rustvani` report frames; their documentation shows the one annotation that is left.
//!
//! In a pipeline of your own, the task implements [`ObservedTask`], and its frame type derives [`ObservedFrame`]:
//!
//! ```
//! use pipecat_instrument::frame::{Direction, FrameId, FramePushed, ProcessorRef};
//! use pipecat_instrument::{ObservedFrame, ObservedTask, Observer, instrument_task};
//!
//! #[derive(ObservedFrame)]
//! pub enum Frame {
//!     #[frame(start)]
//!     Start,
//!     #[frame(transcription(text, user_id = speaker))]
//!     Transcript { text: String, speaker: String },
//!     #[frame(llm_text)]
//!     Token(String),
//!     #[frame(ignore)]
//!     Microphone(Vec<u8>),
//! }
//!
//! pub struct PipelineTask {
//!     observer: Option<Observer>,
//! }
//!
//! impl ObservedTask for PipelineTask {
//!     fn attach_observer(&mut self, observer: Observer) {
//!         self.observer = Some(observer);
//!     }
//! }
//!
//! #[instrument_task(conversation_id = call_id)]
//! impl PipelineTask {
//!     pub fn new(call_id: &str) -> Self {
//!         Self { observer: None }
//!     }
//!
//!     /// Reports one hop of a frame: its push from one processor to the next. A frame keeps its id over hops.
//!     pub fn push(&self, source: &str, destination: &str, id: u64, frame: &Frame) {
//!         if let Some(observer) = &self.observer {
//!             observer.on_push_frame(&FramePushed {
//!                 source: ProcessorRef::named(source),
//!                 destination: ProcessorRef::named(destination),
//!                 direction: Direction::Downstream,
//!                 id: Some(FrameId(id)),
//!                 sibling: None,
//!                 frame,
//!             });
//!         }
//!     }
//! }
//! ```
//!
//! [`macro@ObservedService`] derives the view of a processor, with its role, model and voice. [`docs/adapters.md`] shows how
//! to adapt a whole framework.
//!
//! ## Code inside a conversation
//!
//! [`Observer::tracing_context`] returns a handle for tools and services: it makes the `traceparent` of a request, sets
//! attributes on the current turn, and links the caller's trace.
//!
//! [`macro@traced_llm`], [`macro@traced_stt`] and [`macro@traced_tts`] trace the function that does the work. In an observed
//! pipeline the call and its frames are one span; outside any, the call has a span of its own.
//!
//! # Privacy
//!
//! [`TraceConfig`] hides inputs, outputs, messages and more, in spans and in the frame log, with OpenInference's variables
//! (`OPENINFERENCE_HIDE_INPUTS=true`) or in code. A redaction hook can rewrite every text before it is written.
//!
//! # Cargo features
//!
//! None is on by default. All are additive.
//!
//! | feature | adds |
//! |---|---|
//! | `setup` | [`setup`]: a tracer provider from the environment, and the console exporter |
//! | `otlp` | OTLP over HTTP, with TLS and gzip; enables `setup` |
//! | `otlp-grpc` | OTLP over gRPC; enables `otlp` |
//! | `metrics` | OpenTelemetry metrics, through [`InstrumentorBuilder::meter_provider`] |
//!
//! [`docs/spans.md`]: https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md
//! [`docs/backends.md`]: https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/backends.md
//! [`docs/adapters.md`]: https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/adapters.md
#![cfg_attr(
    not(feature = "setup"),
    doc = "[`setup`]: https://docs.rs/pipecat-instrument/latest/pipecat_instrument/setup/index.html"
)]
#![cfg_attr(not(feature = "metrics"), doc = "[`InstrumentorBuilder::meter_provider`]: InstrumentorBuilder")]

pub use opentelemetry;

pub use pipecat_instrument_macros::{
    ObservedFrame, ObservedService, instrument_task, traced_llm, traced_stt, traced_tts,
};
#[cfg(feature = "metrics")]
pub use pipecat_instrument_runtime::emit::MetricsRecorder;
pub use pipecat_instrument_runtime::emit::{
    Conventions, Preset, RecordProcessor, SpanNaming, TraceLayout, UnknownNameError,
};
pub use pipecat_instrument_runtime::engine::conversation::{FrameSupport, Support};
pub use pipecat_instrument_runtime::engine::frame;
pub use pipecat_instrument_runtime::engine::frame::{FramePushed, ObservedFrame, ObservedService};
pub use pipecat_instrument_runtime::engine::record;
pub use pipecat_instrument_runtime::engine::speech;
pub use pipecat_instrument_runtime::engine::time::Time;
pub use pipecat_instrument_runtime::frame_log::{FrameLogWriteError, PartSize};
pub use pipecat_instrument_runtime::instrumentor::{
    AnnotatedType, InstrumentError, InstrumentorBuilder, ObservedTask, PipecatInstrumentor, ScopedGuard,
};
pub use pipecat_instrument_runtime::observer::{
    AsTracingContext, Emission, FrameLogTarget, ObserveOptions, Observer, ObserverProvider, Timer,
    ToAttributes, ToConversationId, ToFrameLogTarget, ToParentContext, TracingContext, caught_panics,
    propagation,
};
pub use pipecat_instrument_runtime::privacy::{ContentKind, TraceConfig};
#[cfg(feature = "setup")]
pub use pipecat_instrument_runtime::{console, export as setup};

#[doc(hidden)]
pub use pipecat_instrument_runtime::__private;

/// Compiles the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// Compiles the examples of the guide to pipelines.
#[cfg(doctest)]
#[doc = include_str!("../docs/pipelines.md")]
struct Pipelines;

/// Compiles the examples of the guide to traced functions.
#[cfg(doctest)]
#[doc = include_str!("../docs/services.md")]
struct Services;

/// Compiles the examples of the privacy page.
#[cfg(doctest)]
#[doc = include_str!("../docs/privacy.md")]
struct PrivacyPage;

/// Compiles the examples of the guide to adapters.
#[cfg(doctest)]
#[doc = include_str!("../docs/adapters.md")]
struct Adapters;
