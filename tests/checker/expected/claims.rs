//! What a span must tell, claim by claim.

use serde_json::Value;

use super::Fields;
use crate::checker::Outcome;
use crate::checker::matcher::Matcher;
use crate::checker::report::Verdict;
use crate::checker::span::{Property, Span};

/// How long the user waited.
pub(crate) const LATENCY: &str = "conversation.user_to_bot_latency";

/// One thing that a span must tell.
#[derive(Debug)]
pub(crate) struct Claim {
    /// What.
    pub(crate) property: Property,
    /// What it must be.
    pub(crate) matcher: Matcher,
}

impl Claim {
    /// What is to be said of `span`.
    pub(crate) fn verdict(&self, span: Option<&Span>) -> Verdict {
        match span {
            Some(span) => self.matcher.verdict(span.tell(&self.property).as_ref()),
            None => Verdict::missing(&self.matcher),
        }
    }
}

/// The claims of a turn or span, as they are read from its fields.
pub(super) struct Claims<'a> {
    fields: &'a mut Fields,
    read: Vec<Claim>,
}

impl<'a> Claims<'a> {
    pub(super) fn new(fields: &'a mut Fields) -> Self {
        Self { fields, read: Vec::new() }
    }

    /// All that were read.
    pub(super) fn read(self) -> Vec<Claim> {
        self.read
    }

    fn add(&mut self, property: Property, matcher: Matcher) {
        self.read.push(Claim { property, matcher });
    }

    /// The field `field`, if it is there, says what `property` must be.
    pub(super) fn of(&mut self, field: &str, property: Property) -> Outcome<()> {
        if let Some(value) = self.fields.take(field) {
            self.add(property, Matcher::read(value)?);
        }
        Ok(())
    }

    pub(super) fn attribute(&mut self, field: &str, key: &str) -> Outcome<()> {
        self.of(field, Property::Attribute(key.to_owned()))
    }

    /// The attributes that are named by their own keys.
    pub(super) fn attributes(&mut self) -> Outcome<()> {
        for (key, value) in self.fields.take_object("attrs")?.unwrap_or_default() {
            self.add(Property::Attribute(key), Matcher::read(value)?);
        }
        Ok(())
    }

    /// A latency may have to be there whatever it is, or not to be there.
    pub(super) fn presence_of_latency(&mut self) -> Outcome<()> {
        let matcher = match self.fields.take_text("latency")?.as_deref() {
            None | Some("any") => return Ok(()),
            Some("present") => Matcher::Present,
            Some("absent") => Matcher::Absent,
            Some(other) => return Err(format!("a latency is not {other:?}").into()),
        };
        self.add(Property::Attribute(LATENCY.to_owned()), matcher);
        Ok(())
    }

    pub(super) fn error_message(&mut self) -> Outcome<()> {
        if let Some(part) = self.fields.take_text("status_contains")? {
            self.add(Property::ErrorMessages, Matcher::OneContains(part));
        }
        Ok(())
    }

    /// As many of the newest messages as are listed.
    pub(super) fn newest_messages(&mut self) -> Outcome<()> {
        if let Some(messages) = self.fields.take_list("messages_tail")? {
            let property = Property::NewestInputMessages(messages.len());
            self.add(property, Matcher::Exact(Value::Array(messages)));
        }
        Ok(())
    }

    pub(super) fn duration(&mut self) -> Outcome<()> {
        if let Some(matcher) = Matcher::read_between(self.fields, 0.0, "min_ms", "max_ms")? {
            self.add(Property::DurationMs, matcher);
        }
        Ok(())
    }
}
