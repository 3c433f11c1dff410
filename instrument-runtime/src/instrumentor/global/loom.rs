//! Loom models of the process-wide provider.

#![allow(
    missing_docs,
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "tests, which are in the library to see what is private"
)]

use ::loom::thread;
use opentelemetry::trace::noop::NoopTracerProvider;

use super::{current_provider, is_off, set, unset};
use crate::emit::Tracers;
use crate::observer::loom::check;
use crate::observer::{ObserveOptions, ObserverProvider};

fn provider() -> ObserverProvider {
    ObserverProvider::new(Tracers::new(&NoopTracerProvider::new()))
}

/// One thread sets the provider, others unset it and build a task: `is_off` and `current_provider` agree at the end.
pub fn set_and_unset_while_a_task_is_built() {
    check(|| {
        let on = thread::spawn(|| set(provider()).is_ok());
        let off = thread::spawn(unset);
        if let Some(provider) = current_provider() {
            drop(provider.observe(ObserveOptions::new().conversation_id("call-42")));
        }
        unset();
        assert!(on.join().unwrap(), "no other thread set it");
        off.join().unwrap();
        assert_eq!(is_off(), current_provider().is_none());

        unset();
        assert!(is_off() && current_provider().is_none());
        assert!(set(provider()).is_ok(), "it can be set again");
        assert!(current_provider().is_some());
    });
}

/// Two threads set the provider at once: one of them gets an error.
pub fn one_of_two_sets_it() {
    check(|| {
        let other = thread::spawn(|| set(provider()).is_ok());
        let mine = set(provider()).is_ok();
        assert_ne!(mine, other.join().unwrap());
        assert!(current_provider().is_some());
        unset();
        assert!(is_off());
    });
}
