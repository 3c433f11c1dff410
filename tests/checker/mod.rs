//! Holds exported spans against what a conversation must become, fact by fact.
//!
//! ```text
//! frames/X.jsonl ──▶ replay ──▶ Replayed ─┐
//!                                         ├─▶ check ──▶ Report
//! expected/X.json ─▶ expected ▶ Expected ─┘
//! ```
//!
//! | file | subject |
//! |---|---|
//! | `expected` | what a conversation must become, read from JSON |
//! | `matcher` | one expected value, and whether another is it |
//! | `replay` | a recording, as the spans that an exporter is given |
//! | `span` | one exported span, and what it tells |
//! | `kind` | what kind of span one is |
//! | `messages` | the chat messages among a span's attributes |
//! | `conversation` | the spans of one conversation, and how they hang together |
//! | `align` | which exported span is which expected one |
//! | `invariants` | what holds in every file, whatever was said |
//! | `report` | facts, right and wrong, and how they are told |
//! | `broken` | that this checker finds what is wrong, and nothing else |
//!
//! The rules are those by which Pipecat's own tracing and `OpenInference`'s Python instrumentor were measured. So the
//! number of facts follows from what is expected alone: of a span that is missing, every fact is wrong.

pub(crate) mod align;
#[cfg(test)]
mod broken;
pub(crate) mod conversation;
pub(crate) mod expected;
pub(crate) mod invariants;
pub(crate) mod kind;
pub(crate) mod matcher;
pub(crate) mod messages;
pub(crate) mod replay;
pub(crate) mod report;
pub(crate) mod span;

use std::error::Error;
use std::fmt::Display;
use std::ptr;

use self::conversation::Conversation;
use self::expected::{Expected, ExpectedParent, ExpectedSpan, ExpectedTurn};
use self::invariants::Invariant;
use self::kind::Kind;
use self::replay::Replayed;
use self::report::{Report, Subject, Verdict, What};
use self::span::Span;

/// A result of a test, or why it could not be had.
pub(crate) type Outcome<T> = Result<T, Box<dyn Error>>;

/// Holds what was exported against what is expected.
pub(crate) fn check(expected: &Expected, replayed: &Replayed) -> Report {
    let conversation = Conversation::new(&expected.conversation_id, &replayed.spans);
    let mut report = Report::default();
    check_file(expected, &conversation, replayed, &mut report);
    for turn in &expected.turns {
        check_turn(turn, &conversation, &mut report);
    }
    report
}

/// What is true of all spans together.
fn check_file(
    expected: &Expected,
    conversation: &Conversation<'_>,
    replayed: &Replayed,
    report: &mut Report,
) {
    for invariant in Invariant::ALL {
        let breaches = invariant.breaches(conversation, replayed.problem.as_deref());
        report.add(Subject::File, What::Invariant(invariant), of_all(conversation, &"to hold", &breaches));
    }
    for (key, matcher) in &expected.session_attributes {
        let lacking: Vec<String> = conversation
            .spans()
            .iter()
            .filter(|span| !matcher.matches(span.attribute(key).as_ref()))
            .map(|span| span.name().to_owned())
            .collect();
        report.add(Subject::File, What::EverySpan(key.clone()), of_all(conversation, matcher, &lacking));
    }
    let (wanted, got) = (expected.turns.len(), conversation.turns().len());
    report.add(Subject::File, What::NumberOfTurns, Verdict::of(wanted == got, &wanted, &got));
}

/// The verdict on what should be true of every span, and is not of `breaches`. Of no spans at all nothing is true.
fn of_all(conversation: &Conversation<'_>, wanted: &dyn Display, breaches: &[String]) -> Verdict {
    if conversation.spans().is_empty() {
        return Verdict::wrong(wanted, &"(no spans)");
    }
    Verdict::of(breaches.is_empty(), wanted, &breaches.join(", "))
}

/// What is true of one turn, and of the spans in it.
fn check_turn(wanted: &ExpectedTurn, conversation: &Conversation<'_>, report: &mut Report) {
    let turn = conversation.turn(wanted.number);
    let exported = turn.map(|turn| conversation.spans_in(turn)).unwrap_or_default();
    let found = find_each(&wanted.spans, &exported);

    let subject = Subject::Turn(wanted.number);
    report.add(subject, What::Exists, Verdict::of_existence(turn));
    for claim in &wanted.claims {
        report.add(subject, What::Property(claim.property.clone()), claim.verdict(turn));
    }
    report.add(subject, What::NoOtherSpans, no_other_spans(turn, &exported, &found));

    for (wanted_span, &span) in wanted.spans.iter().zip(&found) {
        let parent = match &wanted_span.parent {
            ExpectedParent::Turn => turn,
            ExpectedParent::Span(reference) => referred_to(reference, &wanted.spans, &found),
        };
        check_span(wanted_span, span, parent, subject, report);
    }
}

/// What is true of one span in a turn.
fn check_span(
    wanted: &ExpectedSpan,
    span: Option<&Span>,
    parent: Option<&Span>,
    turn: Subject,
    report: &mut Report,
) {
    let subject = turn.span(wanted.kind, wanted.ordinal);
    report.add(subject, What::Exists, Verdict::of_existence(span));
    report.add(subject, What::Parent, verdict_on_parent(wanted, span, parent));
    for claim in &wanted.claims {
        report.add(subject, What::Property(claim.property.clone()), claim.verdict(span));
    }
}

/// The exported span of each wanted one, found kind by kind.
fn find_each<'a>(wanted: &[ExpectedSpan], exported: &[&'a Span]) -> Vec<Option<&'a Span>> {
    let mut found = vec![None; wanted.len()];
    for kind in Kind::IN_A_TURN {
        let (places, wanted): (Vec<usize>, Vec<&ExpectedSpan>) =
            wanted.iter().enumerate().filter(|(_, span)| span.kind == kind).unzip();
        let exported: Vec<&Span> =
            exported.iter().copied().filter(|span| span.kind() == Some(kind)).collect();
        for (place, index) in places.into_iter().zip(align::align(&wanted, &exported)) {
            found[place] = index.map(|index| exported[index]);
        }
    }
    found
}

/// The span that was found for the wanted one that others refer to by `reference`.
fn referred_to<'a>(reference: &str, wanted: &[ExpectedSpan], found: &[Option<&'a Span>]) -> Option<&'a Span> {
    let place = wanted.iter().rposition(|span| span.reference.as_deref() == Some(reference))?;
    found[place]
}

fn no_other_spans(turn: Option<&Span>, exported: &[&Span], found: &[Option<&Span>]) -> Verdict {
    if turn.is_none() {
        return Verdict::missing(&"none");
    }
    let others: Vec<&str> = exported
        .iter()
        .filter(|span| !found.iter().flatten().any(|found| ptr::eq(*found, **span)))
        .map(|span| span.name())
        .collect();
    Verdict::of(others.is_empty(), &"none", &others.join(", "))
}

fn verdict_on_parent(wanted: &ExpectedSpan, span: Option<&Span>, parent: Option<&Span>) -> Verdict {
    let Some(span) = span else {
        return Verdict::missing(&wanted.parent);
    };
    let is_child = parent.is_some_and(|parent| span.parent_id() == Some(parent.id()));
    Verdict::of(is_child, &wanted.parent, &"another")
}
