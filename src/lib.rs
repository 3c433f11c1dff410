//! OpenInference and OpenTelemetry tracing for Pipecat-style voice agents.
//!
//! Annotate the type of your pipeline task once, call [`PipecatInstrumentor::instrument`] at start, and every
//! conversation becomes a trace: its turns, and in them speech-to-text, language model, tools and text-to-speech, with
//! what was said, how long it took and what it cost.
//!
//! ```
//! use pipecat_instrument::frame::{Direction, FrameId, FramePushed, ProcessorRef};
//! use pipecat_instrument::{ObservedFrame, ObservedTask, Observer, PipecatInstrumentor, instrument_task};
//!
//! // The frames of your pipeline, and what each is.
//! #[derive(ObservedFrame)]
//! enum Frame {
//!     #[frame(start)]
//!     Start,
//!     #[frame(transcription(text, user_id = speaker))]
//!     Heard { text: String, speaker: String },
//!     #[frame(llm_text)]
//!     Token(String),
//!     #[frame(ignore)]
//!     Microphone(Vec<u8>),
//! }
//!
//! // Your task has a place for the observer, which its constructors fill while the switch is on.
//! struct PipelineTask {
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
//!     fn new(call_id: &str) -> Self {
//!         Self { observer: None }
//!     }
//!
//!     // Every hop of a frame goes past it.
//!     fn push(&self, from: &str, to: &str, id: u64, frame: &Frame) {
//!         if let Some(observer) = &self.observer {
//!             observer.on_push_frame(&FramePushed {
//!                 source: ProcessorRef::named(from),
//!                 destination: ProcessorRef::named(to),
//!                 direction: Direction::Downstream,
//!                 id: Some(FrameId(id)),
//!                 sibling: None,
//!                 frame,
//!             });
//!         }
//!     }
//! }
//!
//! # use opentelemetry::trace::noop::NoopTracerProvider as YourTracerProvider;
//! # use pipecat_instrument::opentelemetry;
//! // Once, at start.
//! PipecatInstrumentor::instrument(YourTracerProvider::new())?;
//!
//! let task = PipelineTask::new("call-42");
//! task.push("Source", "Stt", 1, &Frame::Start);
//! # let _ = (Frame::Heard { text: String::new(), speaker: String::new() }, Frame::Token(String::new()));
//! # let _ = Frame::Microphone(Vec::new());
//! # assert_eq!(task.observer.unwrap().conversation_id(), "call-42");
//! # Ok::<(), pipecat_instrument::InstrumentError>(())
//! ```
//!
//! Services can trace themselves: [`macro@traced_llm`], [`macro@traced_stt`] and [`macro@traced_tts`] go above the function that does the
//! work, in an observed pipeline or outside of any.
//!
//! # Features
//!
//! | | |
//! |---|---|
//! | `setup` | a provider from the environment, with a console exporter that prints trees: the module `setup` |
//! | `otlp` | sends traces to a backend over HTTP; brings `setup` |
//! | `otlp-grpc` | over gRPC besides; brings `otlp` |
//! | `metrics` | OpenTelemetry metrics, for a meter provider that is given |

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
pub use pipecat_instrument_runtime::frame_log::{FrameLogWriteError, PartSize};
pub use pipecat_instrument_runtime::instrumentor::{
    AnnotatedType, InstrumentError, InstrumentorBuilder, ObservedTask, PipecatInstrumentor, ScopedGuard,
};
pub use pipecat_instrument_runtime::observer::{
    AsTracingContext, FrameLogTarget, ObserveOptions, Observer, ObserverProvider, ToAttributes,
    ToConversationId, ToFrameLogTarget, ToParentContext, TracingContext, caught_panics, propagation,
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
