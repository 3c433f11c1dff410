//! A task that pushes frames, and the check that exactly one observer sees them.

use std::ops::Deref;

use pipecat_instrument::frame::{Frame, Processor, Role, TextChunk};
use pipecat_instrument::{ObservedTask, Observer};

use crate::support::{Traced, attribute, push};

/// A task that keeps every observer it takes, so that a second one shows.
#[derive(Debug, Default)]
pub(crate) struct Task {
    observers: Vec<Observer>,
}

impl ObservedTask for Task {
    fn attach_observer(&mut self, observer: Observer) {
        self.observers.push(observer);
    }
}

/// A task whose observers can be read.
pub(crate) trait Speaks {
    fn observers(&self) -> &[Observer];
}

impl Speaks for Task {
    fn observers(&self) -> &[Observer] {
        &self.observers
    }
}

impl<P: Deref<Target: Speaks>> Speaks for P {
    fn observers(&self) -> &[Observer] {
        (**self).observers()
    }
}

/// Builds a task, pushes its frames, and returns the id of its conversation. Fails unless exactly one observer saw them.
pub(crate) fn observed_once<T: Speaks>(build: impl FnOnce() -> T) -> String {
    let traced = Traced::new();
    speaks_once(&traced, build())
}

/// Does the same for a task that exists.
pub(crate) fn speaks_once<T: Speaks>(traced: &Traced, task: T) -> String {
    let before = traced.spans().len();
    let llm = Processor::new("Llm", "OpenAILLMService", Role::Llm);
    for observer in task.observers() {
        push(observer, &llm, 1, &Frame::Start);
        push(observer, &llm, 2, &Frame::LlmResponseStart);
        push(observer, &llm, 3, &Frame::LlmText(TextChunk::new("Hi")));
        push(observer, &llm, 4, &Frame::LlmResponseEnd);
    }
    drop(task);

    let spans = traced.spans().split_off(before);
    let mut outputs: Vec<(String, Option<String>)> =
        spans.iter().map(|span| (span.name.to_string(), attribute(span, "output.value"))).collect();
    outputs.sort();
    let hi = || Some("Hi".to_owned());
    assert_eq!(outputs, [("pipecat.conversation.turn".to_owned(), hi()), ("pipecat.llm".to_owned(), hi())]);
    attribute(&spans[0], "session.id").expect("every span names its conversation")
}

/// Builds a task, which must have no observer.
pub(crate) fn unobserved<T: Speaks>(build: impl FnOnce() -> T) {
    let _traced = Traced::new();
    assert!(build().observers().is_empty());
}

#[derive(Debug, PartialEq)]
pub(crate) struct Refused;
