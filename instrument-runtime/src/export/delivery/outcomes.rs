//! The outcomes of the spans of one destination.

use super::ExportError;
use crate::export::transport::Receipt;

/// Maximum number of different errors that are counted separately. The last one counts all further errors.
const MAX_ERRORS: usize = 8;

/// The number of spans with each outcome.
#[derive(Debug, Default)]
pub(super) struct Outcomes {
    received: u64,
    exported: u64,
    dropped: u64,
    late: u64,
    failed: Vec<(ExportError, u64)>,
}

impl Outcomes {
    pub(super) fn received(&self) -> u64 {
        self.received
    }

    pub(super) fn exported(&self) -> u64 {
        self.exported
    }

    pub(super) fn dropped(&self) -> u64 {
        self.dropped
    }

    pub(super) fn late(&self) -> u64 {
        self.late
    }

    /// Returns the spans that failed, by error.
    pub(super) fn failed(&self) -> &[(ExportError, u64)] {
        &self.failed
    }

    /// Counts a span that arrived.
    pub(super) fn count_received(&mut self) {
        self.received += 1;
    }

    /// Counts a span that arrived after the shutdown.
    pub(super) fn count_late(&mut self) {
        self.late += 1;
    }

    /// Counts spans that a full queue dropped.
    pub(super) fn count_dropped(&mut self, spans: usize) {
        self.dropped += spans as u64;
    }

    /// Counts the spans of a request that was taken. Returns the error that some of them failed with, if it is the first of
    /// its kind.
    pub(super) fn count_taken(&mut self, spans: usize, receipt: Receipt) -> Option<ExportError> {
        let rejected = receipt.rejected_spans.min(spans as u64);
        self.exported += spans as u64 - rejected;
        self.count_failed(rejected, ExportError::PartiallyRejected(receipt.message))
    }

    /// Counts spans that failed. Returns the error if it is the first of its kind.
    pub(super) fn count_failed(&mut self, spans: u64, error: ExportError) -> Option<ExportError> {
        if spans == 0 {
            return None;
        }
        let is_full = self.failed.len() == MAX_ERRORS;
        let same = self.failed.iter().position(|(other, _)| *other == error);
        let index = same.or(is_full.then_some(MAX_ERRORS - 1));
        if let Some((_, count)) = index.and_then(|index| self.failed.get_mut(index)) {
            *count += spans;
            return None;
        }
        self.failed.push((error.clone(), spans));
        Some(error)
    }
}

#[cfg(test)]
mod tests {
    use super::{ExportError, Outcomes, Receipt};

    #[test]
    fn errors_are_counted_by_kind_up_to_a_limit() {
        let mut outcomes = Outcomes::default();
        let new: Vec<bool> = (0..20)
            .map(|number| outcomes.count_failed(1, ExportError::Other(format!("{}", number % 10))).is_some())
            .collect();
        assert_eq!(new.iter().filter(|is_new| **is_new).count(), 8);
        assert_eq!(outcomes.failed().len(), 8);
        assert_eq!(outcomes.failed().iter().map(|(_, spans)| spans).sum::<u64>(), 20);
    }

    #[test]
    fn a_receipt_cannot_reject_more_spans_than_were_sent() {
        let mut outcomes = Outcomes::default();
        outcomes.count_taken(1, Receipt { rejected_spans: 7, message: String::new() });
        assert_eq!((outcomes.exported(), outcomes.failed()[0].1), (0, 1));
    }

    #[test]
    fn a_request_that_is_taken_as_a_whole_is_no_failure() {
        let mut outcomes = Outcomes::default();
        assert_eq!(outcomes.count_taken(3, Receipt::default()), None);
        assert_eq!((outcomes.exported(), outcomes.failed().len()), (3, 0));
    }
}
