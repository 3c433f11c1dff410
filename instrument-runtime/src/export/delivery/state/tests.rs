mod spool;

use std::time::{Duration, Instant};

use opentelemetry_sdk::trace::SpanData;
use proptest::prelude::*;

use super::super::queue::tests::span;
use super::{DeliveryState, ExportError, MIN_REQUEST_BYTES, QueuedSpan, Receipt, Spooling, Step};
use crate::export::ResponseCode;
use crate::export::clock::monotonic_now;
use crate::export::settings::BatchSettings;

const SECOND: Duration = Duration::from_secs(1);
const UNAVAILABLE: ExportError = ExportError::Unavailable(ResponseCode::Http(503));
const UNAUTHORIZED: ExportError = ExportError::Unauthorized(ResponseCode::Http(401));

/// A delivery with a scripted clock and without jitter.
struct Script {
    state: DeliveryState,
    now: Instant,
    span: SpanData,
}

impl Script {
    /// Starts a delivery with requests of at most four spans, after a second at the latest.
    fn with_queue(max_queue_spans: usize) -> Self {
        let batch = BatchSettings {
            max_queue_spans,
            max_queue_bytes: usize::MAX,
            max_batch_spans: 4,
            schedule_delay: SECOND,
        };
        Self { state: DeliveryState::new(batch, Spooling::Off), now: monotonic_now(), span: span(0) }
    }

    /// Ends so many spans. Returns the number of spans that were dropped.
    fn end(&mut self, spans: usize) -> usize {
        let end = |_| self.state.admit(QueuedSpan::new(self.span.clone()), self.now).dropped.len();
        (0..spans).map(end).sum()
    }

    /// Returns the number of spans that are due now.
    fn send(&mut self) -> Option<usize> {
        match self.state.next_step(self.now) {
            Step::Send(spans) => Some(spans.len()),
            _ => None,
        }
    }

    /// Returns the wait until the next step.
    fn wait(&mut self) -> Option<Duration> {
        match self.state.next_step(self.now) {
            Step::Wait(until) => until.map(|until| until - self.now),
            step => panic!("{step:?}"),
        }
    }

    fn retry_later(&mut self, requested: Option<Duration>) {
        self.state.retry_later(UNAVAILABLE, requested, 0, self.now);
    }

    /// Checks `received = queued + exported + failed + dropped + late`, and returns queued, exported, failed, dropped, late.
    fn counts(&self) -> [u64; 5] {
        let outcomes = self.state.outcomes();
        let failed = outcomes.failed().iter().map(|(_, spans)| spans).sum();
        let queued = self.state.queued() as u64;
        let counts = [queued, outcomes.exported(), failed, outcomes.dropped(), outcomes.late()];
        assert_eq!(outcomes.received(), counts.iter().sum::<u64>(), "{counts:?}");
        counts
    }
}

#[test]
fn spans_are_due_in_a_full_request_or_after_the_delay() {
    let mut script = Script::with_queue(100);
    script.end(2);
    assert_eq!(script.wait(), Some(SECOND));
    script.now += SECOND / 2;
    script.end(1);
    assert_eq!(script.wait(), Some(SECOND / 2), "the oldest decides");
    script.end(1);
    assert_eq!(script.send(), Some(4));
    script.state.on_exported(4, Receipt::default());
    assert_eq!(script.wait(), None, "nothing waits");
    assert_eq!(script.counts(), [0, 4, 0, 0, 0]);
}

#[test]
fn a_failed_request_is_sent_again_with_growing_waits() {
    let mut script = Script::with_queue(100);
    script.end(4);
    for wait in [100, 200, 400, 800] {
        assert_eq!(script.send(), Some(4));
        script.retry_later(None);
        assert_eq!(script.wait(), Some(Duration::from_millis(wait)));
        script.now += Duration::from_millis(wait);
    }
    assert_eq!(script.send(), Some(4));
    script.state.on_exported(4, Receipt::default());
    script.end(4);
    assert_eq!(script.send(), Some(4));
    script.retry_later(None);
    assert_eq!(script.wait(), Some(Duration::from_millis(100)), "the success reset the waits");
}

#[test]
fn a_requested_wait_is_kept() {
    let mut script = Script::with_queue(100);
    script.end(4);
    script.send();
    script.retry_later(Some(7 * SECOND));
    assert_eq!(script.wait(), Some(7 * SECOND));
}

#[test]
fn new_spans_do_not_shorten_a_backoff() {
    let mut script = Script::with_queue(100);
    script.end(4);
    script.send();
    script.retry_later(Some(60 * SECOND));
    script.now += SECOND;
    script.end(50);
    assert_eq!(script.wait(), Some(59 * SECOND));
}

