//! Facts, right and wrong, and how they are told.

use std::fmt;

use super::invariants::Invariant;
use super::kind::Kind;
use super::span::{Property, Span};

/// No value is told with more characters than this: a message history would bury the other facts.
const LONGEST: usize = 160;
/// How many characters of a longer one are told.
const SHORTENED: usize = 120;

/// Everything that was checked.
#[derive(Debug, Default)]
pub(crate) struct Report {
    facts: Vec<Fact>,
}

/// One thing that was checked.
#[derive(Debug)]
pub(crate) struct Fact {
    subject: Subject,
    what: What,
    verdict: Verdict,
}

/// What a fact is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    /// All spans together.
    File,
    /// The turn of this number.
    Turn(i64),
    /// One span in a turn.
    Span {
        /// The number of the turn.
        turn: i64,
        /// Its kind.
        kind: Kind,
        /// Which of its kind in the turn, from 1.
        ordinal: usize,
    },
}

impl Subject {
    /// A span in this turn.
    pub(crate) fn span(self, kind: Kind, ordinal: usize) -> Self {
        match self {
            Self::Turn(turn) | Self::Span { turn, .. } => Self::Span { turn, kind, ordinal },
            Self::File => self,
        }
    }

    /// Whether it is the turn of this number, or a span in it.
    pub(crate) fn is_in_turn(self, number: i64) -> bool {
        matches!(self, Self::Turn(turn) | Self::Span { turn, .. } if turn == number)
    }
}

/// What is said of a subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum What {
    /// It is there.
    Exists,
    /// What it is a child of.
    Parent,
    /// Something that the span itself tells.
    Property(Property),
    /// Nothing is in the turn but what was expected.
    NoOtherSpans,
    /// How many turns there are.
    NumberOfTurns,
    /// Something that holds in every file.
    Invariant(Invariant),
    /// This attribute, on every span.
    EverySpan(String),
}

/// Whether a fact is as expected.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// It is.
    Right,
    /// It is not.
    Wrong {
        /// What should be.
        expected: String,
        /// What is.
        got: String,
        /// Whether they are the same but for white space.
        whitespace_only: bool,
    },
}

impl Verdict {
    /// Right or wrong, and if wrong, what was expected and what is.
    pub(crate) fn of(right: bool, expected: &dyn fmt::Display, got: &dyn fmt::Display) -> Self {
        if right { Self::Right } else { Self::wrong(expected, got) }
    }

    /// Wrong.
    pub(crate) fn wrong(expected: &dyn fmt::Display, got: &dyn fmt::Display) -> Self {
        let [expected, got] = [expected, got].map(|value| shortened(value.to_string()));
        Self::Wrong { expected, got, whitespace_only: false }
    }

    /// Wrong, as there is no span that could tell.
    pub(crate) fn missing(expected: &dyn fmt::Display) -> Self {
        Self::wrong(expected, &"(no such span)")
    }

    /// Right if there is a span.
    pub(crate) fn of_existence(span: Option<&Span>) -> Self {
        Self::of(span.is_some(), &"a span", &"(no such span)")
    }

    /// Whether it is right.
    pub(crate) const fn is_right(&self) -> bool {
        matches!(self, Self::Right)
    }
}

impl Report {
    /// One more fact.
    pub(crate) fn add(&mut self, subject: Subject, what: What, verdict: Verdict) {
        self.facts.push(Fact { subject, what, verdict });
    }

    /// How many facts there are.
    pub(crate) fn total(&self) -> usize {
        self.facts.len()
    }

    /// How many of them are right.
    pub(crate) fn right(&self) -> usize {
        self.total() - self.wrong().count()
    }

    /// Those that are not right.
    pub(crate) fn wrong(&self) -> impl Iterator<Item = &Fact> {
        self.facts.iter().filter(|fact| !fact.verdict.is_right())
    }

    /// Whether all are right.
    pub(crate) fn is_all_right(&self) -> bool {
        self.wrong().next().is_none()
    }

    /// The names of all facts, right and wrong, about such subjects.
    pub(crate) fn names_where(&self, is_such: impl Fn(Subject) -> bool) -> Vec<String> {
        self.facts.iter().filter(|fact| is_such(fact.subject)).map(Fact::name).collect()
    }
}

impl Fact {
    /// What it is, without what was found: `turn 2 llm 1: messages`.
    pub(crate) fn name(&self) -> String {
        format!("{}: {}", self.subject, self.what)
    }
}

/// Every wrong fact, one a line, then how many are right.
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
            Verdict::Wrong { expected, got, whitespace_only } => {
                let hint = if *whitespace_only { " (whitespace only)" } else { "" };
                write!(f, ": expected {expected}, got {got}{hint}")
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

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exists => f.write_str("exists"),
            Self::Parent => f.write_str("parent"),
            Self::Property(property) => property.fmt(f),
            Self::NoOtherSpans => f.write_str("no other spans"),
            Self::NumberOfTurns => f.write_str("number of turns"),
            Self::Invariant(invariant) => invariant.fmt(f),
            Self::EverySpan(key) => write!(f, "{key} on every span"),
        }
    }
}

fn shortened(text: String) -> String {
    let length = text.chars().count();
    if length <= LONGEST {
        return text;
    }
    let start: String = text.chars().take(SHORTENED).collect();
    format!("{start}… ({length} characters)")
}
