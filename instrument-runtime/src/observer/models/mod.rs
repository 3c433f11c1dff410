//! What must hold in whatever order threads take turns: loom tries them all out, with no more than so many threads stopped
//! in the middle of something. `tests/models` runs them.

#![allow(
    missing_docs,
    clippy::disallowed_methods,
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "tests, which are in the library to see what is private"
)]

pub mod audio_meter;
pub mod conversation;
pub mod timer;

use loom::model::Builder;

/// How many times a thread may be stopped in the middle of something. Nearly all that can go wrong does with two.
const PREEMPTIONS: usize = 3;

/// How many times threads could take turns in one run: for each lock and atomic that is touched.
const MOST_TURNS: usize = 10_000;

/// Runs `model` in every order that its threads can take turns in. `LOOM_MAX_PREEMPTIONS` says another number.
pub(crate) fn check(model: impl Fn() + Sync + Send + 'static) {
    let mut builder = Builder::new();
    builder.preemption_bound.get_or_insert(PREEMPTIONS);
    builder.max_branches = MOST_TURNS;
    builder.check(model);
}
