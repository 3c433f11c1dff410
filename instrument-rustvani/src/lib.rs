//! Traces conversations that are held with rustvani.
//!
//! rustvani takes an observer where a task runs, not where it is made. So the annotated function returns, in the place
//! of the task that it makes, an [`Observed`] one, which derefs to the task and runs it observed. Who calls it changes
//! nothing:
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
//! async fn hold(call_id: &str, processors: Vec<FrameProcessor>) -> rustvani::Result<()> {
//!     let task = build_task(call_id, processors);
//!     task.run(system_clock(), None).await
//! }
//! # let _ = hold;
//! ```
//!
//! rustvani's events bear the names of processors and nothing else. Those of its own services tell what they do and who
//! provides them. A function that returns an [`Observed`] task itself can say more: [`Observed::service`] takes what
//! stands behind any other name, and a model, a voice, a language; [`Billing`] brings tokens, characters and seconds of
//! audio.
//!
//! For an `AgentRunner`, [`observer`] makes of the observer of a conversation what `with_observer` takes; where nothing
//! takes one, [`Processors`] watch a pipeline through its hooks.
//!
//! # What rustvani 0.4 tells, and what it does not
//!
//! Seen with its aggregators, its client of `OpenAI`'s interface and its channel transport. A frame keeps its id over
//! its hops. Hooks are awaited inline: a slow one slows the pipeline, and one that panics hangs it. Those here do
//! neither.
//!
//! | what happens | which frames come | what the adapter makes of it |
//! |---|---|---|
//! | the task starts | `Start` from `PipelineSource` through every processor to `PipelineTaskSink` | `Start`; who is in the pipeline |
//! | the user speaks | `VADUserStartedSpeaking` and `VADUserStoppedSpeaking` of the transport's input or a `VadProcessor`; no `UserStartedSpeaking` | the same; the turn starts with the voice: [`Support::Inferred`] |
//! | the user is understood | the speech-to-text service holds the stop back and sends it again, of the same id, with the final transcript in it. One that comes in the middle is a `Transcription`; interim ones are such that are not `finalized` | transcripts; what is new in the stop counts |
//! | … in sentences | `SentenceSegmenter` makes new frames of the same words | nothing |
//! | the user cuts in | `Interruption`, broadcast by `LLMUserAggregator` at *every* start of the voice, where interruptions are allowed. The model's task is aborted: neither `LLMFullResponseEnd` nor the results of its tools come | where it reaches a model that is answering: its calls are cancelled and its response ends |
//! | the model is asked | the context is behind a lock, shared, and changes later | read at once, under that lock, while the hop is looked at |
//! | the model answers | `LLMFullResponseStart`, `LLMText` as deltas, `LLMFullResponseEnd` | the same |
//! | it asks for tools | within *one* response: `FunctionCallStart`, for each call `FunctionCallInProgress` and `FunctionCallResult`, `FunctionCallEnd`; then it is asked again, with no context sent | an end of the response at the first, and at the last a new context (the one before, the calls and their results) and a start |
//! | the answer is spoken | no frames of the synthesis, only `OutputAudioRaw` | audio of a synthesis, given the model's text |
//! | the bot is heard | the output transport says `BotStoppedSpeaking` at every end of a response, whatever is still to be played, and started again with the next audio | found out from the audio: [`Support::Unreliable`] |
//! | a service fails | `Error`, upstream only; the task sends it down again, of the same id. Then `LLMFullResponseEnd` | an error; out of credits, rate limits, refusals and timeouts, which rustvani tells apart, are its category, else the status of an HTTP response |
//! | usage | billing events, of each round of a model | metrics, through [`Billing`]. Tokens that are merely estimated are left out |
//! | time to first byte | not told | measured by the core |
//! | the task ends | `End` to `PipelineTaskSink`. A run that is dropped leaves its processors running | `End`; [`Observed::run`] ends the conversation when it is over or dropped |
//!
//! Names need not be unique: two `OpenAILLM` in one pipeline are one service here. A transition of a Dhara flow changes
//! the context between two rounds, after it has been read. Where the limit of rounds is reached, an invocation is shown
//! that rustvani then does not make: it says so in its log alone.
//!
//! [`Support::Inferred`]: pipecat_instrument_runtime::engine::conversation::Support::Inferred
//! [`Support::Unreliable`]: pipecat_instrument_runtime::engine::conversation::Support::Unreliable

mod billing;
mod builder;
mod frame;
mod hooks;
mod names;
mod observed;
mod observer;
mod rounds;

pub use billing::Billing;
pub use builder::RustvaniObserverBuilder;
pub use hooks::Processors;
pub use observed::Observed;
pub use observer::{RustvaniObserver, observer};
