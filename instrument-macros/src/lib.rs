//! The procedural macros of `pipecat-instrument`, which re-exports and documents them.
//!
//! Each macro is a plain function over token streams, in three steps: what was written is parsed, what it means is
//! checked, and what is left to do is expanded. This file only forwards.

mod arguments;
mod frame;
mod mistakes;
mod service;
mod stated;
mod task;
mod traced;

use proc_macro::TokenStream;

/// Observes the tasks that a constructor builds.
///
/// On an `impl` block, every associated function without a receiver that returns the type, however wrapped (`Result`,
/// `Option`, `Arc`, `Box`, `Rc`, `Pin`, these in each other, and a tuple with the task first), is a constructor: sync,
/// async, or with a future of its own (`impl Future`, `Pin<Box<dyn Future>>`, `BoxFuture`, and so under `async_trait`, in
/// either order). On a function, that function is. Each gets an observer for its conversation while
/// `PipecatInstrumentor` is switched on, and costs one atomic load while it is not.
///
/// Constructors that call each other on one thread make one observer, for the task that the outermost returns. A further
/// task that it builds inside is a part of that conversation; to observe it by itself, `skip` the outer one. A constructor
/// that calls another *on another thread* (`spawn_blocking`, say) makes a second observer, and so a second conversation, if
/// both are annotated: annotate the outer one only, and `skip` the inner one.
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
///
/// # struct OtherTask;
/// # struct Observed<T>(T, Option<Observer>);
/// # impl<T> From<T> for Observed<T> { fn from(task: T) -> Self { Self(task, None) } }
/// # impl ObservedTask for Observed<OtherTask> {
/// #     fn attach_observer(&mut self, observer: Observer) { self.1 = Some(observer); }
/// # }
/// // The observer goes into a wrapper, where somebody else's constructor takes none: this returns a
/// // `Result<Observed<OtherTask>, Refused>`.
/// #[instrument_task(wrap = Observed, conversation_id = call_id)]
/// fn connect(call_id: &str) -> Result<OtherTask, Refused> {
///     // …
///     # if call_id.is_empty() { return Err(Refused); }
///     # Ok(OtherTask)
/// }
/// # fn main() { let _: fn(&str) -> Result<Observed<OtherTask>, Refused> = connect; }
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
/// | `wrap = Wrapper` | Above a function: it returns `Wrapper<Task>` for the task, wherever that stands in the return type (`Result`, `Option`, first in a tuple, in a future; in no `Arc` or `Box`), and the observer goes into that. The body returns the task as the signature says. `Wrapper<Task>` implements `From<Task>` and `ObservedTask`; it is there while nothing is observed, too. |
/// | `task = Type` | The task type, where the return type does not show it: `impl Trait`, an alias. In an `impl` block it stands above the function, `#[instrument_task(task = Self)]`. |
/// | `name = "text"` | The name in `PipecatInstrumentor::annotated_types()`; the type as it is written without it. |
/// | `skip` | Leave this constructor of an annotated `impl` block alone. |
/// | `crate = path` | Where `pipecat_instrument` is, if it is not a dependency of this name. |
///
/// # Not observed
///
/// `const fn`, methods, and functions that return no task are refused, with what to do instead. One thing the compiler
/// cannot be asked for: in a body that is wrapped, `Location::caller()` of a `#[track_caller]` constructor is a place in
/// that body.
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

/// Traces a function or method that asks a language model.
///
/// The span of kind LLM goes from the call to its end: of an async function, to where it returns; of one that returns a
/// stream, to the stream's end, or to where it is dropped. It is current inside, across awaits, so that what is done there
/// (HTTP requests, `traceparent`) is under it. `Err`, also as an item of a stream, makes it an error, and so does a
/// panic; what is dropped midway was interrupted. The time to the first item of a stream is the TTFB.
///
/// ```
/// use pipecat_instrument::{TracingContext, traced_llm};
/// # struct Reply { text: String, tokens: (u32, u32) }
/// # struct Error;
///
/// struct OpenAi {
///     model: String,
///     tracing: TracingContext,
/// }
///
/// impl OpenAi {
///     #[traced_llm(
///         model = self.model,
///         provider = "openai",
///         context = self.tracing,
///         input = prompt,
///         output = |reply| &reply.text,
///         usage = |reply| reply.tokens
///     )]
///     async fn complete(&self, prompt: &str) -> Result<Reply, Error> {
///         // …
///         # Ok(Reply { text: prompt.to_owned(), tokens: (1, 1) })
///     }
/// }
/// # let _ = OpenAi::complete;
/// ```
///
/// In a conversation that is observed (`context`, or the current OpenTelemetry context, names it) the span is one of its
/// turn; where frames tell of the same work, it is the *one* span of both, and what frames do not say is added. In
/// none, it is a root, or a child of the current span. While nobody observes anything, all this is one atomic load.
///
/// | argument | meaning |
/// |---|---|
/// | `model = …` `provider = …` | Texts, or `Option`s of them; looked at by reference before the body takes the arguments. |
/// | `input = …` | What it was asked: a text, or the messages of a chat: a `serde_json::Value` or list of them, as OpenAI has them (with `messages` and `tools`, if you like), a `frame::ChatContext`, a `Vec<frame::Message>`. |
/// | `output = \|value\| …` | Its answer, out of what an `Ok` holds or each item of the stream does (pieces are joined): a text, an `Option` of one, a `frame::Message`, the `frame::ToolCall`s that it asks for. |
/// | `usage = \|value\| …` | Its tokens: a `frame::LlmUsage`, `(prompt, completion)`, or an `Option` of one. Of a stream, what was told last. |
/// | `context = …` | The conversation: a `TracingContext`, an `Option` of one, or what implements `AsTracingContext`. |
/// | `name = …` | The service's class, and which of several services of the pipeline it is. Without it, the type whose method it is. |
/// | `stream` | What is returned is a boxed stream under another name (a type alias). |
/// | `crate = path` | Where `pipecat_instrument` is, if it is not a dependency of this name. |
///
/// Functions may be async or not, return `impl Future` or a boxed one, and stand in an `#[async_trait]`. Streams are those
/// that the signature shows: `impl Stream`, `BoxStream`, `Pin<Box<dyn Stream>>`, plain or in a `Result`.
#[proc_macro_attribute]
pub fn traced_llm(args: TokenStream, item: TokenStream) -> TokenStream {
    traced::traced(&traced::LLM, args.into(), &item.into()).into()
}

