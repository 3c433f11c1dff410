use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

use super::{Wake, wake_at};

struct Bell {
    name: &'static str,
    rung: Mutex<Sender<(&'static str, Instant)>>,
}

impl Wake for Bell {
    fn wake(&self) {
        let _ = self.rung.lock().unwrap().send((self.name, Instant::now()));
    }
}

/// Bells, and the wire on which they are heard.
fn bells<const N: usize>(names: [&'static str; N]) -> ([Arc<Bell>; N], Receiver<(&'static str, Instant)>) {
    let (sender, heard) = channel();
    (names.map(|name| Arc::new(Bell { name, rung: Mutex::new(sender.clone()) })), heard)
}

fn ring_in(bell: &Arc<Bell>, wait: Duration) -> Instant {
    let at = Instant::now() + wait;
    let weak: Weak<Bell> = Arc::downgrade(bell);
    wake_at(at, weak);
    at
}

#[test]
fn wakes_in_the_order_of_the_deadlines_and_never_early() {
    let ([late, early], heard) = bells(["late", "early"]);
    let late_at = ring_in(&late, Duration::from_millis(40));
    let early_at = ring_in(&early, Duration::from_millis(10));

    let (first, first_at) = heard.recv_timeout(Duration::from_secs(5)).unwrap();
    let (second, second_at) = heard.recv_timeout(Duration::from_secs(5)).unwrap();
    assert_eq!((first, second), ("early", "late"));
    assert!(first_at >= early_at && second_at >= late_at);
}

#[test]
fn who_is_gone_is_forgotten() {
    let ([gone, there], heard) = bells(["gone", "there"]);
    ring_in(&gone, Duration::from_millis(5));
    ring_in(&there, Duration::from_millis(15));
    drop(gone);
    assert_eq!(heard.recv_timeout(Duration::from_secs(5)).unwrap().0, "there");
}
