//! The expected conversation, read from JSON.

use std::fmt;

use serde_json::Value;

use super::Outcome;
use super::fields::Fields;
use super::matcher::Matcher;
use super::report::Verdict;
use super::span::{Kind, Property, Span};

/// An expected conversation.
#[derive(Debug)]
pub(crate) struct Expected {
    /// The conversation id.
    pub(crate) conversation_id: String,
    /// Attributes of every span.
    pub(crate) session_attributes: Vec<(String, Matcher)>,
    /// The turns, in order.
    pub(crate) turns: Vec<ExpectedTurn>,
}

/// An expected turn.
#[derive(Debug)]
pub(crate) struct ExpectedTurn {
    /// The number of the turn.
    pub(crate) number: i64,
    /// The claims about the turn's span.
    pub(crate) claims: Vec<Claim>,
    /// The spans of the turn; those of one kind in the order of their starts.
    pub(crate) spans: Vec<ExpectedSpan>,
}

/// An expected span of a turn.
#[derive(Debug)]
pub(crate) struct ExpectedSpan {
    pub(crate) kind: Kind,
    /// The number of the span among those of its kind in the turn, from 1.
    pub(crate) ordinal: usize,
    pub(crate) parent: ExpectedParent,
    /// The name by which its children refer to it.
    pub(crate) reference: Option<String>,
    /// Spans of the same kind and tie may come in any order.
    pub(crate) tie: Option<String>,
    pub(crate) claims: Vec<Claim>,
}

/// The expected parent of a span.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ExpectedParent {
    /// The turn.
    Turn,
    /// The span with this reference.
    Span(String),
}

impl Expected {
    /// Reads a file of `expected/`.
    pub(crate) fn read(file: Value) -> Outcome<Self> {
        let mut fields = Fields::of("the file", file)?;
        let conversation_id = fields.required("conversation_id", Fields::take_text)?;
        let session_attributes = fields.take_object("session_attributes")?.unwrap_or_default();
        let turns = fields.required("turns", Fields::take_list)?;
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
        let number = fields.required("number", Fields::take_integer)?;
        let mut fields = fields.with_owner(format!("turn {number}"));

        let mut claims = ClaimReader::new(&mut fields);
        claims.attribute("input", "input.value")?;
        claims.attribute("output", "output.value")?;
        claims.attribute("end_reason", "conversation.end_reason")?;
        claims.attribute("was_interrupted", "conversation.was_interrupted")?;
        claims.latency_presence()?;
        claims.attribute("latency_s", LATENCY)?;
        claims.property("status", Property::Status)?;
        claims.duration()?;
        claims.attributes()?;
        let claims = claims.finish();

        let mut spans = Vec::new();
        for span in fields.required("spans", Fields::take_list)? {
            spans.push(ExpectedSpan::read(span, number, &spans)?);
        }
        fields.finish()?;
        Ok(Self { number, claims, spans })
    }
}

impl ExpectedSpan {
    /// Reads a span of the turn `turn`, after the spans `before`.
    fn read(span: Value, turn: i64, before: &[Self]) -> Outcome<Self> {
        let mut fields = Fields::of(format!("a span of turn {turn}"), span)?;
        let kind = fields.required("kind", Fields::take_text)?;
        let kind =
            Kind::in_a_turn(&kind).ok_or_else(|| format!("turn {turn}: {kind:?} is not a kind of span"))?;
        let ordinal = 1 + before.iter().filter(|earlier| earlier.kind == kind).count();
        let mut fields = fields.with_owner(format!("turn {turn} {kind} {ordinal}"));

        let mut claims = ClaimReader::new(&mut fields);
        claims.attribute("input", "input.value")?;
        claims.attribute("output", "output.value")?;
        claims.property("status", Property::Status)?;
        claims.error_message()?;
        claims.attributes()?;
        claims.property("messages", Property::InputMessages)?;
        claims.attribute("messages_count", "llm.messages_count")?;
        claims.newest_messages()?;
        claims.property("messages_first", Property::FirstInputMessage)?;
        claims.property("tool_calls", Property::ToolCalls)?;
        claims.property("message_out", Property::OutputMessage)?;
        claims.duration()?;
        let claims = claims.finish();

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

pub(crate) const LATENCY: &str = "conversation.user_to_bot_latency";

/// An expected property of a span.
#[derive(Debug)]
pub(crate) struct Claim {
    pub(crate) property: Property,
    pub(crate) matcher: Matcher,
}

impl Claim {
    pub(crate) fn verdict(&self, span: Option<&Span>) -> Verdict {
        match span {
            Some(span) => self.matcher.verdict(span.property(&self.property).as_ref()),
            None => Verdict::no_span(&self.matcher),
        }
    }
}

/// Reads the claims about a turn or span from its fields.
struct ClaimReader<'a> {
    fields: &'a mut Fields,
    claims: Vec<Claim>,
}

impl<'a> ClaimReader<'a> {
    fn new(fields: &'a mut Fields) -> Self {
        Self { fields, claims: Vec::new() }
    }

    fn finish(self) -> Vec<Claim> {
        self.claims
    }

    fn add(&mut self, property: Property, matcher: Matcher) {
        self.claims.push(Claim { property, matcher });
    }

    /// Claims that `property` matches the field `field`, if that is present.
    fn property(&mut self, field: &str, property: Property) -> Outcome<()> {
        if let Some(value) = self.fields.take(field) {
            self.add(property, Matcher::read(value)?);
        }
        Ok(())
    }

    fn attribute(&mut self, field: &str, key: &str) -> Outcome<()> {
        self.property(field, Property::Attribute(key.to_owned()))
    }

    /// Claims the attributes under `attrs`, by their keys.
    fn attributes(&mut self) -> Outcome<()> {
        for (key, value) in self.fields.take_object("attrs")?.unwrap_or_default() {
            self.add(Property::Attribute(key), Matcher::read(value)?);
        }
        Ok(())
    }

    /// Claims that a latency is present or absent.
    fn latency_presence(&mut self) -> Outcome<()> {
        let matcher = match self.fields.take_text("latency")?.as_deref() {
            None | Some("any") => return Ok(()),
            Some("present") => Matcher::Present,
            Some("absent") => Matcher::Absent,
            Some(other) => return Err(format!("`latency` is {other:?}, not any, present or absent").into()),
        };
        self.add(Property::Attribute(LATENCY.to_owned()), matcher);
        Ok(())
    }

    fn error_message(&mut self) -> Outcome<()> {
        if let Some(part) = self.fields.take_text("status_contains")? {
            self.add(Property::ErrorMessages, Matcher::OneContains(part));
        }
        Ok(())
    }

    /// Claims as many of the newest messages as are listed.
    fn newest_messages(&mut self) -> Outcome<()> {
        if let Some(messages) = self.fields.take_list("messages_tail")? {
            let property = Property::NewestInputMessages(messages.len());
            self.add(property, Matcher::Exact(Value::Array(messages)));
        }
        Ok(())
    }

    fn duration(&mut self) -> Outcome<()> {
        if let Some(matcher) = Matcher::read_between(self.fields, 0.0, "min_ms", "max_ms")? {
            self.add(Property::DurationMs, matcher);
        }
        Ok(())
    }
}
