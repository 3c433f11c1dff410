//! `#[instrument_task]` in every shape: what runs, and that exactly one observer sees its frames.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

mod arguments;
mod futures;
mod generated;
mod hygiene;
mod nesting;
mod once;
mod panics;
mod signatures;
#[path = "../support/mod.rs"]
mod support;
mod told;
mod wrappers;
