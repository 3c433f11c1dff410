//! `#[traced_stt]`, `#[traced_llm]` and `#[traced_tts]`, through the facade: span trees as text.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![allow(clippy::unused_self, reason = "the methods show shapes of signatures, and do little else")]

#[path = "../support/mod.rs"]
mod support;

mod async_trait;
mod calls;
mod conversation;
mod dropped;
mod hygiene;
mod metrics;
mod one_span;
mod pipeline;
mod privacy;
mod streams;
mod tree;
mod unsampled;
