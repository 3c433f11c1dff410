use std::time::{Duration, Instant};

use super::{Cause, Ledger, Receipt, Target};

fn ledger(spans: usize, bytes: usize) -> Ledger {
    Ledger::new(Target::Console, spans, bytes)
}

/// `given = exported + refused + dropped + late + waiting`, whatever happens.
#[test]
fn what_comes_in_is_what_goes_one_way_or_the_other() {
    let ledger = ledger(3, 100);
    let admitted: Vec<bool> = [60, 30, 20, 10, 1].map(|bytes| ledger.admit(bytes)).to_vec();
    assert_eq!(admitted, [true, true, false, true, false], "20 bytes have no room, and then a fourth span");
    ledger.settle(1, 60, Ok(Receipt::default()));
    ledger.settle(1, 30, Err(Cause::TimedOut));
    assert!(ledger.admit(80), "there is room again");
    ledger.close();
    assert!(!ledger.admit(1));
    let report = ledger.report();
    assert_eq!((report.exported, report.dropped, report.late, report.waiting), (1, 2, 1, 2));
    assert_eq!(report.refused.iter().map(|refused| refused.spans).sum::<u64>(), 1);
}

#[test]
fn causes_are_counted_by_kind_and_their_number_is_bounded() {
    let ledger = ledger(100, 1_000);
    for number in 0..20 {
        assert!(ledger.admit(1));
        ledger.settle(1, 1, Err(Cause::Broken(format!("{}", number % 10))));
    }
    let report = ledger.report();
    assert_eq!(report.refused.len(), 8);
    assert_eq!(report.refused.iter().map(|refused| refused.spans).sum::<u64>(), 20);
}

#[test]
fn a_receipt_with_more_rejected_than_sent_is_no_more_than_was_sent() {
    let ledger = ledger(10, 10);
    assert!(ledger.admit(1));
    ledger.settle(1, 1, Ok(Receipt { rejected: 7, remark: String::new() }));
    let report = ledger.report();
    assert_eq!((report.exported, report.refused[0].spans), (0, 1));
}

#[test]
fn waiting_ends_when_all_is_settled_or_time_is_up() {
    let ledger = ledger(10, 10);
    ledger.wait_until_settled(Instant::now() + Duration::from_secs(3_600));
    assert!(ledger.admit(1));
    ledger.wait_until_settled(Instant::now());
    std::thread::scope(|scope| {
        scope.spawn(|| ledger.settle(1, 1, Ok(Receipt::default())));
        ledger.wait_until_settled(Instant::now() + Duration::from_secs(3_600));
    });
    assert_eq!(ledger.report().waiting, 0);
}
