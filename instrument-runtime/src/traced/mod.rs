//! Runtime support for `#[traced_stt]`, `#[traced_llm]` and `#[traced_tts]`: the helpers that their expansions call.
//!
//! ```text
//!   traced_llm(name, service, metadata) ──▶ TracedCall    not observed: evaluates nothing, holds nothing
//!        │
//!        ├─ .start(body)                  runs the body in the context of the span
//!        └─ .start_async(body).wait()     polls the body in that context, on any thread
//!                │
//!                ▼
//!              Started(value)
//!                ├─ .finish(read)         reads the value; the span ends
//!                ├─ .result(read)         an `Err` ends the span; an `Ok` continues
//!                └─ .stream(read)         reads each item; the span ends with the stream
//!
//!   A call that is dropped before its end counts as interrupted. A panic ends the span with an error and goes on.
//! ```
//!
//! # One operation, one span
//!
//! In an observed pipeline, frames report the same work: the context reaches the LLM before its function is called, the
//! reply's first frame leaves the TTS while its function runs, and the STT pushes the transcript after its function has
//! returned. So a traced call announces itself to the conversation and gets a span id at once, as the parent of the
//! requests that it makes:
//!
//! ```text
//!   frames first       │ context ──▶ record opens ▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓ response ends
//!                      │                     function ▓▓▓▓▓▓▓▓▓▓▓▓  uses the span of the record
//!   frames meanwhile   │ function ▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓            starts a span …
//!                      │     start ──▶ record opens ▓▓▓▓▓▓▓▓▓ stop   … which the record takes over
//!   frames afterwards  │ function ▓▓▓▓▓▓▓                            starts a span, kept until its turn is finished …
//!                      │           transcript ──▶ record opens       … which the record takes over
//!   no frames          │ function ▓▓▓▓▓▓▓                            its span becomes a record of its own
//! ```
//!
//! A call and a record belong together if they are of the same kind and service. The service is the annotation's
//! `name = "OpenAILLMService"`, a class or a processor's name; without it, the method's type, if a processor has that name;
//! otherwise the first record without a call. Facts from frames take precedence. The call adds what frames do not carry:
//! model, provider, voice, input, usage, error. The rules are in `engine::conversation`.

mod error_message;
mod metadata;
mod outcome_builder;
mod traced_call;
mod values;

pub use error_message::ReturnValue;
pub use metadata::{ServiceMetadata, ServiceRef};
pub use outcome_builder::{OutcomeBuilder, ServiceOutput};
pub use traced_call::{Started, TracedCall, TracedFuture, TracedStream, traced_llm, traced_stt, traced_tts};
pub use values::{CharacterCount, LlmTokens, Seconds, ServiceInput};
