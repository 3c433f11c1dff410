//! Errors, as they are kept on a span.

use crate::engine::frame::ErrorReport;
use crate::engine::operation::Failure;
use crate::engine::record::{SpanEvent, SpanEventKind, Status};
use crate::engine::time::Time;

/// The type of an error of which nothing is known.
const OTHER: &str = "_OTHER";

/// No span keeps more events than this; the first ones tell the most.
const MOST_FAULTS: usize = 32;

/// The errors of one span, in order.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Faults(Vec<Fault>);

/// One error.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Fault {
    at: Time,
    message: String,
    error_type: String,
    told_by: Teller,
}

/// Who tells of an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Teller {
    Frame,
    /// The code that it came out of, before any frame.
    Code,
}

impl Fault {
    /// An error that a frame tells of.
    pub(crate) fn reported(at: Time, report: &ErrorReport<'_>) -> Self {
        let error_type = report
            .exception
            .map(|exception| exception.split('(').next().unwrap_or_default().trim())
            .filter(|class| !class.is_empty())
            .or(report.category.filter(|category| !category.is_empty()))
            .unwrap_or(OTHER);
        let (message, error_type) = (report.message.to_owned(), error_type.to_owned());
        Self { at, message, error_type, told_by: Teller::Frame }
    }

    /// An error of which only the message is known.
    pub(crate) fn of_message(at: Time, message: impl Into<String>) -> Self {
        Self { at, message: message.into(), error_type: OTHER.to_owned(), told_by: Teller::Frame }
    }
}

impl Fault {
    /// What went wrong in an operation.
    pub(crate) fn of_operation(at: Time, Failure { message, error_type }: Failure) -> Self {
        Self { at, message, error_type, told_by: Teller::Code }
    }

    /// Whether this is told by a frame once more, in its own words around these.
    fn is_repeated_by(&self, later: &Self) -> bool {
        self.told_by == Teller::Code
            && later.told_by == Teller::Frame
            && later.message.contains(&self.message)
    }
}

impl Faults {
    /// Adds one.
    pub(crate) fn push(&mut self, fault: Fault) {
        let is_known = self.0.iter().any(|known| known.is_repeated_by(&fault));
        if !is_known && self.0.len() < MOST_FAULTS {
            self.0.push(fault);
        }
    }

    /// When the newest one was.
    pub(crate) fn newest_at(&self) -> Option<Time> {
        self.0.last().map(|fault| fault.at)
    }

    /// The status of a span with these errors: the first one's.
    pub(crate) fn status(&self) -> Status {
        self.0.first().map_or(Status::Ok, |fault| Status::Error {
            message: fault.message.clone(),
            error_type: fault.error_type.clone(),
        })
    }

    /// An event for each.
    pub(crate) fn into_events(self) -> Vec<SpanEvent> {
        self.into_events_with([])
    }

    /// An event for each, and for other moments that there were; in order.
    pub(crate) fn into_events_with<const N: usize>(
        self,
        moments: [(Option<Time>, SpanEventKind); N],
    ) -> Vec<SpanEvent> {
        let mut events = self.exceptions();
        events.extend(moments.into_iter().filter_map(|(at, kind)| Some(SpanEvent { at: at?, kind })));
        events.sort_by_key(|event| event.at);
        events
    }

    fn exceptions(self) -> Vec<SpanEvent> {
        self.0
            .into_iter()
            .map(|fault| SpanEvent {
                at: fault.at,
                kind: SpanEventKind::Exception { message: fault.message, error_type: fault.error_type },
            })
            .collect()
    }
}
