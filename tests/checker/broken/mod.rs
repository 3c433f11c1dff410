//! This checker finds what is wrong, and nothing else: a trace that is all right is broken in one way, and exactly the
//! facts that this makes wrong are reported.

mod expectations;
mod facts;
mod file;

use std::ptr;

use opentelemetry::trace::{SpanContext, SpanId, TraceId};
use opentelemetry::{KeyValue, Value};
use opentelemetry_sdk::trace::SpanData;

use super::conversation::Conversation;
use super::expected::Expected;
use super::kind::Kind;
use super::replay::Replayed;
use super::report::{Fact, Report, Subject};
use super::span::Span;
use super::{Outcome, check};
use crate::{expected, replayed};

/// A conversation of two turns, whose first has two invocations of a language model and a tool.
const RECORDING: &str = "c_tool";

const TURN: Subject = Subject::Turn(1);
const STT: Subject = first(Kind::Stt);
const LLM: Subject = first(Kind::Llm);
const TOOL: Subject = first(Kind::Tool);
const TTS: Subject = first(Kind::Tts);

const fn first(kind: Kind) -> Subject {
    Subject::Span { turn: 1, kind, ordinal: 1 }
}

/// What is expected of a recording, and what became of it.
struct Trace {
    expected: Expected,
    replayed: Replayed,
}

impl Trace {
    /// The good one of `recording`.
    fn of(recording: &str) -> Outcome<Self> {
        let trace = Self { expected: expected(recording)?, replayed: replayed(recording)? };
        assert!(
            trace.report().is_all_right(),
            "{recording} is to be broken here, and already is:\n{}",
            trace.report()
        );
        Ok(trace)
    }

    fn report(&self) -> Report {
        check(&self.expected, &self.replayed)
    }

    /// The names of the facts that are wrong.
    fn wrong(&self) -> Vec<String> {
        self.report().wrong().map(Fact::name).collect()
    }

    /// The names of all facts, right and wrong, about the turn of this number and its spans.
    fn names_in_turn(&self, number: i64) -> Vec<String> {
        self.report().names_where(|subject| subject.is_in_turn(number))
    }

    /// The names of all facts, right and wrong, about `subject`.
    fn names_about(&self, subject: Subject) -> Vec<String> {
        self.report().names_where(|other| other == subject)
    }

    fn span(&mut self, subject: Subject) -> &mut SpanData {
        let index = self.index(subject);
        &mut self.replayed.spans[index].0
    }

    fn remove(&mut self, subject: Subject) -> Span {
        let index = self.index(subject);
        self.replayed.spans.remove(index)
    }

    /// Writes the attribute `key` anew.
    fn set(&mut self, subject: Subject, key: &'static str, value: impl Into<Value>) {
        let attributes = &mut self.span(subject).attributes;
        attributes.retain(|attribute| attribute.key.as_str() != key);
        attributes.push(KeyValue::new(key, value));
    }

    fn unset(&mut self, subject: Subject, key: &str) {
        self.span(subject).attributes.retain(|attribute| attribute.key.as_str() != key);
    }

    fn index(&self, subject: Subject) -> usize {
        let conversation = Conversation::new(&self.expected.conversation_id, &self.replayed.spans);
        let span = match subject {
            Subject::File => None,
            Subject::Turn(number) => conversation.turn(number),
            Subject::Span { turn, kind, ordinal } => {
                conversation.turn(turn).map(|turn| conversation.spans_in(turn)).and_then(|spans| {
                    spans.into_iter().filter(|span| span.kind() == Some(kind)).nth(ordinal - 1)
                })
            }
        };
        let span = span.expect("the good trace has this span");
        self.replayed.spans.iter().position(|other| ptr::eq(other, span)).expect("it is one of these")
    }
}

/// The names of the facts that are wrong once a good trace was broken.
fn after(breaking: impl FnOnce(&mut Trace)) -> Outcome<Vec<String>> {
    after_in(RECORDING, breaking)
}

fn after_in(recording: &str, breaking: impl FnOnce(&mut Trace)) -> Outcome<Vec<String>> {
    let mut trace = Trace::of(recording)?;
    breaking(&mut trace);
    Ok(trace.wrong())
}

/// `context` with another span id.
fn with_span_id(context: &SpanContext, id: SpanId) -> SpanContext {
    SpanContext::new(context.trace_id(), id, context.trace_flags(), false, context.trace_state().clone())
}

/// `context` in another trace.
fn with_trace_id(context: &SpanContext, id: TraceId) -> SpanContext {
    SpanContext::new(id, context.span_id(), context.trace_flags(), false, context.trace_state().clone())
}
