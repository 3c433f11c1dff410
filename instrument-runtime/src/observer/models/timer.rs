//! The timer's thread: none who asked is forgotten, whoever asks while it sleeps.

use std::sync::mpsc::RecvTimeoutError;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use loom::sync::{Condvar, Mutex};
use loom::thread;

use super::check;
use crate::observer::timer::{Post, Wake, WakeUp, run};

/// A post whose clock is moved by hand.
struct Office {
    start: Instant,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    posted: Vec<WakeUp>,
    /// How long the office has been open.
    passed: Duration,
    is_closed: bool,
}

impl Office {
    fn open() -> Self {
        let state = State { posted: Vec::new(), passed: Duration::ZERO, is_closed: false };
        Self { start: Instant::now(), state: Mutex::new(state), changed: Condvar::new() }
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().unwrap());
        self.changed.notify_all();
    }

    fn post(&self, after: Duration, who: &Arc<Bell>) {
        let who: Weak<Bell> = Arc::downgrade(who);
        self.change(|state| state.posted.push(WakeUp { at: self.start + after, who }));
    }
}

impl Post for &Office {
    fn now(&self) -> Instant {
        self.start + self.state.lock().unwrap().passed
    }

    fn receive(&self, until: Option<Instant>) -> Result<WakeUp, RecvTimeoutError> {
        let mut state = self.state.lock().unwrap();
        loop {
            if !state.posted.is_empty() {
                return Ok(state.posted.remove(0));
            }
            if until.is_some_and(|until| until <= self.start + state.passed) {
                return Err(RecvTimeoutError::Timeout);
            }
            if state.is_closed {
                return Err(RecvTimeoutError::Disconnected);
            }
            state = self.changed.wait(state).unwrap();
        }
    }
}

/// Somebody who is to be woken, and tells when that was.
struct Bell {
    office: Arc<Office>,
    due: Duration,
    rung: Mutex<u32>,
}

impl Bell {
    fn new(office: &Arc<Office>, due: Duration) -> Arc<Self> {
        Arc::new(Self { office: Arc::clone(office), due, rung: Mutex::new(0) })
    }
}

impl Wake for Bell {
    fn wake(&self) {
        let passed = self.office.state.lock().unwrap().passed;
        assert!(passed >= self.due, "woken too early");
        *self.rung.lock().unwrap() += 1;
        self.office.changed.notify_all();
    }
}

/// Two ask, the later one first, and the time of the nearer one comes before that of the other: it is woken then, though the
/// thread had gone to sleep for longer.
pub fn a_nearer_deadline_wakes_a_sleeping_timer() {
    check(|| {
        let [near, far] = [Duration::from_millis(10), Duration::from_secs(10)];
        let office = Arc::new(Office::open());
        let [early, late] = [near, far].map(|due| Bell::new(&office, due));

        let timer = thread::spawn({
            let office = Arc::clone(&office);
            move || run(&&*office)
        });
        let other = thread::spawn({
            let (office, late) = (Arc::clone(&office), Arc::clone(&late));
            move || office.post(far, &late)
        });
        office.post(near, &early);
        office.change(|state| state.passed = near);
        // Who is forgotten is waited for in vain, which loom takes for the deadlock that it is.
        let mut rung = early.rung.lock().unwrap();
        while *rung == 0 {
            drop(rung);
            thread::yield_now();
            rung = early.rung.lock().unwrap();
        }
        drop(rung);
        other.join().unwrap();
        assert_eq!(*late.rung.lock().unwrap(), 0, "it is not due yet");

        office.change(|state| state.passed = far);
        office.change(|state| state.is_closed = true);
        timer.join().unwrap();
        assert_eq!([&early, &late].map(|bell| *bell.rung.lock().unwrap()), [1, 1]);
    });
}
