//! Adapter of `pipecat-instrument` for rustvani: traces the conversations of a rustvani pipeline.
//!
//! Supports `rustvani` `=0.4.0-dev.27`, exactly, because it is a pre-release.
//!
//! # Example
//!
//! rustvani takes an observer when a task runs, not when it is built. The annotated function therefore returns an
//! [`Observed`] task, which dereferences to the task and runs it with the observer. Its callers stay as they are:
//!
//! ```
//! use pipecat_instrument::instrument_task;
//! use rustvani::{FrameProcessor, PipelineParams, PipelineTask, system_clock};
//!
//! #[instrument_task(wrap = pipecat_instrument_rustvani::Observed, conversation_id = call_id)]
//! fn build_task(call_id: &str, processors: Vec<FrameProcessor>) -> PipelineTask {
//!     PipelineTask::new(processors, PipelineParams::default())
//! }
//!
//! async fn run_call(call_id: &str, processors: Vec<FrameProcessor>) -> rustvani::Result<()> {
//!     let task = build_task(call_id, processors);
//!     task.run(system_clock(), None).await
//! }
//! # let _ = run_call;
//! ```
//!
//! The package `rustvani_agent` in the folder `examples` of the repository is a complete program.
//!
//! # Models, voices and usage
//!
//! rustvani's frames contain processors by name only. The adapter knows the role and the provider of rustvani's own
//! services. A function that itself returns an [`Observed`] task can add more: [`Observed::service`] describes the service
//! behind a name, with its model, voice and language, and [`Billing`] adds tokens, characters and seconds of audio.
//!
//! # Without access to `run`
//!
//! - For an `AgentRunner`, [`observer`] converts the observer of a conversation to the type that `with_observer` takes.
//! - Where no method takes an observer, [`HookedProcessors`] observe a pipeline through the hooks of its processors.
//!
//! # Reported and measured
//!
//! *Reported* values come from frames of the pipeline; the others are *measured* from the frames around them.
//!
//! | value | source |
//! |---|---|
//! | transcripts, text of the model, tool calls, errors, contexts, the user's speech | reported |
//! | tokens, characters, seconds of transcribed audio | reported by [`Billing`]. The adapter ignores tokens that rustvani only estimates |
//! | time to first byte of speech-to-text, model and synthesis | measured |
//! | start and end of the bot's speech | measured from its audio: [`Support::Unreliable`] |
//! | start of the turn | inferred from the voice activity: [`Support::Inferred`] |
//! | spoken text | the model's text: [`Support::Inferred`] |
//!
//! # Frames of rustvani 0.4
//!
//! Observed with rustvani's aggregators, `OpenAI` client and channel transport. A frame keeps its id over its hops.
//!
//! | event | frames of rustvani | frames for the trace |
//! |---|---|---|
//! | the task starts | `Start` from `PipelineSource` through every processor to `PipelineTaskSink` | `Start`. Its hops list the processors of the pipeline |
//! | the user speaks | `VADUserStartedSpeaking` and `VADUserStoppedSpeaking` from the transport's input or a `VadProcessor`, without `UserStartedSpeaking` | the same frames; the turn starts with the voice |
//! | the user's words are recognized | the speech-to-text service holds back the stop and sends it again, with the same id, together with the final transcript. A transcript during speech is a `Transcription`; interim ones are not `finalized` | transcripts; the second stop adds only its transcript |
//! | … in sentences | `SentenceSegmenter` makes new frames of the same words | – |
//! | the user interrupts | `LLMUserAggregator` broadcasts `Interruption` at *every* start of the user's voice, if interruptions are allowed. rustvani aborts the model's task, so that neither `LLMFullResponseEnd` nor the results of its tools follow | when it reaches a responding model: cancellation of its tool calls, and the end of its response |
//! | the model receives a context | the context is shared, behind a lock, and changes later | the context at the time of the hop, read under its lock |
//! | the model responds | `LLMFullResponseStart`, `LLMText` deltas, `LLMFullResponseEnd` | the same frames |
//! | the model calls tools | within *one* response: `FunctionCallStart`, then `FunctionCallInProgress` and `FunctionCallResult` for each call, then `FunctionCallEnd`. Then rustvani requests the next response without sending a context | the end of the response at `FunctionCallStart`; at `FunctionCallEnd` a new context, with the calls and their results, and the start of a response |
//! | the response is spoken | only `OutputAudioRaw` | audio of a synthesis, whose input is the model's text |
//! | the bot speaks | the output transport sends `BotStoppedSpeaking` at every end of a response, even while audio is still playing, and `BotStartedSpeaking` again with the next audio | measured from the audio |
//! | a service fails | `Error`, upstream only, which the task sends downstream again with the same id; then `LLMFullResponseEnd` | an error. Its category is rustvani's own (credits, rate limit, refusal, timeout), or else the HTTP status |
//! | usage | billing events, for each request to a model | metrics, through [`Billing`] |
//! | the task ends | `End` to `PipelineTaskSink`. A run that is dropped leaves its processors running | `End`. [`Observed::run`] ends the conversation when it returns, and cancels it when it is dropped |
//!
//! # Limits
//!
//! - Two processors with the same name, such as two `OpenAILLM`, are one service in the trace.
//! - A transition of a Dhara flow between two rounds of tool calls changes the context after the adapter has read it.
//! - When the model reaches the limit of rounds, the trace contains an LLM call that rustvani did not make. rustvani reports
//!   this in its log only.
//!
//! rustvani awaits hooks inline, so that a slow hook delays the pipeline. The hooks of this crate neither wait nor panic.
//!
//! [`Support::Inferred`]: pipecat_instrument_runtime::engine::conversation::Support::Inferred
//! [`Support::Unreliable`]: pipecat_instrument_runtime::engine::conversation::Support::Unreliable

mod billing;
mod frame;
mod llm_rounds;
mod names;
mod observed;
mod observer;
mod processor_hooks;

pub use billing::Billing;
pub use observed::Observed;
pub use observer::{RustvaniObserver, RustvaniObserverBuilder, observer};
pub use processor_hooks::HookedProcessors;