/// Traces a function or method that turns speech into text: [`macro@traced_llm`] for speech-to-text.
///
/// ```
/// use pipecat_instrument::traced_stt;
/// # struct Whisper;
/// # struct Heard { text: String, seconds: f64 }
///
/// impl Whisper {
///     #[traced_stt(model = "large-v3", language = "en", output = |heard| &heard.text, usage = |heard| heard.seconds)]
///     fn transcribe(&self, samples: &[i16]) -> Heard {
///         // …
///         # Heard { text: String::new(), seconds: samples.len() as f64 }
///     }
/// }
/// # Whisper.transcribe(&[]);
/// ```
///
/// Its arguments are those of `#[traced_llm]`, but for:
///
/// | argument | meaning |
/// |---|---|
/// | `output = \|value\| …` | What was heard: the span's input as well, for which there is no argument. |
/// | `usage = \|value\| …` | How much audio: seconds, a `Duration`, or an `Option` of one. Of a stream, they add up. |
/// | `language = …` | The language that it hears. |
#[proc_macro_attribute]
pub fn traced_stt(args: TokenStream, item: TokenStream) -> TokenStream {
    traced::traced(&traced::STT, args.into(), &item.into()).into()
}

/// Traces a function or method that turns text into speech: [`macro@traced_llm`] for text-to-speech.
///
/// ```
/// use pipecat_instrument::traced_tts;
/// # struct Cartesia { voice: String }
///
/// impl Cartesia {
///     #[traced_tts(voice = self.voice, model = "sonic-2", input = text, usage = |_| text_length)]
///     fn say(&self, text: &str, text_length: usize) -> Vec<i16> {
///         // …
///         # text.bytes().map(i16::from).collect()
///     }
/// }
/// # Cartesia { voice: String::new() }.say("", 0);
/// ```
///
/// Its arguments are those of `#[traced_llm]`, but for:
///
/// | argument | meaning |
/// |---|---|
/// | `input = …` | What it is asked to say: a text, or an `Option` of one. |
/// | `output = \|value\| …` | What was spoken, where that is another thing than what it was asked to say. |
/// | `usage = \|value\| …` | How many characters: a whole number, or an `Option` of one. Of a stream, they add up. |
/// | `voice = …` | The voice that it speaks with. |
#[proc_macro_attribute]
pub fn traced_tts(args: TokenStream, item: TokenStream) -> TokenStream {
    traced::traced(&traced::TTS, args.into(), &item.into()).into()
}

/// Lets an observer look at a processor type of one's own: what it does in its pipeline, and what it works with.
///
/// ```
/// use pipecat_instrument::ObservedService;
/// use pipecat_instrument::frame::{ProcessorRef, Role};
///
/// #[derive(ObservedService)]
/// #[service(llm, model, provider = self.client.vendor())]
/// struct Llm {
///     model: String,
///     client: Client,
/// }
///
/// #[derive(ObservedService)]
/// #[service(tts, class = "CartesiaTTSService", name = .0, voice = "sarah", sample_rate = 24_000)]
/// struct Tts(String);
/// # struct Client;
/// # impl Client { fn vendor(&self) -> &str { "azure" } }
///
/// let llm = Llm { model: "gpt-4o".into(), client: Client };
/// let processor = ProcessorRef::from(&llm); // an end of a hop
/// assert_eq!((processor.id(), processor.role()), ("Llm", Role::Llm));
/// # let tts = Tts("Tts#1".into());
/// # assert_eq!(ProcessorRef::from(&tts).id(), "Tts#1");
/// ```
///
/// First comes what it is: `stt`, `llm`, `tts`, `input_transport`, `output_transport`, `sink` (the end of the pipeline) or
/// `other`. Then, each of them a field (`model` for one of this name, `model = name`, `model = .0`) or an expression over
/// `self`, looked at while a hop goes past, borrowed:
///
/// | argument | meaning |
/// |---|---|
/// | `name = …` | What tells it from others of its class; metrics and errors bear it. The class without it. |
/// | `class = …` | The class of the service, as spans tell it: the type's name without it. |
/// | `id = …` | What tells it from every other processor of the conversation: its name without it. |
/// | `provider = …` `model = …` `voice = …` `language = …` `system_instruction = …` | Texts, or `Option`s of them. |
/// | `sample_rate = …` | Samples a second. |
/// | `settings = …` | A `Vec<(String, frame::Setting)>`, as `temperature`. |
/// | `crate = path` | Where `pipecat_instrument` is, if it is not a dependency of this name. |
#[proc_macro_derive(ObservedService, attributes(service))]
pub fn observed_service(input: TokenStream) -> TokenStream {
    service::observed_service(input.into()).into()
}
