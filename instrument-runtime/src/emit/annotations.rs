//! Attributes, notes and scores that the application adds to a turn.

use std::borrow::Cow;

use opentelemetry::trace::SpanRef;
use opentelemetry::{KeyValue, StringValue, Value};

use super::attributes::truncate_values;
use super::otel::to_system_time;
use super::{Session, keys};
use crate::engine::time::Time;
use crate::privacy::Privacy;

/// Maximum number of notes and scores on a span. The SDK's limit on a span's events is 128.
const MAX_EVENTS: usize = 64;

/// A note on a conversation or a score of it, written as a span event.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Annotation {
    /// A note: any information about the turn.
    Note {
        /// The subject.
        name: StringValue,
        /// The recorded value.
        value: Value,
    },
    /// An evaluation.
    Score {
        /// The metric of the evaluation.
        name: StringValue,
        /// The score.
        value: f64,
        /// The reason; may be empty.
        comment: StringValue,
    },
}

/// Annotations of one turn.
#[derive(Debug, Default)]
pub(super) struct Annotations {
    attributes: Vec<KeyValue>,
    events: AnnotationEvents,
}

impl Annotations {
    /// Sets an attribute, replacing an earlier value of its key. Ignores new keys beyond `limit`.
    pub(super) fn set_attribute(&mut self, attribute: KeyValue, limit: usize) {
        let position = self.attributes.iter().position(|other| other.key == attribute.key);
        match position {
            Some(index) => self.attributes[index] = attribute,
            None if self.attributes.len() < limit => self.attributes.push(attribute),
            None => {}
        }
    }

    /// Adds a note or a score.
    pub(super) fn add_event(&mut self, at: Time, annotation: Annotation) {
        self.events.add(at, annotation);
    }

    /// Returns the number of notes and scores.
    pub(super) fn event_count(&self) -> usize {
        self.events.0.len()
    }

    /// Returns `session` with the turn's attributes before its own, as the first value of a key is the one written.
    pub(super) fn apply_to<'a>(&self, session: &'a Session) -> Cow<'a, Session> {
        if self.attributes.is_empty() {
            return Cow::Borrowed(session);
        }
        let attributes = self.attributes.iter().chain(&session.attributes).cloned().collect();
        Cow::Owned(Session { id: session.id.clone(), attributes })
    }

    pub(super) fn into_events(self) -> AnnotationEvents {
        self.events
    }
}

/// Notes and scores with their times.
#[derive(Debug, Clone, Default)]
pub(super) struct AnnotationEvents(Vec<(Time, Annotation)>);

impl AnnotationEvents {
    /// Adds a note or a score, up to [`MAX_EVENTS`].
    pub(super) fn add(&mut self, at: Time, annotation: Annotation) {
        if self.0.len() < MAX_EVENTS {
            self.0.push((at, annotation));
        }
    }

    /// Writes each as an event between the `start` and the `end` of `span`, with texts truncated to the limits of
    /// `privacy`.
    pub(super) fn write(self, span: &SpanRef<'_>, (start, end): (Time, Time), privacy: &Privacy) {
        for (at, annotation) in self.0 {
            let (name, mut attributes) = annotation.into_event();
            truncate_values(&mut attributes, privacy);
            span.add_event_with_timestamp(name, to_system_time(at.clamp(start, end)), attributes);
        }
    }
}

impl Annotation {
    fn into_event(self) -> (&'static str, Vec<KeyValue>) {
        match self {
            Self::Note { name, value } => (
                keys::NOTE_EVENT,
                vec![KeyValue::new(keys::NOTE_NAME, name), KeyValue::new(keys::NOTE_VALUE, value)],
            ),
            Self::Score { name, value, comment } => {
                let mut score = vec![
                    KeyValue::new(keys::EVALUATION_NAME, name),
                    KeyValue::new(keys::EVALUATION_SCORE, value),
                ];
                if !comment.as_str().is_empty() {
                    score.push(KeyValue::new(keys::EVALUATION_EXPLANATION, comment));
                }
                (keys::EVALUATION_EVENT, score)
            }
        }
    }
}
