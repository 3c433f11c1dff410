//! Traces conversations that are held with flowcat (`flowcat-core`).
//!
//! [`observer`] turns the observer of a conversation into one that flowcat takes. With the facade it is what
//! `#[instrument_task]` is told to go through:
//!
//! ```
//! use std::sync::Arc;
//!
//! use flowcat_core::{FrameObserver, Pipeline, PipelineTask, PipelineTaskParams};
//! use pipecat_instrument::instrument_task;
//!
//! #[instrument_task(observers = observers, via = pipecat_instrument_flowcat::observer, conversation_id = call_id)]
//! fn build_task(call_id: &str, pipeline: Pipeline, observers: Vec<Arc<dyn FrameObserver>>) -> PipelineTask {
//!     PipelineTask::new(pipeline, PipelineTaskParams::default(), observers)
//! }
//! ```
//!
//! Code inside the conversation, as the functions that its model calls, gets at its trace through a
//! [`TracingContext`]. `via` takes any expression that makes of the observer what flowcat takes, and may keep one:
//!
//! ```
//! use std::sync::{Arc, OnceLock};
//!
//! use flowcat_core::{FrameObserver, Pipeline, PipelineTask, PipelineTaskParams};
//! use pipecat_instrument::{Observer, TracingContext, instrument_task};
//!
//! #[instrument_task(
//!     observers = observers,
//!     via = |observer: Observer| {
//!         let _ = tracing.set(observer.tracing_context());
//!         pipecat_instrument_flowcat::observer(observer)
//!     },
//! )]
//! fn build_task(
//!     tracing: &OnceLock<TracingContext>,
//!     pipeline: Pipeline,
//!     observers: Vec<Arc<dyn FrameObserver>>,
//! ) -> PipelineTask {
//!     PipelineTask::new(pipeline, PipelineTaskParams::default(), observers)
//! }
//!
//! # use opentelemetry::trace::noop::NoopTracerProvider as YourTracerProvider;
//! # let scoped = pipecat_instrument::PipecatInstrumentor::builder().scoped(YourTracerProvider::new())?;
//! let tracing = OnceLock::new();
//! let task = build_task(&tracing, Pipeline::new(vec![]), vec![]);
//!
//! // In a function that the model calls; `None` while nobody is watching.
//! let traceparent = tracing.get().and_then(TracingContext::traceparent);
//! # assert!(tracing.get().is_some());
//! # drop((task, scoped, traceparent));
//! # Ok::<(), pipecat_instrument::InstrumentError>(())
//! ```
//!
//! flowcat knows its processors by name only, and the names of its own services say no more than `Stt`, `Llm` and
//! `Tts`. [`FlowcatObserver::builder`] takes what stands behind a name.
//!
//! # What flowcat 0.1 tells, and what it does not
//!
//! Seen in the cascaded pipeline (`build_cascaded_call_with_observers`) unless said otherwise. Every processor is
//! named by a string; a frame keeps its id over its hops.
//!
//! | what happens | which frames come | what the adapter makes of it |
//! |---|---|---|
//! | the call starts | `Start` from `Source` through every processor to `Sink`. What enters a pipeline goes to a composite named `nested`, and leaves the first processor | `Start` |
//! | the bot greets | `CascadedKickoff` sends the `Llm` a context of the system message alone, without its tools | a context |
//! | the user speaks | no `VadProcessor` is built in. One that is placed in a pipeline sends `VadUserStartedSpeaking`, then `UserStartedSpeaking`, and the same for the stop; `stop_secs` is the length of one analysis window, not of the silence that was waited for | the same; [`FlowcatObserverBuilder::voice_stop`] puts `stop_secs` right |
//! | the user is understood | `Stt` sends `InterimTranscription` (it travels to `Sink`) and `Transcription` (consumed by `UserContextAggregator`, which sends a context to the `Llm` over `CascadedKickoff`) | transcripts; one with `final_: false` is an interim one |
//! | the model answers | `LlmResponseStart`, `LlmText` as deltas (consumed by `AssistantContextAggregator`), `LlmResponseEnd` | the same, chunks as deltas |
//! | the answer is spoken | on `LlmResponseEnd`, `AssistantContextAggregator` sends `Tts` a `TtsSpeak` with the whole answer, *before* it passes the `LlmResponseEnd` on | the text that synthesis was given |
//! | synthesis | once all of it is there, `Tts` sends `TtsStarted`, `TtsText` (of services that know the words), `OutputAudio` for each `TtsAudio`, and `TtsStopped`, in one burst, as fast as the transport takes it. The transport consumes the audio | `OutputAudio` from `Tts` is `TtsAudio`; its `TtsStarted` says nothing, as synthesis began with the text |
//! | the bot is heard | nothing: no stage announces `BotStartedSpeaking` or `BotStoppedSpeaking` | signals: [`Support::Inferred`] |
//! | the user cuts in | nothing: the pipeline is half-duplex, and sends `SttMute` from the head. A `VadProcessor` that was told of the bot's speech broadcasts `Interruption`, with siblings. It drops what is queued, but stops neither a model nor a synthesis at work, and reaches no `process_frame` | `Interruption`; what the burst of a synthesis still sends behind it says nothing. A burst that the transport takes slowly holds it up, and it then drops the next reply: that one is given to no synthesis |
//! | the model asks for tools | `FunctionCallsStarted`, once, before `LlmResponseEnd`; `CascadedToolBridge` turns each call into a private `ModelToolCall` for `Brain`, which works them off one by one and sends back a private `ToolResult` each | [`FunctionCallInProgress`] at each `ModelToolCall` |
//! | a tool returns | a context with a new `tool` message goes *up* from `CascadedToolBridge` to `Llm`; several calls make several contexts. The message that asked for the tools is missing from it | [`FunctionCallResult`] just before that context |
//! | the brain moves, stays or ends | `ToolResult` with `{"status": …}`; on a move also a private `Reprompt`, and a context with the new prompt | [`FunctionCallResult`] with that status |
//! | a service fails | `Error` from that service, upstream to `Source`, never down to `Sink`; no `LlmResponseStart` or `LlmResponseEnd` around it. A stream that breaks in the middle ends like a whole one, without any error | an error, with the kind of `FlowcatError` as its category; from `Llm` also an `LlmResponseEnd`, as nothing follows |
//! | metrics | none, of any service. Services of one's own may send `Metrics` | the same |
//! | the call ends | `End` from `Source` to `Sink`; it does not wait for what is still being played | `End` |
//! | speech to speech | `RealtimeService` sends `OutputAudio`, the user's `Transcription`, the bot's as a `Transcription` of user `bot`, then `BotStoppedSpeaking` though audio may still be due; usage and tool calls are private | the bot's is text of a model, its `BotStoppedSpeaking` the end of a response |
//!
//! Not seen by the adapter, for flowcat keeps them private: tool calls and usage of the speech-to-speech pipeline.
//!
//! [`TracingContext`]: pipecat_instrument_runtime::observer::TracingContext
//! [`Support::Inferred`]: pipecat_instrument_runtime::engine::conversation::Support::Inferred
//! [`FunctionCallInProgress`]: pipecat_instrument_runtime::engine::frame::Frame::FunctionCallInProgress
//! [`FunctionCallResult`]: pipecat_instrument_runtime::engine::frame::Frame::FunctionCallResult

mod builder;
mod burst;
mod error;
mod frame;
mod names;
mod observer;
mod tools;

pub use builder::FlowcatObserverBuilder;
pub use observer::{FlowcatObserver, observer};
