//! Adapter of `pipecat-instrument` for flowcat: traces the conversations of a `flowcat-core` pipeline.
//!
//! Supports `flowcat-core` 0.1. Nothing in the pipeline changes: flowcat takes a list of observers where a task is built,
//! and this crate provides one.
//!
//! # Example
//!
//! Annotate the function that builds the task. The macro pushes the observer of the conversation into `observers`, and
//! [`observer`] converts it to flowcat's type:
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
//! The package `voice_agent` in the folder `examples` of the repository is a complete program.
//!
//! # Models, voices and languages
//!
//! flowcat's frames contain processors by name only, and its own services are always named `Stt`, `Llm` and `Tts`.
//! [`FlowcatObserver::builder`] adds the class, model, voice or language behind a name.
//!
//! # Access to the trace
//!
//! Code inside the conversation, such as a function that the model calls, accesses its trace through a
//! [`TracingContext`]. `via` accepts any expression that converts the observer, so it can also store one:
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
//! // In a function that the model calls. `None` if the conversation is not traced.
//! let traceparent = tracing.get().and_then(TracingContext::traceparent);
//! # assert!(tracing.get().is_some());
//! # drop((task, scoped, traceparent));
//! # Ok::<(), pipecat_instrument::InstrumentError>(())
//! ```
//!
//! # Reported and measured
//!
//! *Reported* values come from frames of the pipeline; the others are *measured* from the frames around them.
//!
//! | value | source |
//! |---|---|
//! | transcripts, text of the model, tool calls, errors, contexts | reported |
//! | time to first byte of speech-to-text, model and synthesis | measured; flowcat's services send no metrics. Your own may send `Metrics` |
//! | tokens and characters | only if your own services send `Metrics` |
//! | start and end of the bot's speech | measured from its audio: [`Support::Inferred`] |
//! | end of the user's speech | reported by a `VadProcessor`, corrected by [`FlowcatObserverBuilder::voice_stop`] |
//! | spoken text | the text that the synthesis received: [`Support::Inferred`] |
//!
//! The speech-to-speech pipeline keeps its tool calls and token usage private, so they are missing from the trace.
//!
//! # Frames of flowcat 0.1
//!
//! Observed in the cascaded pipeline (`build_cascaded_call_with_observers`) unless stated otherwise. A string names each
//! processor, and a frame keeps its id over its hops.
//!
//! | event | frames of flowcat | frames for the trace |
//! |---|---|---|
//! | the call starts | `Start` from `Source` through every processor to `Sink`. Frames enter a pipeline through a composite named `nested`, and continue from its first processor | `Start` |
//! | the bot greets | `CascadedKickoff` sends `Llm` a context that contains only the system message, without tools | a context |
//! | the user speaks | the pipeline has no `VadProcessor` of its own. One in your pipeline sends `VadUserStartedSpeaking`, then `UserStartedSpeaking`, and likewise for the stop. Its `stop_secs` is the length of one analysis window, not the silence that it waited for | the same frames; [`FlowcatObserverBuilder::voice_stop`] corrects `stop_secs` |
//! | the user's words are recognized | `Stt` sends `InterimTranscription`, which travels to `Sink`, and `Transcription`, which `UserContextAggregator` consumes. The aggregator sends a context to `Llm` over `CascadedKickoff` | transcripts; one with `final_: false` is an interim transcript |
//! | the model responds | `LlmResponseStart`, `LlmText` deltas, which `AssistantContextAggregator` consumes, and `LlmResponseEnd` | the same frames |
//! | the response is spoken | on `LlmResponseEnd`, `AssistantContextAggregator` sends `Tts` a `TtsSpeak` with the complete response, *before* it forwards `LlmResponseEnd` | the input of the synthesis |
//! | synthesis | when it is complete, `Tts` sends `TtsStarted`, `TtsText` (services with word timing), `OutputAudio` for each `TtsAudio`, and `TtsStopped` in one burst, as fast as the transport accepts it. The transport consumes the audio | `OutputAudio` from `Tts` becomes `TtsAudio`. `TtsStarted` is ignored, because the synthesis started with its input |
//! | the bot speaks | none: no processor sends `BotStartedSpeaking` or `BotStoppedSpeaking` | inferred from the audio |
//! | the user interrupts | none: the pipeline is half-duplex and sends `SttMute` from its head. A `VadProcessor` that receives the bot's speech frames broadcasts `Interruption` with siblings. It drops queued frames, but does not stop a running model or synthesis, and reaches no `process_frame` | `Interruption`. Audio that the burst still sends after it is ignored. If a slow transport holds up the burst, flowcat also drops the next reply, and no synthesis receives its text |
//! | the model calls tools | `FunctionCallsStarted`, once, before `LlmResponseEnd`. `CascadedToolBridge` sends `Brain` a private `ModelToolCall` for each call. `Brain` runs them in order and answers each with a private `ToolResult` | [`FunctionCallInProgress`] at each `ModelToolCall` |
//! | a tool returns | a context with a new `tool` message goes *up* from `CascadedToolBridge` to `Llm`, one for each call. The message in which the model called the tools is missing from it | [`FunctionCallResult`] just before that context |
//! | the brain moves, stays or ends | `ToolResult` with `{"status": …}`; for a move also a private `Reprompt` and a context with the new prompt | [`FunctionCallResult`] with that status |
//! | a service fails | `Error` from the service, upstream to `Source`, never down to `Sink`, without `LlmResponseStart` and `LlmResponseEnd`. A stream that breaks off ends like a complete one, without an error | an error with the kind of `FlowcatError` as its category; from `Llm` also `LlmResponseEnd`, because no frame follows |
//! | metrics | none | – |
//! | the call ends | `End` from `Source` to `Sink`, without waiting for audio that is still playing | `End` |
//! | speech to speech | `RealtimeService` sends `OutputAudio`, the user's `Transcription`, the bot's as a `Transcription` of the user `bot`, then `BotStoppedSpeaking`, although audio may follow | the bot's transcript becomes text of a model, and its `BotStoppedSpeaking` the end of a response |
//!
//! The adapter [passes the conformance suite] of the runtime with these frames.
//!
//! [passes the conformance suite]: https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/adapters.md
//! [`TracingContext`]: pipecat_instrument_runtime::observer::TracingContext
//! [`Support::Inferred`]: pipecat_instrument_runtime::engine::conversation::Support::Inferred
//! [`FunctionCallInProgress`]: pipecat_instrument_runtime::engine::frame::Frame::FunctionCallInProgress
//! [`FunctionCallResult`]: pipecat_instrument_runtime::engine::frame::Frame::FunctionCallResult

mod frame;
mod names;
mod observer;
mod stale_audio;
mod tools;

pub use observer::{FlowcatObserver, FlowcatObserverBuilder, observer};
