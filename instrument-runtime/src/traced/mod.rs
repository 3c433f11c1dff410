//! What `#[traced_stt]`, `#[traced_llm]` and `#[traced_tts]` make of a function: the helpers that their expansions call.
//!
//! ```text
//!   traced_llm(how to announce it, what is known) ──▶ Decorated     off: nothing is looked at, nothing is held
//!        │
//!        ├─ .open(body)             the body runs in the context of its span
//!        └─ .future(body).wait()    … whenever it is polled, on whatever thread
//!                │
//!                ▼
//!              Opened(what the body made)
//!                ├─ .value(read)    looked at, and the span ends
//!                ├─ .result(read)   an error ends it; what is in the `Ok` goes on
//!                └─ .stream(read)   each item is looked at; the span ends with the stream
//!
//!   Whatever is dropped on the way ends its span as cut; a panic ends it as an error, and goes on.
//! ```
//!
//! **One operation, one span.** In an observed pipeline, frames tell of the same work from outside: the context reaches the
//! model before its function is called, the reply's start leaves synthesis while its function runs, and the words are
//! pushed after the recognizer's has returned. So the function announces itself to the conversation, and gets the
//! identity of a span at once, for its requests to be children of:
//!
//! ```text
//!   frames before      │ context ──▶ record opens ▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓ response ends
//!                      │                     function ▓▓▓▓▓▓▓▓▓▓▓▓  its span is the record's
//!   frames meanwhile   │ function ▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓            a span is begun for it …
//!                      │     start ──▶ record opens ▓▓▓▓▓▓▓▓▓ stop   … and the record goes on with that one
//!   frames afterwards  │ function ▓▓▓▓▓▓▓                            the same: an operation stays with its turn
//!                      │           transcript ──▶ record opens       until that is let go
//!   frames never       │ function ▓▓▓▓▓▓▓                            what is left then is a span of its own
//! ```
//!
//! Which record is whose is told by the kind and by the service: by its class or name where the annotation gives one
//! (`name = "OpenAILLMService"`), else by the type that the method belongs to, where a processor has that name; else it is
//! the first that is free. What frames tell counts; what they do not say (model, provider, voice, input, usage, an
//! error) the function adds. The rules are in `core::conversation`, beside those of the frames.

mod announced;
mod decorated;
mod failure;
mod found;
mod known;
mod seen;
mod stream;
mod values;

pub use announced::Announced;
pub use decorated::{Decorated, Opened, Waiting, traced_llm, traced_stt, traced_tts};
pub use found::Found;
pub use known::Known;
pub use seen::Seen;
pub use stream::TracedStream;
pub use values::{AudioLength, CharacterCount, LlmTokens, ServiceInput, ServiceOutput};
