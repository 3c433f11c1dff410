//! `#[instrument_task]` on constructors of every shape: each runs as written, and exactly one observer sees its frames.
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
    reason = "the constructors show every shape, and do little else"
)]

mod futures;
mod hygiene;
mod macro_rules;
mod nesting;
mod observers_argument;
mod options;
mod panics;
mod return_types;
mod signatures;
mod single_observer;
#[path = "../support/mod.rs"]
mod support;
mod wrap_argument;
