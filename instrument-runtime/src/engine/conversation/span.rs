//! The fields that all spans below a turn share, and the errors of a span.
//!
//! See [Errors](https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#errors).

use std::time::Duration;

use crate::engine::frame::ErrorReport;
use crate::engine::operation::Failure;
use crate::engine::record::{SpanDetails, SpanEvent, SpanEventKind, SpanKey, SpanRecord, Status};
use crate::engine::time::Time;
use crate::engine::truncate::to_bounded;

/// `error.type` of an error whose class and category are unknown.
const OTHER: &str = "_OTHER";

/// Upper bound on error events per span. The first ones are kept.
const MAX_ERRORS: usize = 32;

/// The time after the end of a span during which an error of its service still belongs to it.
const JUST_CLOSED: Duration = Duration::from_millis(10);

/// The source of span keys.
#[derive(Debug, Default)]
pub(crate) struct SpanKeys(u64);

impl SpanKeys {
    /// Returns a new key.
    pub(super) fn allocate(&mut self) -> SpanKey {
        self.0 += 1;
        SpanKey(self.0)
    }
}

/// Whether a span is open, or has just closed.
pub(super) fn is_open_or_just_closed(ended_at: Option<Time>, now: Time) -> bool {
    ended_at.is_none_or(|at| now.since(at) <= JUST_CLOSED)
}

/// Removes and returns the matching spans. If none is left, also frees the memory of `spans`: a pause may be long.
pub(super) fn take_matching<T>(spans: &mut Vec<T>, matches: impl Fn(&T) -> bool) -> Vec<T> {
    // Nearly always they come first, as those of the oldest turn. These are not moved one by one.
    let others = spans.split_off(spans.iter().take_while(|span| matches(span)).count());
    let mut taken = std::mem::replace(spans, others);
    taken.extend(spans.extract_if(.., |span| matches(span)));
    taken
}

/// Key, start and errors of an open span below a turn.
#[derive(Debug)]
pub(crate) struct SpanBase {
    key: SpanKey,
    start: Time,
    errors: SpanErrors,
}

/// A span that a traced operation has already started, and that a span made from frames continues.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ClaimedSpan {
    pub(super) key: SpanKey,
    pub(super) start: Time,
}

impl SpanBase {
    pub(super) fn new(key: SpanKey, start: Time) -> Self {
        Self { key, start, errors: SpanErrors::default() }
    }

    /// Creates the base of a span that continues `claimed`, or of a new one if there is none.
    pub(super) fn continuing(claimed: Option<ClaimedSpan>, key: SpanKey, start: Time) -> Self {
        let ClaimedSpan { key, start } = claimed.unwrap_or(ClaimedSpan { key, start });
        Self::new(key, start)
    }

    pub(super) fn key(&self) -> SpanKey {
        self.key
    }

    pub(super) fn start(&self) -> Time {
        self.start
    }

    /// Moves the start of a span that has not been announced to the sink yet.
    pub(super) fn start_at(&mut self, start: Time) {
        self.start = start;
    }

    /// Continues a span that a traced operation has started.
    pub(super) fn on_claim(&mut self, ClaimedSpan { key, start }: ClaimedSpan) {
        (self.key, self.start) = (key, start);
    }

    pub(super) fn on_error(&mut self, error: SpanError) {
        self.errors.push(error);
    }

    /// Removes and returns the latest error, which turned out to be of another span.
    pub(super) fn pop_error(&mut self) -> Option<SpanError> {
        self.errors.0.pop()
    }

    /// Returns the time of the latest error.
    pub(super) fn last_error_at(&self) -> Option<Time> {
        self.errors.last_at()
    }

    /// Returns the time of the first error after which the pipeline could not continue.
    pub(super) fn fatal_error_at(&self) -> Option<Time> {
        self.errors.0.iter().find(|error| error.is_fatal).map(|error| error.at)
    }

    /// Returns the end of the span, no later than its turn's and no earlier than its own start.
    pub(super) fn end(&self, ended_at: Option<Time>, turn_end: Time) -> Time {
        ended_at.unwrap_or(turn_end).min(turn_end).max(self.start)
    }

    /// Converts into a record that ends at `end`, with events for its errors and `moments`.
    pub(super) fn into_record<const N: usize>(
        self,
        end: Time,
        moments: [(Option<Time>, SpanEventKind); N],
        details: SpanDetails,
    ) -> SpanRecord {
        SpanRecord {
            key: self.key,
            start: self.start,
            end,
            status: self.errors.status(),
            events: self.errors.into_events(moments),
            user_id: None,
            details,
        }
    }
}

/// The errors of one span, in order.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct SpanErrors(Vec<SpanError>);

/// One error of a span.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SpanError {
    at: Time,
    message: String,
    error_type: String,
    reporter: Reporter,
    is_fatal: bool,
}

/// The reporter of an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reporter {
    Frame,
    /// The traced function that failed. It reports before any frame does.
    Code,
}

impl SpanError {
    /// Creates the error that an `ErrorFrame` reports.
    pub(super) fn from_report(at: Time, report: &ErrorReport<'_>) -> Self {
        let error_type = report
            .exception
            .map(|exception| exception.split('(').next().unwrap_or_default().trim())
            .filter(|class| !class.is_empty())
            .or(report.category.filter(|category| !category.is_empty()))
            .unwrap_or(OTHER);
        let (message, error_type) = (to_bounded(report.message), to_bounded(error_type));
        Self { at, message, error_type, reporter: Reporter::Frame, is_fatal: report.fatal }
    }

    /// Creates an error of unknown type.
    pub(super) fn from_message(at: Time, message: impl Into<String>) -> Self {
        Self {
            at,
            message: message.into(),
            error_type: OTHER.to_owned(),
            reporter: Reporter::Frame,
            is_fatal: false,
        }
    }

    /// Creates the error with which a traced operation ended.
    pub(super) fn from_failure(at: Time, Failure { message, error_type }: Failure) -> Self {
        Self { at, message, error_type, reporter: Reporter::Code, is_fatal: false }
    }

    /// Whether a later frame reports the same error. Its message may contain more words.
    fn is_repeated_by(&self, later: &Self) -> bool {
        self.reporter == Reporter::Code
            && later.reporter == Reporter::Frame
            && later.message.contains(&self.message)
    }
}

impl SpanErrors {
    pub(super) fn push(&mut self, error: SpanError) {
        let is_repeated = self.0.iter().any(|known| known.is_repeated_by(&error));
        if !is_repeated && self.0.len() < MAX_ERRORS {
            self.0.push(error);
        }
    }

    fn last_at(&self) -> Option<Time> {
        self.0.last().map(|error| error.at)
    }

    /// Returns the status of a span with these errors: the first error, or `Ok`.
    pub(super) fn status(&self) -> Status {
        self.0.first().map_or(Status::Ok, |error| Status::Error {
            message: error.message.clone(),
            error_type: error.error_type.clone(),
        })
    }

    /// Converts into one event per error and per known moment, sorted by time.
    pub(super) fn into_events<const N: usize>(
        self,
        moments: [(Option<Time>, SpanEventKind); N],
    ) -> Vec<SpanEvent> {
        let mut events: Vec<SpanEvent> = self.0.into_iter().map(SpanEvent::from).collect();
        events.extend(moments.into_iter().filter_map(|(at, kind)| Some(SpanEvent { at: at?, kind })));
        events.sort_by_key(|event| event.at);
        events
    }
}

impl From<SpanError> for SpanEvent {
    fn from(SpanError { at, message, error_type, .. }: SpanError) -> Self {
        Self { at, kind: SpanEventKind::Exception { message, error_type } }
    }
}
