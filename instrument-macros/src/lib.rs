//! The procedural macros of `pipecat-instrument`, which re-exports and documents them.
//!
//! Each macro is a plain function over token streams, in three steps: what was written is parsed, what it means is
//! checked, and what is left to do is expanded. This file only forwards.

mod frame;
mod mistakes;
mod task;

use proc_macro::TokenStream;

/// Observes the tasks that a constructor builds.
///
/// On an `impl` block, every associated function without a receiver that returns the type, however wrapped (`Result`,
/// `Option`, `Arc`, `Box`, `Rc`, `Pin`, these in each other, and a tuple with the task first), is a constructor: sync,
/// async, or with a future of its own (`impl Future`, `Pin<Box<dyn Future>>`, `BoxFuture`, and so under `async_trait`, in
/// either order). On a function, that function is. Each gets an observer for its conversation while
/// `PipecatInstrumentor` is switched on, and costs one atomic load while it is not.
///
/// Constructors that call each other, on whatever thread, make one observer: for the task that the outermost returns. A
/// further task that it builds inside is a part of that conversation; to observe it by itself, `skip` the outer one.
///
/// ```
/// use pipecat_instrument::{ObservedTask, Observer, instrument_task};
/// # use std::sync::Arc;
/// # #[derive(Default)]
/// # struct PipelineTask(Option<Observer>);
/// # impl ObservedTask for PipelineTask {
/// #     fn attach_observer(&mut self, observer: Observer) { self.0 = Some(observer); }
/// # }
/// # struct Params { conversation_id: Option<String> }
/// # struct Refused;
///
/// // The observer goes into the finished task, which implements `ObservedTask`.
/// #[instrument_task(conversation_id = params.conversation_id)]
/// impl PipelineTask {
///     pub fn new(params: Params) -> Self {
///         # drop(params);
///         // …
///         # Self::default()
///     }
///
///     pub async fn connect(url: &str) -> Result<Arc<Self>, Refused> {
///         // …
///         # if url.is_empty() { return Err(Refused); }
///         # Ok(Arc::new(Self::new(Params { conversation_id: None })))
///     }
///
///     #[instrument_task(skip)]
///     pub fn for_tests() -> Self {
///         // …
///         # Self::default()
///     }
/// }
///
/// # trait FrameObserver {}
/// # struct Adapter(Observer);
/// # impl FrameObserver for Adapter {}
/// # mod adapter { pub(super) fn observer(o: super::Observer) -> Box<dyn super::FrameObserver> { Box::new(super::Adapter(o)) } }
/// # struct TheirTask(Vec<Box<dyn FrameObserver>>);
/// // The observer goes into an argument, for a task that is somebody else's.
/// #[instrument_task(observers = observers, via = adapter::observer, conversation_id = call_id)]
/// fn build_task(call_id: &str, observers: Vec<Box<dyn FrameObserver>>) -> TheirTask {
///     // …
///     # let _ = call_id;
///     # TheirTask(observers)
/// }
/// # fn main() {}
/// ```
///
/// | argument | meaning |
/// |---|---|
/// | `conversation_id = expression` | The conversation's id; a UUID without it. Looked at by reference before the body takes the arguments, so nothing need be cloned. In an `impl` block it counts for the constructors that have the arguments it names, also in patterns. |
/// | `attributes = expression` | More attributes for every span: a `Vec<KeyValue>`, an array, … Looked at in the same way. |
/// | `debug_log = expression` | Where the frame log of this conversation goes: a path as `"logs/{conversation_id}.jsonl"`, `false` for nowhere, or an `Option` of one, where `None` is as the program says. Looked at in the same way. |
/// | `parent = expression` | The span that the conversation came from: a `traceparent` as text, a `Context`, a `SpanContext`, or an `Option` of one. Its turns are children of that span. Looked at in the same way. |
/// | `link = expression` | The same, for turns that only link to it. |
/// | `observers = argument` | Push the observer into this argument, or a field of one (`params.observers`), instead of attaching it to the finished task. In an `impl` block, constructors without the argument are left to the one that they call. |
/// | `via = function` | What turns the observer into what that argument takes. |
/// | `task = Type` | The task type, where the return type does not show it: `impl Trait`, an alias. In an `impl` block it stands above the function, `#[instrument_task(task = Self)]`. |
/// | `name = "text"` | The name in `PipecatInstrumentor::annotated_types()`; the type as it is written without it. |
/// | `skip` | Leave this constructor of an annotated `impl` block alone. |
/// | `crate = path` | Where `pipecat_instrument` is, if it is not a dependency of this name. |
///
/// # Not observed
///
/// `const fn`, methods, and functions that return no task are refused, with what to do instead. Two things the compiler
/// cannot be asked for: in a body that is wrapped, `Location::caller()` of a `#[track_caller]` constructor is a place in
/// that body; and where a function with `observers = …` calls another one with `observers = …` *on another thread*, each
/// pushes its own: annotate one of them.
#[proc_macro_attribute]
pub fn instrument_task(args: TokenStream, item: TokenStream) -> TokenStream {
    task::instrument_task(args.into(), item.into()).into()
}

