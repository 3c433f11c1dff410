//! Compares exported spans with the expected conversation, fact by fact.
//!
//! ```text
//! frames/X.jsonl ──▶ replay ──▶ Replayed ─┐
//!                                         ├─▶ check ──▶ Report
//! expected/X.json ─▶ fields ──▶ Expected ─┘
//! ```
//!
//! | file | subject |
//! |---|---|
//! | `fields`, `expected` | the expected conversation, read from JSON |
//! | `matcher` | an expected value, and whether another matches it |
//! | `span` | one exported span: its kind, attributes and messages |
//! | `conversation` | a replayed recording, and the tree of its spans |
//! | `align` | pairs exported spans with expected ones |
//! | `invariants` | rules that hold for every conversation |
//! | `report` | right and wrong facts |
//! | `mutations` | tests of this checker: break a trace, and expect exactly the facts that become wrong |
//!
//! The same facts were used to measure Pipecat's own tracing and `OpenInference`'s Python instrumentor. The number of facts
//! depends on the expectations alone: every fact of a missing span is wrong. `tests/corpus/check_spans.py` is the original;
//! `.ci/run` applies it once to the output of `pipecat-trace replay`.

pub(crate) mod align;
pub(crate) mod conversation;
pub(crate) mod expected;
pub(crate) mod fields;
pub(crate) mod invariants;
pub(crate) mod matcher;
#[cfg(test)]
mod mutations;
pub(crate) mod report;
pub(crate) mod span;

use std::error::Error;
use std::fmt::Display;
use std::ptr;

use self::conversation::{Conversation, Replayed};
use self::expected::{Expected, ExpectedParent, ExpectedSpan, ExpectedTurn};
use self::invariants::INVARIANTS;
use self::report::{Report, Subject, Verdict};
use self::span::{Kind, Span};

/// The result of a test, or the reason why it could not run.
pub(crate) type Outcome<T> = Result<T, Box<dyn Error>>;

/// Compares the exported spans with the expected conversation.
pub(crate) fn check(expected: &Expected, replayed: &Replayed) -> Report {
    let conversation = Conversation::new(&expected.conversation_id, &replayed.spans);
    let mut report = Report::default();
    check_file(expected, &conversation, replayed, &mut report);
    for turn in &expected.turns {
        check_turn(turn, &conversation, &mut report);
    }
    report
}

/// Checks the facts about all spans.
fn check_file(
    expected: &Expected,
    conversation: &Conversation<'_>,
    replayed: &Replayed,
    report: &mut Report,
) {
    let problem: Vec<String> = replayed.problem.clone().into_iter().collect();
    report.add(Subject::File, "is readable", every_span(conversation, &"to hold", &problem));
    for (rule, breaches) in INVARIANTS {
        report.add(Subject::File, rule, every_span(conversation, &"to hold", &breaches(conversation)));
    }
    for (key, matcher) in &expected.session_attributes {
        let breaches: Vec<String> = conversation
            .spans()
            .iter()
            .filter(|span| !matcher.matches(span.attribute(key).as_ref()))
            .map(|span| span.name().to_owned())
            .collect();
        report.add(
            Subject::File,
            format!("{key} on every span"),
            every_span(conversation, matcher, &breaches),
        );
    }
    let (wanted, actual) = (expected.turns.len(), conversation.turns().len());
    report.add(Subject::File, "number of turns", Verdict::new(wanted == actual, &wanted, &actual));
}

/// Returns the verdict on a fact about every span. Without any span, it is wrong.
fn every_span(conversation: &Conversation<'_>, wanted: &dyn Display, breaches: &[String]) -> Verdict {
    if conversation.spans().is_empty() {
        return Verdict::wrong(wanted, &"(no spans)");
    }
    Verdict::new(breaches.is_empty(), wanted, &breaches.join(", "))
}

/// Checks the facts about one turn and its spans.
fn check_turn(wanted: &ExpectedTurn, conversation: &Conversation<'_>, report: &mut Report) {
    let turn = conversation.turn(wanted.number);
    let exported = turn.map(|turn| conversation.spans_in(turn)).unwrap_or_default();
    let paired = pair(&wanted.spans, &exported);

    let subject = Subject::Turn(wanted.number);
    report.add(subject, "exists", Verdict::exists(turn));
    for claim in &wanted.claims {
        report.add(subject, claim.property.to_string(), claim.verdict(turn));
    }
    report.add(subject, "no other spans", no_other_spans(turn, &exported, &paired));

    for (wanted_span, &span) in wanted.spans.iter().zip(&paired) {
        let parent = match &wanted_span.parent {
            ExpectedParent::Turn => turn,
            ExpectedParent::Span(reference) => span_of_reference(reference, &wanted.spans, &paired),
        };
        check_span(wanted_span, span, parent, wanted.number, report);
    }
}

/// Checks the facts about one span of a turn.
fn check_span(
    wanted: &ExpectedSpan,
    span: Option<&Span>,
    parent: Option<&Span>,
    turn: i64,
    report: &mut Report,
) {
    let subject = Subject::Span { turn, kind: wanted.kind, ordinal: wanted.ordinal };
    report.add(subject, "exists", Verdict::exists(span));
    report.add(subject, "parent", parent_verdict(wanted, span, parent));
    for claim in &wanted.claims {
        report.add(subject, claim.property.to_string(), claim.verdict(span));
    }
}

/// Returns the exported span of each wanted one. Spans are paired kind by kind.
fn pair<'a>(wanted: &[ExpectedSpan], exported: &[&'a Span]) -> Vec<Option<&'a Span>> {
    let mut paired = vec![None; wanted.len()];
    for kind in Kind::IN_A_TURN {
        let (indices, wanted): (Vec<usize>, Vec<&ExpectedSpan>) =
            wanted.iter().enumerate().filter(|(_, span)| span.kind == kind).unzip();
        let exported: Vec<&Span> =
            exported.iter().copied().filter(|span| span.kind() == Some(kind)).collect();
        for (target, index) in indices.into_iter().zip(align::align(&wanted, &exported)) {
            paired[target] = index.map(|index| exported[index]);
        }
    }
    paired
}

/// Returns the exported span of the wanted one with this reference.
fn span_of_reference<'a>(
    reference: &str,
    wanted: &[ExpectedSpan],
    paired: &[Option<&'a Span>],
) -> Option<&'a Span> {
    let index = wanted.iter().rposition(|span| span.reference.as_deref() == Some(reference))?;
    paired[index]
}

fn no_other_spans(turn: Option<&Span>, exported: &[&Span], paired: &[Option<&Span>]) -> Verdict {
    if turn.is_none() {
        return Verdict::no_span(&"none");
    }
    let others: Vec<&str> = exported
        .iter()
        .filter(|span| !paired.iter().flatten().any(|other| ptr::eq(*other, **span)))
        .map(|span| span.name())
        .collect();
    Verdict::new(others.is_empty(), &"none", &others.join(", "))
}

fn parent_verdict(wanted: &ExpectedSpan, span: Option<&Span>, parent: Option<&Span>) -> Verdict {
    let Some(span) = span else {
        return Verdict::no_span(&wanted.parent);
    };
    let is_child = parent.is_some_and(|parent| span.parent_id() == Some(parent.id()));
    Verdict::new(is_child, &wanted.parent, &"another")
}
