//! Errors, as they are kept on a span.

use crate::core::frame::ErrorReport;
use crate::core::record::{Happening, SpanEvent, Status};
use crate::core::time::Time;

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
        Self { at, message: report.message.to_owned(), error_type: error_type.to_owned() }
    }

    /// An error of which only the message is known.
    pub(crate) fn of_message(at: Time, message: impl Into<String>) -> Self {
        Self { at, message: message.into(), error_type: OTHER.to_owned() }
    }
}

impl Faults {
    /// Adds one.
    pub(crate) fn push(&mut self, fault: Fault) {
        if self.0.len() < MOST_FAULTS {
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
        moments: [(Option<Time>, Happening); N],
    ) -> Vec<SpanEvent> {
        let mut events = self.exceptions();
        events.extend(moments.into_iter().filter_map(|(at, what)| Some(SpanEvent { at: at?, what })));
        events.sort_by_key(|event| event.at);
        events
    }

    fn exceptions(self) -> Vec<SpanEvent> {
        self.0
            .into_iter()
            .map(|fault| SpanEvent {
                at: fault.at,
                what: Happening::Exception { message: fault.message, error_type: fault.error_type },
            })
            .collect()
    }
}
