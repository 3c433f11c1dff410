//! `#[instrument_task]` in every shape: what runs, and that exactly one observer sees its frames.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]
#![allow(
    clippy::boxed_local,
    clippy::default_trait_access,
    clippy::let_and_return,
    clippy::needless_pass_by_value,
    clippy::new_ret_no_self,
    clippy::unnecessary_box_returns,
    clippy::unnecessary_literal_unwrap,
    clippy::unnecessary_wraps,
    clippy::unused_async,
    reason = "constructors are of every shape, and do nothing but show it"
)]

mod arguments;
mod foreign;
mod futures;
mod generated;
mod hygiene;
mod nesting;
mod panics;
mod signatures;
mod single_observer;
#[path = "../support/mod.rs"]
mod support;
mod told;
mod wrappers;
