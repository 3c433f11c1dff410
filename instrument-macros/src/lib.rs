//! Procedural macros of `pipecat-instrument`, which re-exports them. Use them through that crate.
//!
//! | macro | annotates | result |
//! |---|---|---|
//! | [`macro@instrument_task`] | the constructors of a pipeline task | each task has an observer for its conversation |
//! | [`macro@ObservedFrame`] | a frame type | observers can read its frames |
//! | [`macro@ObservedService`] | a processor type | observers can read its role and its model |
//! | [`macro@traced_stt`], [`macro@traced_llm`], [`macro@traced_tts`] | a function that calls a service | a span for each call |
//!
//! All mistakes in an annotation are reported in one compile, at the tokens that are wrong, and an annotated item is never
//! dropped.

// Each macro is a function over token streams in a module of its own, in three steps: parse, check, expand. This file holds
// the documentation.

mod arguments;
mod diagnostics;
mod fields;
mod frame;
mod item;
mod return_type;
mod service;
mod task;
mod traced;

use proc_macro::TokenStream;

/// Observes the tasks that a constructor builds.
///
/// # Usage
///
/// Annotate the `impl` block of the task type, or a single function that builds a task. While `PipecatInstrumentor` is
/// switched on, each constructor makes an [observer] for the conversation of its task. While it is switched off, the
/// annotation costs one atomic load per task.
///
/// There are three ways for the observer to reach the task:
///
/// | the task | annotation |
/// |---|---|
/// | is your own type, and implements `ObservedTask` | `#[instrument_task]`: the observer goes into the finished task |
/// | takes observers in its constructor | `observers = argument`: the observer is pushed into that argument |
/// | takes none, and comes from another crate | `wrap = Wrapper`: the function returns the task in a wrapper that takes the observer |
///
/// # What is a constructor
///
/// In an `impl` block, each function without `self` that returns the type of the block:
///
/// - as it is, or in `Result`, `Option`, `Arc`, `Box`, `Rc` or `Pin`, also nested, or as the first element of a tuple;
/// - from a function, an `async fn`, or a function that returns a future: `impl Future`, `Pin<Box<dyn Future>>`,
///   `BoxFuture`. `#[async_trait]` may stand above or below.
///
/// An annotated function is a constructor of the type that it returns.
///
/// Constructors that call each other on one thread make one observer, for the task that the outermost constructor returns. A
/// further task that it builds belongs to the same conversation; for a conversation of its own, `skip` the outer
/// constructor. If a constructor calls another one on another thread (with `spawn_blocking`, for example) and both are
/// annotated, there are two observers and two conversations: annotate the outer one only, and `skip` the inner one.
///
/// # Arguments
///
/// | argument | meaning |
/// |---|---|
/// | `conversation_id = expression` | The id of the conversation: a string, an integer, a `Uuid`, or an `Option` of one. The default is a new UUID. |
/// | `attributes = expression` | Attributes for every span of the conversation, such as a `Vec<KeyValue>` or an array. |
/// | `debug_log = expression` | The frame log of this conversation: a path such as `"logs/{conversation_id}.jsonl"`, `false` for no log, or an `Option` of one. The default, and `None`, is the log that `PipecatInstrumentor` is built with. |
/// | `parent = expression` | The caller's span, which becomes the parent of the turns: a `traceparent` header, a `Context`, a `SpanContext`, or an `Option` of one. |
/// | `link = expression` | The caller's span, to which the turns link. Takes the same values as `parent`. |
/// | `observers = argument` | The argument, or field of an argument (`params.observers`), into which the observer is pushed. In an `impl` block, constructors without this argument are left alone: they call one that has it. |
/// | `via = function` | Converts the observer into what the argument of `observers` holds. |
/// | `wrap = Wrapper` | Returns `Wrapper<Task>` in place of the task, and puts the observer into the wrapper, which implements `From<Task>` and `ObservedTask`. For functions only. The body still returns the task; the task may be in a `Result`, an `Option`, a future, or first in a tuple, but not in an `Arc` or a `Box`. The function returns the wrapper even while nothing is observed. |
/// | `task = Type` | The task type, where the return type hides it: `impl Trait`, or an alias. In an `impl` block, write it above the function: `#[instrument_task(task = Self)]`. |
/// | `name = "text"` | The name in `PipecatInstrumentor::annotated_types()`. The default is the type as written. |
/// | `skip` | Excludes this function of an annotated `impl` block. |
/// | `crate = path` | The path to `pipecat_instrument`, if it is not a dependency under this name. |
///
/// The first five are expressions over the arguments of the constructor. They are evaluated before the body and borrow what
/// they use, so nothing has to be cloned. In an `impl` block, such an expression applies to the constructors that have the
/// arguments it names, also in patterns. The annotation of a function overrides that of its block.
///
/// # Examples
///
/// The observer goes into the finished task:
///
/// ```
/// use pipecat_instrument::{ObservedTask, Observer, instrument_task};
/// # use std::sync::Arc;
///
/// #[derive(Default)]
/// struct PipelineTask {
///     observer: Option<Observer>,
/// }
///
/// impl ObservedTask for PipelineTask {
///     fn attach_observer(&mut self, observer: Observer) {
///         self.observer = Some(observer);
///     }
/// }
/// # struct Params { conversation_id: Option<String> }
/// # struct Refused;
///
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
/// ```
///
/// The observer goes into an argument, in the type that the framework expects:
///
/// ```
/// # use pipecat_instrument::{Observer, instrument_task};
/// # trait FrameObserver {}
/// # struct Adapter(Observer);
/// # impl FrameObserver for Adapter {}
/// # struct PipelineTask(Vec<Box<dyn FrameObserver>>);
/// fn adapt(observer: Observer) -> Box<dyn FrameObserver> {
///     Box::new(Adapter(observer))
/// }
///
/// #[instrument_task(observers = observers, via = adapt, conversation_id = call_id)]
/// fn build_task(call_id: &str, observers: Vec<Box<dyn FrameObserver>>) -> PipelineTask {
///     // …
///     # let _ = call_id;
///     # PipelineTask(observers)
/// }
/// ```
///
/// The observer goes into a wrapper. This function returns `Result<Observed<PipelineTask>, Refused>`:
///
/// ```
/// # use pipecat_instrument::{ObservedTask, Observer, instrument_task};
/// # struct PipelineTask;
/// # struct Refused;
/// # struct Observed<T>(T, Option<Observer>);
/// # impl<T> From<T> for Observed<T> { fn from(task: T) -> Self { Self(task, None) } }
/// # impl ObservedTask for Observed<PipelineTask> {
/// #     fn attach_observer(&mut self, observer: Observer) { self.1 = Some(observer); }
/// # }
/// #[instrument_task(wrap = Observed, conversation_id = call_id)]
/// fn connect(call_id: &str) -> Result<PipelineTask, Refused> {
///     // …
///     # if call_id.is_empty() { return Err(Refused); }
///     # Ok(PipelineTask)
/// }
/// # fn main() { let _: fn(&str) -> Result<Observed<PipelineTask>, Refused> = connect; }
/// ```
///
/// # Errors
///
/// The macro rejects, with what to write instead: a `const fn`, a method, a function that returns no task, a block without a
/// constructor, unknown and repeated arguments, and arguments that contradict each other.
///
/// # Limitations
///
/// The body runs in a closure. In a constructor with `#[track_caller]`, `Location::caller()` is therefore a place in the
/// expansion, not the caller.
///
/// [observer]: https://docs.rs/pipecat-instrument/latest/pipecat_instrument/struct.Observer.html
#[proc_macro_attribute]
pub fn instrument_task(args: TokenStream, item: TokenStream) -> TokenStream {
    task::instrument_task(args.into(), item.into()).into()
}

