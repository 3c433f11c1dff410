//! Checked facts, and how they are reported.

use std::fmt;

use super::span::{Kind, Span};

/// Longest value in a report, in characters. A message history would bury the other facts.
const MAX_VALUE: usize = 160;
/// Characters left of a longer value.
const EXCERPT: usize = 120;

/// All checked facts.
#[derive(Debug, Default)]
pub(crate) struct Report {
    facts: Vec<Fact>,
}

/// One checked fact.
#[derive(Debug)]
pub(crate) struct Fact {
    subject: Subject,
    label: String,
    verdict: Verdict,
}

/// The subject of a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    /// All spans of the conversation.
    File,
    /// The turn of this number.
    Turn(i64),
    /// A span of a turn. The ordinal counts the spans of its kind in the turn, from 1.
    Span { turn: i64, kind: Kind, ordinal: usize },
}

impl Subject {
    /// Returns whether the subject is the turn `number` or a span of it.
    pub(crate) fn is_in_turn(self, number: i64) -> bool {
        matches!(self, Self::Turn(turn) | Self::Span { turn, .. } if turn == number)
    }
}

/// The result of checking a fact.
#[derive(Debug)]
pub(crate) enum Verdict {
    Right,
    Wrong { expected: String, actual: String, whitespace_only: bool },
}

impl Verdict {
    pub(crate) fn new(right: bool, expected: &dyn fmt::Display, actual: &dyn fmt::Display) -> Self {
        if right { Self::Right } else { Self::wrong(expected, actual) }
    }

    pub(crate) fn wrong(expected: &dyn fmt::Display, actual: &dyn fmt::Display) -> Self {
        let [expected, actual] = [expected, actual].map(|value| excerpt(value.to_string()));
        Self::Wrong { expected, actual, whitespace_only: false }
    }

    /// Returns the verdict for a fact about a missing span.
    pub(crate) fn no_span(expected: &dyn fmt::Display) -> Self {
        Self::wrong(expected, &"(no such span)")
    }

    /// Returns whether `span` exists.
    pub(crate) fn exists(span: Option<&Span>) -> Self {
        Self::new(span.is_some(), &"a span", &"(no such span)")
    }

    pub(crate) const fn is_right(&self) -> bool {
        matches!(self, Self::Right)
    }
}

impl Report {
    pub(crate) fn add(&mut self, subject: Subject, label: impl Into<String>, verdict: Verdict) {
        self.facts.push(Fact { subject, label: label.into(), verdict });
    }

    pub(crate) fn total(&self) -> usize {
        self.facts.len()
    }

    pub(crate) fn right(&self) -> usize {
        self.total() - self.wrong().count()
    }

    pub(crate) fn wrong(&self) -> impl Iterator<Item = &Fact> {
        self.facts.iter().filter(|fact| !fact.verdict.is_right())
    }

    pub(crate) fn is_all_right(&self) -> bool {
        self.wrong().next().is_none()
    }

    /// Returns the names of all facts about the subjects that `selects` selects.
    pub(crate) fn names(&self, selects: impl Fn(Subject) -> bool) -> Vec<String> {
        self.facts.iter().filter(|fact| selects(fact.subject)).map(Fact::name).collect()
    }
}

impl Fact {
    /// Returns subject and label: `turn 2 llm 1: messages`.
    pub(crate) fn name(&self) -> String {
        format!("{}: {}", self.subject, self.label)
    }
}

/// Writes each wrong fact on a line, then the number of right facts.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for fact in self.wrong() {
            writeln!(f, "{fact}")?;
        }
        write!(f, "facts: {} right of {}", self.right(), self.total())
    }
}

impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())?;
        match &self.verdict {
            Verdict::Right => f.write_str(": right"),
            Verdict::Wrong { expected, actual, whitespace_only } => {
                let hint = if *whitespace_only { " (whitespace only)" } else { "" };
                write!(f, ": expected {expected}, got {actual}{hint}")
            }
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File => f.write_str("file"),
            Self::Turn(number) => write!(f, "turn {number}"),
            Self::Span { turn, kind, ordinal } => write!(f, "turn {turn} {kind} {ordinal}"),
        }
    }
}

fn excerpt(text: String) -> String {
    let length = text.chars().count();
    if length <= MAX_VALUE {
        return text;
    }
    let start: String = text.chars().take(EXCERPT).collect();
    format!("{start}… ({length} characters)")
}
