//! A delivery with a spool.

use std::time::Duration;

use proptest::prelude::*;

use super::{SECOND, Script, UNAUTHORIZED};
use crate::export::delivery::ExportError;
use crate::export::delivery::state::{DeliveryState, Spooling, Step};
use crate::export::spool::SpooledBy;
use crate::export::transport::Receipt;

/// Spans that are queued beyond the limit, while the worker is busy.
const MARGIN: usize = 4_096;

/// Starts a delivery with a spool, in which nothing was found.
fn with_queue(max_queue_spans: usize) -> Script {
    let mut script = Script::with_queue(max_queue_spans);
    script.state = DeliveryState::new(script.state.batch, Spooling::On);
    script.state.on_drained(script.now);
    script
}

/// Returns the number of spans to spool now.
fn spool(script: &mut Script) -> Option<usize> {
    match script.state.next_step(script.now) {
        Step::Spool(spans) => Some(spans.len()),
        Step::Wait(_) => None,
        step => panic!("{step:?}"),
    }
}

fn drains(script: &mut Script) -> bool {
    matches!(script.state.next_step(script.now), Step::Drain)
}

/// Checks `received = queued + exported + failed + dropped + late + spooled`, and returns queued, exported, failed,
/// dropped, spooled.
fn counts(script: &Script) -> [u64; 5] {
    let outcomes = script.state.outcomes();
    let failed = outcomes.failed().iter().map(|(_, spans)| spans).sum();
    let queued = script.state.queued() as u64;
    let counts = [queued, outcomes.exported(), failed, outcomes.dropped(), outcomes.spooled()];
    assert_eq!(outcomes.received(), counts.iter().sum::<u64>() + outcomes.late(), "{counts:?}");
    counts
}

#[test]
fn what_exceeds_the_queue_is_spooled_even_during_a_backoff() {
    let mut script = with_queue(10);
    script.end(10);
    assert_eq!(script.send(), Some(4));
    script.retry_later(Some(60 * SECOND));
    assert_eq!(spool(&mut script), None, "ten spans fit");
    script.end(1);
    assert_eq!(spool(&mut script), Some(4));
    script.state.on_spooled(4);
    assert_eq!(spool(&mut script), None);
    assert_eq!(counts(&script), [7, 0, 0, 0, 4]);
}

#[test]
fn spans_are_dropped_only_beyond_the_margin() {
    let mut script = with_queue(10);
    assert_eq!(script.end(10 + MARGIN), 0);
    assert_eq!(script.end(3), 3);
    assert_eq!(counts(&script), [10 + MARGIN as u64, 0, 0, 3, 0]);
}

#[test]
fn a_write_that_failed_is_tried_again_after_half_a_minute() {
    let mut script = with_queue(10);
    script.end(12);
    script.send();
    script.state.on_not_spooled(script.now);
    script.retry_later(Some(60 * SECOND));
    script.now += 29 * SECOND;
    assert_eq!(spool(&mut script), None);
    script.now += SECOND;
    assert_eq!(spool(&mut script), Some(4));
    assert_eq!(counts(&script), [12, 0, 0, 0, 0]);
}

#[test]
fn the_spool_is_drained_at_the_start_and_behind_new_spans() {
    let mut script = Script::with_queue(100);
    script.state = DeliveryState::new(script.state.batch, Spooling::On);
    assert!(drains(&mut script), "there may be requests of earlier processes");
    script.state.on_recovered(SpooledBy::Other, 7, Receipt::default());
    script.end(4);
    assert_eq!(script.send(), Some(4), "a full request is first");
    script.state.on_exported(4, Receipt::default());
    assert!(drains(&mut script));
    script.state.on_drained(script.now);
    assert_eq!(script.wait(), Some(60 * SECOND), "another process may die");
    script.now += 60 * SECOND;
    assert!(drains(&mut script));
    assert_eq!((script.state.outcomes().recovered(), counts(&script)), (7, [0, 4, 0, 0, 0]));
}

