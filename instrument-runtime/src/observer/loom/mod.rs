//! Loom models: properties that hold in every order in which threads can run, up to a number of preemptions.
//! `tests/models` runs them.

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

use ::loom::model::Builder;

/// The number of preemptions in one run. Nearly all errors show with two.
const MAX_PREEMPTIONS: usize = 3;

/// The number of points in one run at which threads could switch: one for each access to a lock or an atomic.
const MAX_BRANCHES: usize = 10_000;

/// Runs `model` in every order in which its threads can run. `LOOM_MAX_PREEMPTIONS` overrides the number of preemptions.
pub(crate) fn check(model: impl Fn() + Sync + Send + 'static) {
    let mut builder = Builder::new();
    builder.preemption_bound.get_or_insert(MAX_PREEMPTIONS);
    builder.max_branches = MAX_BRANCHES;
    builder.check(model);
}
