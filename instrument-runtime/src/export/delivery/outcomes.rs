//! The outcomes of the spans of one destination.

use super::ExportError;
use crate::export::spool::SpooledBy;
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
    spooled: u64,
    failed: Failures,
    recovered: u64,
    unrecovered: Failures,
}

/// Numbers of spans by their error.
#[derive(Debug, Default)]
pub(super) struct Failures(Vec<(ExportError, u64)>);

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

    /// Returns the spans of this process that wait in the spool.
    pub(super) fn spooled(&self) -> u64 {
        self.spooled
    }

    /// Returns the spans that failed, by error.
    pub(super) fn failed(&self) -> &[(ExportError, u64)] {
        &self.failed.0
    }

    /// Returns the spans of other processes that the destination took.
    pub(super) fn recovered(&self) -> u64 {
        self.recovered
    }

    /// Returns the spans of other processes that are lost, by error.
    pub(super) fn unrecovered(&self) -> &[(ExportError, u64)] {
        &self.unrecovered.0
    }

    /// Counts a span that ended.
    pub(super) fn count_received(&mut self) {
        self.received += 1;
    }

    /// Counts a span that ended after the shutdown.
    pub(super) fn count_late(&mut self) {
        self.late += 1;
    }

    /// Counts spans that a full queue dropped.
    pub(super) fn count_dropped(&mut self, spans: usize) {
        self.dropped += spans as u64;
    }

    /// Counts spans that were written to the spool.
    pub(super) fn count_spooled(&mut self, spans: usize) {
        self.spooled += spans as u64;
    }

    /// Counts the spans of a request that the destination took. Returns the error of those that it rejected, if it is the
    /// first of its kind.
    pub(super) fn count_exported(&mut self, spans: usize, receipt: Receipt) -> Option<ExportError> {
        let rejected = receipt.rejected_spans.min(spans as u64);
        self.exported += spans as u64 - rejected;
        self.failed.add(rejected, ExportError::PartiallyRejected(receipt.message))
    }

    /// Counts spans that failed. Returns the error if it is the first of its kind.
    pub(super) fn count_failed(&mut self, spans: u64, error: ExportError) -> Option<ExportError> {
        self.failed.add(spans, error)
    }

    /// Counts spooled spans that the destination took. Returns an error as [`count_exported`](Self::count_exported) does.
    pub(super) fn count_recovered(
        &mut self,
        by: SpooledBy,
        spans: u64,
        receipt: Receipt,
    ) -> Option<ExportError> {
        let rejected = receipt.rejected_spans.min(spans);
        let taken = spans - rejected;
        match by {
            SpooledBy::This => {
                let taken = taken.min(self.spooled);
                self.spooled -= taken;
                self.exported += taken;
            }
            SpooledBy::Other => self.recovered += taken,
        }
        self.count_unrecovered(by, rejected, ExportError::PartiallyRejected(receipt.message))
    }

    /// Counts spooled spans that are lost. Returns the error if it is the first of its kind.
    pub(super) fn count_unrecovered(
        &mut self,
        by: SpooledBy,
        spans: u64,
        error: ExportError,
    ) -> Option<ExportError> {
        match by {
            SpooledBy::This => {
                let spans = spans.min(self.spooled);
                self.spooled -= spans;
                self.failed.add(spans, error)
            }
            SpooledBy::Other => self.unrecovered.add(spans, error),
        }
    }
}

impl Failures {
    /// Adds spans. Returns the error if it is the first of its kind.
    fn add(&mut self, spans: u64, error: ExportError) -> Option<ExportError> {
        if spans == 0 {
            return None;
        }
        let is_full = self.0.len() == MAX_ERRORS;
        let same = self.0.iter().position(|(other, _)| *other == error);
        let index = same.or(is_full.then_some(MAX_ERRORS - 1));
        if let Some((_, count)) = index.and_then(|index| self.0.get_mut(index)) {
            *count = count.saturating_add(spans);
            return None;
        }
        self.0.push((error.clone(), spans));
        Some(error)
    }
}

#[cfg(test)]
mod tests {
    use super::{ExportError, Outcomes, Receipt, SpooledBy};

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
        outcomes.count_exported(1, Receipt { rejected_spans: 7, message: String::new() });
        assert_eq!((outcomes.exported(), outcomes.failed()[0].1), (0, 1));
    }

    #[test]
    fn a_request_that_is_taken_as_a_whole_is_no_failure() {
        let mut outcomes = Outcomes::default();
        assert_eq!(outcomes.count_exported(3, Receipt::default()), None);
        assert_eq!((outcomes.exported(), outcomes.failed().len()), (3, 0));
    }

    #[test]
    fn spooled_spans_are_counted_for_the_process_that_received_them() {
        let mut outcomes = Outcomes::default();
        outcomes.count_spooled(10);
        let receipt = Receipt { rejected_spans: 1, message: String::new() };
        outcomes.count_recovered(SpooledBy::This, 4, receipt.clone());
        outcomes.count_unrecovered(SpooledBy::This, 2, ExportError::SpoolFull);
        outcomes.count_recovered(SpooledBy::Other, 5, receipt);
        outcomes.count_unrecovered(SpooledBy::Other, 7, ExportError::SpoolDamaged);
        let failed: u64 = outcomes.failed().iter().map(|(_, spans)| spans).sum();
        assert_eq!((outcomes.spooled(), outcomes.exported(), failed), (4, 3, 3));
        let unrecovered: u64 = outcomes.unrecovered().iter().map(|(_, spans)| spans).sum();
        assert_eq!((outcomes.recovered(), unrecovered), (4, 8));
    }

    /// The number in the name of a file may have been changed.
    #[test]
    fn no_more_spans_leave_the_spool_than_were_written() {
        let mut outcomes = Outcomes::default();
        outcomes.count_spooled(3);
        outcomes.count_recovered(SpooledBy::This, u64::MAX, Receipt::default());
        assert_eq!((outcomes.spooled(), outcomes.exported()), (0, 3));
    }
}
