//! Export to backends: to servers on loopback, with and without faults, to a real collector and to a real Phoenix.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failed step fails the test")]

mod async_runtimes;
mod burst;
mod intermittent;
mod loopback;
mod outages;
mod phoenix;
mod programs;
mod responses;
mod rotel;
mod secrets;
mod shutdown;
mod spool;
#[path = "../support/mod.rs"]
mod support;
mod tls;
mod wire;