/// Implements `ObservedFrame` for a frame type, so that an observer can read its frames.
///
/// # Usage
///
/// Give each variant of the enum, or the struct, its kind: `#[frame(kind)]` or `#[frame(kind(arguments))]`. The derived view
/// borrows the fields: it allocates and copies nothing. Frames that traces do not need are `#[frame(ignore)]`; the frame log
/// still names them.
///
/// # Arguments
///
/// An argument marked * is required. The first argument of a kind may be written without its name, and a variant with a
/// single unnamed field may omit it.
///
/// | kind | arguments |
/// |---|---|
/// | `start` `end` `stop` `cancel` `interruption` `user_started_speaking` `user_stopped_speaking` `proposed_user_started_speaking` `eager_transcription` `eager_end_of_turn_cancel` `vad_user_started_speaking` `bot_started_speaking` `bot_stopped_speaking` `llm_response_start` `llm_response_end` | |
/// | `vad_user_stopped_speaking` | `stop_secs`, `transcript` |
/// | `transcription` `interim_transcription` | `text`*, `user_id`, `language` |
/// | `llm_context` | `context` |
/// | `llm_text` `aggregated_text` `tts_text` | `text`*, `context_id`, `spacing`, `chunking`, `delivery` |
/// | `tts_speak` | `text` |
/// | `tts_started` `tts_stopped` | `context_id` |
/// | `tts_audio` `output_audio` `input_audio` | `bytes`* (their number, or the samples), `sample_rate`* (in hertz), `channels` (1 by default) |
/// | `metrics` | `metrics`* |
/// | `function_calls_started` | `calls`* |
/// | `function_call_in_progress` | `name`*, `tool_call_id`*, `arguments` |
/// | `function_call_result` | `name`*, `tool_call_id`*, `result`, `error`, `is_final` (true by default; false if more results of the call follow) |
/// | `function_call_cancel` | `tool_call_id`* |
/// | `error` | `message`*, `fatal`, `exception`, `processor`, `category` |
/// | `ignore` `other` | |
///
/// The value of an argument is one of:
///
/// - a field: `text = words`, or `text = .0` in a tuple variant;
/// - a field of a field: `user_id = caller.name`, `text = .0.text`;
/// - an expression over the fields, which are references: `bytes = samples.len() * 2`.
///
/// A text is a `&str`, or a reference to a `String`, `Arc<str>` and the like; where it is not required, also an `Option` of one.
///
/// `#[frame(crate = path)]` on the type is the path to `pipecat_instrument`, if it is not a dependency under this name.
///
/// # Examples
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
///     #[frame(llm_text)]
///     Token(String),
///     #[frame(tts_audio(samples, sample_rate = 24_000))]
///     Speech { samples: Vec<i16> },
///     #[frame(ignore)]
///     Microphone(Vec<i16>),
/// }
/// ```
///
/// # Errors
///
/// The macro rejects a variant without a kind or with several, unknown kinds, fields and arguments, and missing required
/// arguments. For a union, implement the trait by hand.
#[proc_macro_derive(ObservedFrame, attributes(frame))]
pub fn observed_frame(input: TokenStream) -> TokenStream {
    frame::observed_frame(input.into()).into()
}