#[test]
fn spooled_spans_are_sent_after_the_outage() {
    let mut script = with_queue(4);
    script.end(8);
    script.send();
    script.state.on_spooled(4);
    script.end(0);
    assert_eq!(script.send(), Some(4));
    script.retry_later(None);
    assert_eq!(script.wait(), Some(SECOND / 10), "one backoff for both");
    script.now += SECOND / 10;
    assert_eq!(script.send(), Some(4));
    script.state.on_exported(4, Receipt::default());
    assert!(drains(&mut script));
    script.state.on_recovered(SpooledBy::This, 4, Receipt::default());
    assert_eq!(counts(&script), [0, 8, 0, 0, 0]);
}

#[test]
fn a_drain_that_fails_backs_off_too() {
    let mut script = Script::with_queue(100);
    script.state = DeliveryState::new(script.state.batch, Spooling::On);
    for wait in [100, 200, 400] {
        assert!(drains(&mut script));
        script.retry_later(None);
        assert_eq!(script.wait(), Some(Duration::from_millis(wait)));
        script.now += Duration::from_millis(wait);
    }
}

#[test]
fn a_closed_delivery_drains_only_while_the_backend_answers() {
    let mut script = Script::with_queue(100);
    script.state = DeliveryState::new(script.state.batch, Spooling::On);
    script.state.close();
    assert!(drains(&mut script));
    script.retry_later(None);
    assert!(matches!(script.state.next_step(script.now), Step::Stop));
}

#[test]
fn spans_left_at_the_deadline_are_queued_until_they_are_spooled() {
    let mut script = with_queue(100);
    script.end(10);
    script.send();
    script.retry_later(None);
    script.state.close();
    let sizes: Vec<usize> = script.state.abandon().iter().map(Vec::len).collect();
    assert_eq!(sizes, [4, 4, 2], "in requests of the usual size");
    assert_eq!(counts(&script), [10, 0, 0, 0, 0]);
    script.state.on_spooled(4);
    script.state.fail_left(4, ExportError::NotSpooled("the disk is full".to_owned()));
    assert_eq!(counts(&script), [2, 0, 4, 0, 4]);
    assert!(script.state.abandon().is_empty());
}

proptest! {
    /// Every span received has one outcome, whatever the spool does, and the queue keeps to its limit.
    #[test]
    fn every_span_received_has_one_outcome(limit in 1_usize..20, actions in proptest::collection::vec(0_u8..12, 0..150)) {
        let mut script = with_queue(limit);
        for action in actions {
            match (action, script.state.next_step(script.now)) {
                (0..=3, Step::Send(spans)) => drop(script.state.on_exported(spans.len(), Receipt::default())),
                (4, Step::Send(spans)) => drop(script.state.on_failed(spans.len(), UNAUTHORIZED)),
                (0..=7, Step::Spool(spans)) => script.state.on_spooled(spans.len()),
                (_, Step::Spool(_)) => script.state.on_not_spooled(script.now),
                (0..=3, Step::Drain) => drop(script.state.on_recovered(SpooledBy::This, 3, Receipt::default())),
                (4, Step::Drain) => drop(script.state.on_refused(SpooledBy::This, 3, UNAUTHORIZED)),
                (5, Step::Drain) => script.state.on_drained(script.now),
                (6, Step::Drain) => drop(script.state.on_lost(SpooledBy::This, 2, ExportError::SpoolFull)),
                (_, Step::Send(_) | Step::Drain) => script.retry_later(None),
                (0, _) => script.state.close(),
                (1, _) => drop(script.state.abandon()),
                (2..=7, _) => drop(script.end(usize::from(action))),
                (_, _) => script.now += SECOND,
            }
            let counts = counts(&script);
            prop_assert!(script.state.queue.len() <= limit + MARGIN, "{counts:?}");
        }
        for spans in script.state.abandon() {
            script.state.on_spooled(spans.len());
        }
        counts(&script);
    }
}