#[test]
fn an_outage_longer_than_the_queue_drops_the_oldest() {
    let mut script = Script::with_queue(10);
    script.end(10);
    assert_eq!(script.send(), Some(4));
    assert_eq!(script.end(3), 3, "while a request is in flight");
    script.retry_later(None);
    assert_eq!(script.end(2), 2, "during a backoff");
    assert_eq!(script.counts(), [10, 0, 0, 5, 0]);
}

#[test]
fn refused_spans_fail_at_once_and_the_next_follow() {
    let mut script = Script::with_queue(100);
    script.end(8);
    assert_eq!(script.send(), Some(4));
    script.state.on_failed(4, UNAUTHORIZED);
    assert_eq!(script.send(), Some(4));
    assert_eq!(script.counts(), [4, 0, 4, 0, 0]);
}

#[test]
fn the_sent_half_of_a_split_request_is_not_sent_again() {
    let mut script = Script::with_queue(100);
    script.end(4);
    script.send();
    script.state.on_exported(2, Receipt::default());
    script.retry_later(None);
    script.now += SECOND;
    assert_eq!(script.counts(), [2, 2, 0, 0, 0]);
    assert_eq!(script.send(), Some(2));
}

#[test]
fn a_request_that_was_too_large_makes_the_next_smaller() {
    let mut script = Script::with_queue(100);
    script.state.batch.max_batch_spans = 100;
    let large = span(MIN_REQUEST_BYTES / 2);
    let bytes = QueuedSpan::new(large.clone()).bytes();
    script.span = large;
    script.end(12);
    script.state.start_flush();
    assert_eq!(script.send(), Some(12));
    script.state.lower_request_limit(12 * bytes);
    script.state.on_exported(12, Receipt::default());
    script.end(12);
    assert_eq!(script.send(), Some(6));
    script.state.on_exported(6, Receipt::default());
    for _ in 0..9 {
        script.state.lower_request_limit(1);
    }
    assert_eq!(script.send(), Some(1), "64 KiB at least");
}

#[test]
fn a_flush_sends_at_once_even_during_a_backoff() {
    let mut script = Script::with_queue(100);
    script.end(4);
    assert_eq!(script.send(), Some(4));
    for _ in 0..9 {
        script.retry_later(None);
    }
    assert_eq!(script.wait(), Some(25_600 * SECOND / 1_000));
    script.state.start_flush();
    assert_eq!(script.send(), Some(4));
    script.retry_later(None);
    assert_eq!(script.wait(), Some(SECOND / 10), "and waits start over");
    for _ in 0..9 {
        script.retry_later(None);
    }
    assert_eq!(script.wait(), Some(SECOND), "and are short");
    script.now += SECOND;
    assert_eq!(script.send(), Some(4));
    script.state.on_exported(4, Receipt::default());
    script.end(1);
    assert_eq!(script.wait(), Some(SECOND), "the flush is over");
}

#[test]
fn a_closed_delivery_sends_what_is_left_and_stops() {
    let mut script = Script::with_queue(100);
    script.end(5);
    script.state.close();
    assert_eq!(script.end(1), 1);
    assert_eq!(script.send(), Some(4));
    script.state.on_exported(4, Receipt { rejected_spans: 1, message: "too old".to_owned() });
    assert_eq!(script.send(), Some(1));
    script.state.on_exported(1, Receipt::default());
    assert!(matches!(script.state.next_step(script.now), Step::Stop));
    assert_eq!(script.counts(), [0, 4, 1, 0, 1]);
}

#[test]
fn spans_left_at_the_deadline_fail_with_the_last_error() {
    let mut script = Script::with_queue(100);
    script.end(8);
    script.send();
    script.retry_later(None);
    script.state.close();
    assert_eq!(script.state.abandon().concat().len(), 8);
    assert_eq!(script.state.outcomes().failed(), [(UNAVAILABLE, 8)]);
    assert!(matches!(script.state.next_step(script.now), Step::Stop));
    assert_eq!(script.counts(), [0, 0, 8, 0, 0]);
}

#[test]
fn spans_left_without_an_error_stay_queued() {
    let mut script = Script::with_queue(100);
    script.end(8);
    script.send();
    assert_eq!(script.state.abandon().concat().len(), 8, "those in flight, too");
    script.state.on_exported(4, Receipt::default());
    assert_eq!(script.counts(), [8, 0, 0, 0, 0], "an answer after the deadline does not count");
}