/// Implements `ObservedService` for a processor type, so that an observer can read its role, its model and its other settings.
///
/// # Usage
///
/// Give the type its role: `#[service(role, arguments)]`. Values are read while a frame is pushed, and are borrowed. A
/// reference to the processor converts into a `ProcessorRef`, which is the source or the destination of a hop.
///
/// # Arguments
///
/// The role is one of `stt`, `llm`, `tts`, `input_transport`, `output_transport`, `sink` (the end of the pipeline) and
/// `other`. An argument without a value is the field of its name; a value is a field (`model = name`, `model = .0`) or an
/// expression over `self`.
///
/// | argument | meaning |
/// |---|---|
/// | `name = …` | The name that distinguishes processors of one class, in metrics and errors. The default is the class. |
/// | `class = …` | The class of the service in spans. The default is the name of the type. |
/// | `id = …` | The id that distinguishes the processor from all others of the conversation. The default is its name. |
/// | `provider = …` `model = …` `voice = …` `language = …` `system_instruction = …` | Texts, or `Option`s of them. |
/// | `instruction_placement = …` | How a model sends its `system_instruction`: a `frame::InstructionPlacement`. The default depends on the class. |
/// | `sample_rate = …` | The sample rate of the audio, in hertz. |
/// | `settings = …` | Other settings, such as the temperature: a `Vec<(String, frame::Setting)>`. |
/// | `crate = path` | The path to `pipecat_instrument`, if it is not a dependency under this name. |
///
/// # Examples
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
/// let processor = ProcessorRef::from(&llm);
/// assert_eq!((processor.id(), processor.role()), ("Llm", Role::Llm));
/// # let tts = Tts("Tts#1".into());
/// # assert_eq!(ProcessorRef::from(&tts).id(), "Tts#1");
/// ```
///
/// # Errors
///
/// The macro rejects a type without a role or with several, and unknown and repeated arguments and fields.
#[proc_macro_derive(ObservedService, attributes(service))]
pub fn observed_service(input: TokenStream) -> TokenStream {
    service::observed_service(input.into()).into()
}

