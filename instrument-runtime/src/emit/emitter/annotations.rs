//! What the application says of a turn.

use std::borrow::Cow;

use opentelemetry::trace::SpanRef;
use opentelemetry::{KeyValue, StringValue, Value};

use super::{Emitter, OpenSpan, system_time};
use crate::emit::truncate::truncate_values;
use crate::emit::{Session, TraceLayout, keys};
use crate::engine::record::{SpanKey, SpanKind};
use crate::engine::time::Time;
use crate::privacy::Privacy;

/// How many notes a span carries. The SDK's limit on a span's events is 128.
const MOST_NOTES: usize = 64;

/// What the application says of a turn.
#[derive(Debug, Default)]
pub(super) struct Annotations {
    attributes: Vec<KeyValue>,
    notes: AnnotationEvents,
}

/// What the application remarks on something, and when.
#[derive(Debug, Clone, Default)]
pub(in crate::emit) struct AnnotationEvents(Vec<(Time, Annotation)>);

/// A remark on a conversation, or a judgement of it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Annotation {
    /// Something worth knowing.
    Note {
        /// What it is about.
        name: StringValue,
        /// What there is to know.
        value: Value,
    },
    /// How well it went.
    Score {
        /// By which measure.
        name: StringValue,
        /// The figure.
        value: f64,
        /// Why; may be empty.
        comment: StringValue,
    },
}

impl Emitter {
    /// Puts `attribute` on the span of the turn `turn`; without one that is open, on that of the next.
    pub(crate) fn set_attribute(&mut self, turn: Option<SpanKey>, attribute: KeyValue) {
        let limit = self.settings.attribute_limit;
        let told = match self.open.iter_mut().find(|open| Some(open.start.key) == turn) {
            Some(open) => &mut open.told,
            None => &mut self.untold,
        };
        told.set(attribute, limit);
    }

    /// Puts `note` on the span of the newest turn that is open; without one, on that of the next. And on that of the
    /// conversation, in the layout that has one.
    pub(crate) fn annotate(&mut self, at: Time, annotation: Annotation) {
        if self.settings.layout == TraceLayout::PerConversation {
            self.notes.add(at, annotation.clone());
        }
        let is_turn = |open: &&mut OpenSpan| open.start.kind == SpanKind::Turn;
        let told = match self.open.iter_mut().rev().find(is_turn) {
            Some(open) => &mut open.told,
            None => &mut self.untold,
        };
        told.notes.add(at, annotation);
    }

    /// Says so if something was told when there was no span left to tell it of.
    pub(super) fn warn_of_untold(&self) {
        let notes = self.untold.notes.0.len();
        if notes > 0 && self.conversation.is_none() {
            tracing::warn!(
                conversation_id = &*self.session.id,
                notes,
                "notes or scores came after a conversation's last turn, and are in no span; tell them while it is \
                 under way, at the latest within two seconds of its end"
            );
        }
    }
}

impl Annotations {
    /// The last value of a key counts.
    fn set(&mut self, attribute: KeyValue, limit: usize) {
        let known = self.attributes.iter().position(|known| known.key == attribute.key);
        match known {
            Some(index) => self.attributes[index] = attribute,
            None if self.attributes.len() < limit => self.attributes.push(attribute),
            None => {}
        }
    }

    /// What the turn's span says of `session`, with what was told of the turn itself before it.
    pub(super) fn with_session<'a>(&self, session: &'a Session) -> Cow<'a, Session> {
        if self.attributes.is_empty() {
            return Cow::Borrowed(session);
        }
        let attributes = self.attributes.iter().chain(&session.attributes).cloned().collect();
        Cow::Owned(Session { id: session.id.clone(), attributes })
    }

    pub(super) fn into_notes(self) -> AnnotationEvents {
        self.notes
    }
}

impl AnnotationEvents {
    fn add(&mut self, at: Time, annotation: Annotation) {
        if self.0.len() < MOST_NOTES {
            self.0.push((at, annotation));
        }
    }

    /// Writes each as an event between the `start` and the `end` of `span`, no longer than `privacy` lets out.
    pub(in crate::emit) fn write(self, span: &SpanRef<'_>, (start, end): (Time, Time), privacy: &Privacy) {
        for (at, annotation) in self.0 {
            let (name, mut attributes) = annotation.into_event();
            truncate_values(&mut attributes, privacy);
            span.add_event_with_timestamp(name, system_time(at.clamp(start, end)), attributes);
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

#[cfg(test)]
mod tests;
