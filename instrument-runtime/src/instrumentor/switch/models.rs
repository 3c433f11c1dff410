//! The switch, in a storm of those who turn it.

#![allow(
    missing_docs,
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "tests, which are in the library to see what is private"
)]

use loom::thread;
use opentelemetry::trace::noop::NoopTracerProvider;

use super::{current, is_off, turn_off, turn_on};
use crate::emit::Tracers;
use crate::observer::models::check;
use crate::observer::{ObserveOptions, ObserverProvider};

fn group() -> ObserverProvider {
    ObserverProvider::new(Tracers::new(&NoopTracerProvider::new()))
}

/// Some switch it on, some off, and tasks are built: whatever comes of it, what it says of itself is true.
pub fn on_and_off_while_tasks_are_built() {
    check(|| {
        let on = thread::spawn(|| turn_on(group()).is_ok());
        let off = thread::spawn(turn_off);
        if let Some(group) = current() {
            drop(group.observe(ObserveOptions::new().conversation_id("call-42")));
        }
        turn_off();
        assert!(on.join().unwrap(), "nobody else switched it on");
        off.join().unwrap();
        assert_eq!(is_off(), current().is_none());

        turn_off();
        assert!(is_off() && current().is_none());
        assert!(turn_on(group()).is_ok(), "it can be switched on again");
        assert!(current().is_some());
    });
}

/// Of two who switch it on at once, one is told that the other did.
pub fn one_of_two_switches_it_on() {
    check(|| {
        let other = thread::spawn(|| turn_on(group()).is_ok());
        let mine = turn_on(group()).is_ok();
        assert_ne!(mine, other.join().unwrap());
        assert!(current().is_some());
        turn_off();
        assert!(is_off());
    });
}
