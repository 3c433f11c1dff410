//! What a conversation must become, read from JSON.

mod claims;
mod fields;

use std::fmt;

use serde_json::Value;

use self::claims::Claims;
pub(crate) use self::claims::{Claim, LATENCY};
pub(crate) use self::fields::Fields;
use super::Outcome;
use super::kind::Kind;
use super::matcher::Matcher;
use super::span::Property;

/// What a conversation must become.
#[derive(Debug)]
pub(crate) struct Expected {
    /// Its id.
    pub(crate) conversation_id: String,
    /// Attributes of every span.
    pub(crate) session_attributes: Vec<(String, Matcher)>,
    /// Its turns, in order.
    pub(crate) turns: Vec<ExpectedTurn>,
}

/// What a turn must be.
#[derive(Debug)]
pub(crate) struct ExpectedTurn {
    /// Its number.
    pub(crate) number: i64,
    /// What its span tells.
    pub(crate) claims: Vec<Claim>,
    /// The spans in it: those of each kind in the order in which they began.
    pub(crate) spans: Vec<ExpectedSpan>,
}

/// What a span in a turn must be.
#[derive(Debug)]
pub(crate) struct ExpectedSpan {
    /// Its kind.
    pub(crate) kind: Kind,
    /// Which of its kind in the turn, from 1.
    pub(crate) ordinal: usize,
    /// What it is a child of.
    pub(crate) parent: ExpectedParent,
    /// What others call it that are its children.
    pub(crate) reference: Option<String>,
    /// Spans of one kind and the same tie may come in any order.
    pub(crate) tie: Option<String>,
    /// What it tells.
    pub(crate) claims: Vec<Claim>,
}

/// What a span must be a child of.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ExpectedParent {
    /// Its turn.
    Turn,
    /// The span of this reference.
    Span(String),
}

impl Expected {
    /// Reads a file of `expected/`.
    pub(crate) fn read(file: Value) -> Outcome<Self> {
        let mut fields = Fields::of("the file", file)?;
        let conversation_id = fields.needed("conversation_id", Fields::take_text)?;
        let session_attributes = fields.take_object("session_attributes")?.unwrap_or_default();
        let turns = fields.needed("turns", Fields::take_list)?;
        fields.finish()?;
        Ok(Self {
            conversation_id,
            session_attributes: session_attributes
                .into_iter()
                .map(|(key, value)| Ok((key, Matcher::read(value)?)))
                .collect::<Outcome<_>>()?,
            turns: turns.into_iter().map(ExpectedTurn::read).collect::<Outcome<_>>()?,
        })
    }
}

impl ExpectedTurn {
    fn read(turn: Value) -> Outcome<Self> {
        let mut fields = Fields::of("a turn", turn)?;
        let number = fields.needed("number", Fields::take_integer)?;
        let mut fields = fields.called(format!("turn {number}"));

        let mut claims = Claims::new(&mut fields);
        claims.attribute("input", "input.value")?;
        claims.attribute("output", "output.value")?;
        claims.attribute("end_reason", "conversation.end_reason")?;
        claims.attribute("was_interrupted", "conversation.was_interrupted")?;
        claims.presence_of_latency()?;
        claims.attribute("latency_s", LATENCY)?;
        claims.of("status", Property::Status)?;
        claims.duration()?;
        claims.attributes()?;
        let claims = claims.read();

        let mut spans = Vec::new();
        for span in fields.needed("spans", Fields::take_list)? {
            spans.push(ExpectedSpan::read(span, number, &spans)?);
        }
        fields.finish()?;
        Ok(Self { number, claims, spans })
    }
}

impl ExpectedSpan {
    /// Reads a span of the turn `turn`, in which `before` come before it.
    fn read(span: Value, turn: i64, before: &[Self]) -> Outcome<Self> {
        let mut fields = Fields::of(format!("a span of turn {turn}"), span)?;
        let kind = fields.needed("kind", Fields::take_text)?;
        let kind =
            Kind::in_a_turn(&kind).ok_or_else(|| format!("turn {turn}: {kind:?} is no kind of span"))?;
        let ordinal = 1 + before.iter().filter(|earlier| earlier.kind == kind).count();
        let mut fields = fields.called(format!("turn {turn} {kind} {ordinal}"));

        let mut claims = Claims::new(&mut fields);
        claims.attribute("input", "input.value")?;
        claims.attribute("output", "output.value")?;
        claims.of("status", Property::Status)?;
        claims.error_message()?;
        claims.attributes()?;
        claims.of("messages", Property::InputMessages)?;
        claims.attribute("messages_count", "llm.messages_count")?;
        claims.newest_messages()?;
        claims.of("messages_first", Property::FirstInputMessage)?;
        claims.of("tool_calls", Property::ToolCalls)?;
        claims.of("message_out", Property::OutputMessage)?;
        claims.duration()?;
        let claims = claims.read();

        let parent = match fields.take_text("parent")? {
            Some(reference) if reference != "turn" => ExpectedParent::Span(reference),
            _ => ExpectedParent::Turn,
        };
        let (reference, tie) = (fields.take_text("ref")?, fields.take_text("tie")?);
        fields.finish()?;
        Ok(Self { kind, ordinal, parent, reference, tie, claims })
    }
}

impl fmt::Display for ExpectedParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Turn => f.write_str("its turn"),
            Self::Span(reference) => write!(f, "the span {reference}"),
        }
    }
}
