//! A service at work, as the code around it tells: what a decorated function announces, knows and finds out.
//!
//! Frames tell of the same work, from outside. Where they do, an operation [completes](Operation::merge_into) the record
//! that was gathered from them; where they do not, it [becomes](Operation::into_record) a record itself.

mod announced;
mod complete;
mod record;

pub use announced::{
    Completion, Failure, OperationInfo, OperationInput, OperationKey, OperationStart, Outcome, ServiceKind,
    ServiceName, StartedOperation,
};

use super::time::Time;

/// One piece of a service's work, from its start on.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    kind: ServiceKind,
    /// The class of the service.
    class: String,
    start: Time,
    info: OperationInfo,
    interrupted_at: Option<Time>,
    end: Option<(Time, Outcome)>,
}

impl Operation {
    /// A service of a class begins to work.
    pub fn new(kind: ServiceKind, class: impl Into<String>, start: Time) -> Self {
        Self {
            kind,
            class: class.into(),
            start,
            info: OperationInfo::default(),
            interrupted_at: None,
            end: None,
        }
    }

    /// What is known of it.
    pub fn describe(&mut self, info: OperationInfo) {
        self.info = info;
    }

    /// It is over.
    pub fn end(&mut self, now: Time, outcome: Outcome) {
        if outcome.completion == Completion::Dropped {
            self.interrupt(now);
        }
        self.end = Some((now, outcome));
    }

    /// The user spoke, or a cancel came: what comes of it now is for nobody.
    pub(crate) fn interrupt(&mut self, now: Time) {
        if self.end.is_none() {
            self.interrupted_at.get_or_insert(now);
        }
    }

    pub(crate) const fn kind(&self) -> ServiceKind {
        self.kind
    }

    pub(crate) fn class(&self) -> &str {
        &self.class
    }

    pub(crate) const fn started_at(&self) -> Time {
        self.start
    }

    /// When it was over.
    pub(crate) fn ended_at(&self) -> Option<Time> {
        self.end.as_ref().map(|(at, _)| *at)
    }

    /// When it was left before its end.
    pub(crate) fn dropped_at(&self) -> Option<Time> {
        self.end.as_ref().filter(|(_, outcome)| outcome.completion == Completion::Dropped).map(|(at, _)| *at)
    }

    pub(crate) fn failure(&self) -> Option<&Failure> {
        self.outcome()?.failure.as_ref()
    }

    /// Whether anything came of it: words, or an error.
    pub(crate) fn has_result(&self) -> bool {
        self.outcome().is_some_and(|outcome| outcome.text.is_some() || outcome.failure.is_some())
    }

    /// When the first of what came of it did: of a stream, its first piece.
    pub(crate) fn first_output_at(&self) -> Option<Time> {
        let (ended, outcome) = self.end.as_ref()?;
        outcome.first.or((outcome.completion == Completion::Finished).then_some(*ended))
    }

    /// What a model answered.
    pub(crate) fn output_text(&self) -> Option<&str> {
        self.outcome()?.text.as_deref()
    }

    /// What synthesis said: all that it was given, if nobody tells better and nothing came in between.
    pub(crate) fn spoken_text(&self) -> Option<&str> {
        let all_of_it = || self.input_text().filter(|_| !self.is_interrupted() && self.failure().is_none());
        self.output_text().or_else(all_of_it)
    }

    /// What it was given, as one text.
    pub(crate) fn input_text(&self) -> Option<&str> {
        match &self.info.input {
            OperationInput::Unknown => None,
            OperationInput::Text(text) => Some(text),
            OperationInput::Chat(request) => request.last_user_message.as_deref(),
        }
    }

    pub(crate) const fn is_interrupted(&self) -> bool {
        self.interrupted_at.is_some()
    }

    fn outcome(&self) -> Option<&Outcome> {
        self.end.as_ref().map(|(_, outcome)| outcome)
    }
}