/// Traces a function or method that calls a language model.
///
/// # Usage
///
/// The function may be an `async fn`, may return a future (`impl Future`, `Pin<Box<dyn Future>>`, `BoxFuture`), and may stand
/// in an `#[async_trait]`. It may return a value, or a stream that the signature shows: `impl Stream`, `BoxStream` or
/// `Pin<Box<dyn Stream>>`, also in a `Result`.
///
/// Each call is a span of kind LLM:
///
/// - It starts when the function is called, and ends when the function returns, or when the stream ends or is dropped.
/// - It is the current span in the body, across awaits: HTTP requests of the body become its children.
/// - The time to the first item of a stream is the time to first byte (TTFB).
/// - An `Err`, also as an item of a stream, or a panic gives it an error status. A call that is dropped before its end counts as interrupted.
///
/// In an observed conversation, which `context` or the current OpenTelemetry context identifies, the span is a child of the
/// turn. If frames report the same LLM call, there is *one* span for both, and the function adds what the frames do not report.
/// Outside a conversation, the span is a root, or a child of the current span. While nothing is observed, the annotation
/// costs one atomic load per call.
///
/// # Arguments
///
/// | argument | meaning |
/// |---|---|
/// | `model = …` `provider = …` | Texts, or `Option`s of them. |
/// | `input = …` | The request: a text, or the messages of a chat, as a `serde_json::Value` in OpenAI's format (a list, or an object with `messages` and `tools`), a list of such values, a `frame::ChatContext`, or a `Vec<frame::Message>`. |
/// | `output = \|value\| …` | The response, read from the value of an `Ok`, or from each item of a stream, where pieces are joined: a text, an `Option` of one, a `frame::Message`, or the `frame::ToolCall`s it requests. |
/// | `usage = \|value\| …` | The tokens used: a `frame::LlmUsage`, `(prompt, completion)`, or an `Option` of one. In a stream, the last value counts. |
/// | `context = …` | The conversation: a `TracingContext`, an `Option` of one, or a value that implements `AsTracingContext`. |
/// | `name = …` | The class of the service, which also selects one of several services in the pipeline. The default is the type of the method. |
/// | `stream` | Declares that the function returns a boxed stream, where an alias hides it. |
/// | `crate = path` | The path to `pipecat_instrument`, if it is not a dependency under this name. |
///
/// Values are evaluated before the body, and borrow what they use.
///
/// # Examples
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
/// # Errors
///
/// The macro rejects a `const fn`, a function without a body, a second `#[traced_*]` attribute on the function, and unknown
/// and repeated arguments.
#[proc_macro_attribute]
pub fn traced_llm(args: TokenStream, item: TokenStream) -> TokenStream {
    traced::traced(&traced::LLM, args.into(), &item.into()).into()
}

/// Traces a function or method that turns speech into text.
///
/// # Usage
///
/// Each call is a span of STT. Otherwise as [`macro@traced_llm`].
///
/// # Arguments
///
/// Those of [`macro@traced_llm`], with these differences:
///
/// | argument | meaning |
/// |---|---|
/// | `output = \|value\| …` | The transcript. It is also the input of the span, so there is no `input` argument. |
/// | `usage = \|value\| …` | The length of the audio: seconds as `f64` or `f32`, a `Duration`, or an `Option` of one. In a stream, lengths add up. |
/// | `language = …` | The language of the speech: a text, or an `Option` of one. |
///
/// # Examples
///
/// ```
/// use pipecat_instrument::traced_stt;
/// # struct Whisper;
/// # struct Transcript { text: String, seconds: f64 }
///
/// impl Whisper {
///     #[traced_stt(model = "large-v3", language = "en", output = |result| &result.text, usage = |result| result.seconds)]
///     fn transcribe(&self, samples: &[i16]) -> Transcript {
///         // …
///         # Transcript { text: String::new(), seconds: samples.len() as f64 }
///     }
/// }
/// # Whisper.transcribe(&[]);
/// ```
#[proc_macro_attribute]
pub fn traced_stt(args: TokenStream, item: TokenStream) -> TokenStream {
    traced::traced(&traced::STT, args.into(), &item.into()).into()
}

/// Traces a function or method that turns text into speech.
///
/// # Usage
///
/// Each call is a span of TTS. Otherwise as [`macro@traced_llm`].
///
/// # Arguments
///
/// Those of [`macro@traced_llm`], with these differences:
///
/// | argument | meaning |
/// |---|---|
/// | `input = …` | The text to speak, or an `Option` of one. |
/// | `output = \|value\| …` | The text that was spoken, if it differs from the input. |
/// | `usage = \|value\| …` | The number of characters: an integer, or an `Option` of one. In a stream, numbers add up. |
/// | `voice = …` | The voice: a text, or an `Option` of one. |
///
/// # Examples
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
#[proc_macro_attribute]
pub fn traced_tts(args: TokenStream, item: TokenStream) -> TokenStream {
    traced::traced(&traced::TTS, args.into(), &item.into()).into()
}
