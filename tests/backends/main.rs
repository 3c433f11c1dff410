//! Traces on their way to a backend: servers on loopback that behave and that do not, a real collector, a real Phoenix.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

mod answers;
mod burst;
mod loopback;
mod phoenix;
mod real;
mod rotel;
mod runtimes;
mod secrets;
#[path = "../support/mod.rs"]
mod support;
mod tls;
mod wire;