#[test]
fn each_error_is_logged_once() {
    let mut script = Script::with_queue(100);
    let mut retry = |error: ExportError| script.state.retry_later(error, None, 0, script.now).is_some();
    assert!(retry(UNAVAILABLE));
    assert!(!retry(UNAVAILABLE));
    assert!(retry(ExportError::TimedOut));
    let other = |number: u32| ExportError::Other(number.to_string());
    assert_eq!((0..100).filter(|number| retry(other(*number))).count(), 6, "eight at most");
}

#[test]
fn the_longest_delay_is_no_time() {
    let mut script = Script::with_queue(100);
    script.state.batch.schedule_delay = Duration::MAX;
    script.end(1);
    assert_eq!(script.wait(), None);
    script.state.start_flush();
    assert_eq!(script.send(), Some(1));
}

/// Ten minutes of 503 with 5 spans a second, in a queue of the default size.
#[test]
fn ten_minutes_of_outage_lose_nothing() {
    let mut script = Script::with_queue(65_536);
    let begun = script.now;
    let mut attempts = 0;
    for tick in 1..=6_600_u32 {
        script.now = begun + tick * SECOND / 10;
        if tick % 2 == 0 {
            script.end(1);
        }
        let is_away = script.now < begun + 600 * SECOND;
        while let Some(sent) = script.send() {
            attempts += 1;
            if is_away {
                script.retry_later(None);
            } else {
                script.state.on_exported(sent, Receipt::default());
            }
        }
        if is_away {
            assert!(attempts <= 9 + 600 / 25, "attempts are rare: {attempts}");
        }
    }
    script.state.close();
    while let Some(sent) = script.send() {
        script.state.on_exported(sent, Receipt::default());
    }
    assert_eq!(script.counts(), [0, 3_300, 0, 0, 0]);
}

/// A step of a script.
#[derive(Debug, Clone)]
enum Action {
    End(usize),
    Pass(u64),
    /// Sends what is due, with an outcome for the first part and one for the rest.
    Send(usize, Outcome),
    Flush,
    Close,
    Abandon,
}

#[derive(Debug, Clone)]
enum Outcome {
    Accept(u64),
    Fail,
    Retry(Option<u64>),
    /// The answer does not come.
    Hang,
}

fn actions() -> impl Strategy<Value = Vec<Action>> {
    let outcome = prop_oneof![
        (0_u64..9).prop_map(Outcome::Accept),
        Just(Outcome::Fail),
        proptest::option::of(0_u64..100).prop_map(Outcome::Retry),
        Just(Outcome::Hang),
    ];
    let action = prop_oneof![
        8 => (0_usize..12).prop_map(Action::End),
        4 => (0_u64..100_000).prop_map(Action::Pass),
        8 => (0_usize..6, outcome).prop_map(|(part, outcome)| Action::Send(part, outcome)),
        1 => Just(Action::Flush),
        1 => Just(Action::Close),
        1 => Just(Action::Abandon),
    ];
    proptest::collection::vec(action, 0..80)
}

proptest! {
    /// `received = queued + exported + failed + dropped + late`, and the queue keeps to its limit.
    #[test]
    fn every_span_received_has_one_outcome(limit in 1_usize..20, actions in actions()) {
        let mut script = Script::with_queue(limit);
        for action in actions {
            match action {
                Action::End(spans) => {
                    script.end(spans);
                }
                Action::Pass(milliseconds) => script.now += Duration::from_millis(milliseconds),
                Action::Send(part, outcome) => {
                    let Some(sent) = script.send() else { continue };
                    script.state.on_exported(part.min(sent), Receipt::default());
                    let rest = sent - part.min(sent);
                    script.end(1);
                    match outcome {
                        Outcome::Accept(rejected_spans) => {
                            let receipt = Receipt { rejected_spans, message: String::new() };
                            script.state.on_exported(rest, receipt);
                        }
                        Outcome::Fail => {
                            script.state.on_failed(rest, UNAUTHORIZED);
                        }
                        Outcome::Retry(wait) => script.retry_later(wait.map(Duration::from_secs)),
                        Outcome::Hang => {
                            script.state.close();
                            script.state.abandon();
                            script.state.on_exported(rest, Receipt::default());
                        }
                    }
                }
                Action::Flush => script.state.start_flush(),
                Action::Close => script.state.close(),
                Action::Abandon => {
                    script.state.abandon();
                }
            }
            let counts = script.counts();
            prop_assert!(script.state.queue.len() <= limit, "{counts:?}");
        }
        script.state.close();
        script.now += Duration::from_secs(3_601);
        while let Some(sent) = script.send() {
            script.state.on_exported(sent, Receipt::default());
        }
        prop_assert!(script.state.is_abandoned() || script.counts()[0] == 0, "a backend that recovers gets everything");
    }
}
