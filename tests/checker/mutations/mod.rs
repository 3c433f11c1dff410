//! Tests of the checker: break a right trace in one way, and expect exactly the facts that become wrong.

mod expectations;
mod facts;
mod invariants;

use std::ptr;

use opentelemetry::trace::{SpanContext, SpanId, TraceId};
use opentelemetry::{KeyValue, Value};
use opentelemetry_sdk::trace::SpanData;

use super::conversation::{Conversation, Replayed};
use super::expected::Expected;
use super::report::{Fact, Report, Subject};
use super::span::{Kind, Span};
use super::{Outcome, check};
use crate::{expected, replayed};

/// A conversation of two turns. The first has two LLM calls and a tool call.
const RECORDING: &str = "c_tool";

const TURN: Subject = Subject::Turn(1);
const STT: Subject = first(Kind::Stt);
const LLM: Subject = first(Kind::Llm);
const TOOL: Subject = first(Kind::Tool);
const TTS: Subject = first(Kind::Tts);

const fn first(kind: Kind) -> Subject {
    Subject::Span { turn: 1, kind, ordinal: 1 }
}

/// An expected conversation, and its replayed spans.
struct Trace {
    expected: Expected,
    replayed: Replayed,
}

impl Trace {
    /// Returns the right trace of `recording`.
    fn replay(recording: &str) -> Outcome<Self> {
        let trace = Self { expected: expected(recording)?, replayed: replayed(recording)? };
        assert!(
            trace.report().is_all_right(),
            "{recording} is wrong before it is broken:\n{}",
            trace.report()
        );
        Ok(trace)
    }

    fn report(&self) -> Report {
        check(&self.expected, &self.replayed)
    }

    /// Returns the names of the wrong facts.
    fn wrong(&self) -> Vec<String> {
        self.report().wrong().map(Fact::name).collect()
    }

    /// Returns the names of all facts about the turn of this number and its spans.
    fn names_in_turn(&self, number: i64) -> Vec<String> {
        self.report().names(|subject| subject.is_in_turn(number))
    }

    /// Returns the names of all facts about `subject`.
    fn names_about(&self, subject: Subject) -> Vec<String> {
        self.report().names(|other| other == subject)
    }

    fn span(&mut self, subject: Subject) -> &mut SpanData {
        let index = self.index(subject);
        &mut self.replayed.spans[index].0
    }

    fn remove(&mut self, subject: Subject) -> Span {
        let index = self.index(subject);
        self.replayed.spans.remove(index)
    }

    /// Replaces the attribute `key`.
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
        let span = span.expect("the right trace has this span");
        self.replayed.spans.iter().position(|other| ptr::eq(other, span)).expect("the span is in the list")
    }
}

/// Returns the names of the facts that are wrong after `mutate` broke a right trace.
fn wrong_after(mutate: impl FnOnce(&mut Trace)) -> Outcome<Vec<String>> {
    wrong_after_in(RECORDING, mutate)
}

fn wrong_after_in(recording: &str, mutate: impl FnOnce(&mut Trace)) -> Outcome<Vec<String>> {
    let mut trace = Trace::replay(recording)?;
    mutate(&mut trace);
    Ok(trace.wrong())
}

/// Returns `context` with another span id.
fn with_span_id(context: &SpanContext, id: SpanId) -> SpanContext {
    SpanContext::new(context.trace_id(), id, context.trace_flags(), false, context.trace_state().clone())
}

/// Returns `context` in another trace.
fn with_trace_id(context: &SpanContext, id: TraceId) -> SpanContext {
    SpanContext::new(id, context.span_id(), context.trace_flags(), false, context.trace_state().clone())
}