/// Lets an observer read a frame type of one's own.
///
/// Each variant says with `#[frame(…)]` what it is. Fields are borrowed; nothing is allocated or copied.
///
/// ```
/// use pipecat_instrument::ObservedFrame;
///
/// #[derive(ObservedFrame)]
/// enum MyFrame {
///     #[frame(start)]
///     Start,
///     #[frame(transcription(text, user_id = speaker))]
///     Heard { text: String, speaker: String },
///     #[frame(llm_text)] // a variant with one field needs no name for it
///     Token(String),
///     #[frame(tts_audio(samples, sample_rate = 24_000))]
///     Speech { samples: Vec<i16> },
///     #[frame(ignore)]
///     Microphone(Vec<i16>),
/// }
/// ```
///
/// The first argument of a kind may stand without its name. A field is named by its name, or as `.0`, and what is in it
/// as `caller.name` or `.0.name`; anything else after `=` is an expression over the fields, which are references. `= …`
/// of a text wants a `&str` or something that is one behind a reference, an optional one also an `Option`.
///
/// | frame | arguments |
/// |---|---|
/// | `start` `end` `stop` `cancel` `interruption` `user_started_speaking` `user_stopped_speaking` `vad_user_started_speaking` `bot_started_speaking` `bot_stopped_speaking` `llm_response_start` `llm_response_end` | |
/// | `vad_user_stopped_speaking` | `stop_secs`, `transcript` |
/// | `transcription` `interim_transcription` | `text`*, `user_id`, `language` |
/// | `llm_context` | `context` |
/// | `llm_text` `aggregated_text` `tts_text` | `text`*, `context_id`, `spacing`, `chunking`, `delivery` |
/// | `tts_speak` | `text` |
/// | `tts_started` `tts_stopped` | `context_id` |
/// | `tts_audio` `output_audio` `input_audio` | `bytes`* (or the samples), `sample_rate`*, `channels` |
/// | `metrics` | `metrics`* |
/// | `function_calls_started` | `calls`* |
/// | `function_call_in_progress` | `name`*, `tool_call_id`*, `arguments` |
/// | `function_call_result` | `name`*, `tool_call_id`*, `result`, `error` |
/// | `function_call_cancel` | `tool_call_id`* |
/// | `error` | `message`*, `fatal`, `exception`, `processor`, `category` |
/// | `ignore` `other` | none: it says nothing about a trace; the frame log names the variant |
///
/// On the type, `#[frame(crate = path)]` says where `pipecat_instrument` is, if it is not a dependency of this name.
#[proc_macro_derive(ObservedFrame, attributes(frame))]
pub fn observed_frame(input: TokenStream) -> TokenStream {
    frame::observed_frame(input.into()).into()
}
