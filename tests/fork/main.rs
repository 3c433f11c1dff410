//! A child of `fork`: it has none of its parent's threads.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod child;
mod frame_logs;
mod observers;
mod setups;
#[path = "../support/mod.rs"]
mod support;
