use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

use super::{Wake, wake_at};

struct Target {
    name: &'static str,
    woken: Mutex<Sender<(&'static str, Instant)>>,
}

impl Wake for Target {
    fn wake(&self) {
        let _ = self.woken.lock().unwrap().send((self.name, Instant::now()));
    }
}

/// Returns targets, and a channel with their wake-ups.
fn targets<const N: usize>(
    names: [&'static str; N],
) -> ([Arc<Target>; N], Receiver<(&'static str, Instant)>) {
    let (sender, wake_ups) = channel();
    (names.map(|name| Arc::new(Target { name, woken: Mutex::new(sender.clone()) })), wake_ups)
}

fn wake_in(target: &Arc<Target>, wait: Duration) -> Instant {
    let at = Instant::now() + wait;
    let weak: Weak<Target> = Arc::downgrade(target);
    wake_at(at, weak);
    at
}

#[test]
fn wakes_in_order_of_deadlines_and_never_early() {
    let ([late, early], wake_ups) = targets(["late", "early"]);
    let late_at = wake_in(&late, Duration::from_millis(40));
    let early_at = wake_in(&early, Duration::from_millis(10));

    let (first, first_at) = wake_ups.recv_timeout(Duration::from_secs(5)).unwrap();
    let (second, second_at) = wake_ups.recv_timeout(Duration::from_secs(5)).unwrap();
    assert_eq!((first, second), ("early", "late"));
    assert!(first_at >= early_at && second_at >= late_at);
}

#[test]
fn dropped_target_is_not_woken() {
    let ([gone, there], wake_ups) = targets(["gone", "there"]);
    wake_in(&gone, Duration::from_millis(5));
    wake_in(&there, Duration::from_millis(15));
    drop(gone);
    assert_eq!(wake_ups.recv_timeout(Duration::from_secs(5)).unwrap().0, "there");
}
