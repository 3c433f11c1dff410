//! Models of the timer thread: every wake-up fires, even one scheduled while the thread sleeps.

use std::sync::mpsc::RecvTimeoutError;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use ::loom::sync::{Condvar, Mutex};
use ::loom::thread;

use super::check;
use crate::observer::timer::{Wake, WakeUp, WakeUpQueue, run};

/// A queue with a clock that the model moves.
struct ManualQueue {
    start: Instant,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    posted: Vec<WakeUp>,
    /// The simulated time since the start.
    passed: Duration,
    is_closed: bool,
}

impl ManualQueue {
    fn new() -> Self {
        let state = State { posted: Vec::new(), passed: Duration::ZERO, is_closed: false };
        Self { start: Instant::now(), state: Mutex::new(state), changed: Condvar::new() }
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().unwrap());
        self.changed.notify_all();
    }

    fn post(&self, after: Duration, target: &Arc<Target>) {
        let target: Weak<Target> = Arc::downgrade(target);
        self.change(|state| state.posted.push(WakeUp { at: self.start + after, target }));
    }
}

impl WakeUpQueue for &ManualQueue {
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

/// A target that counts its wake-ups.
struct Target {
    queue: Arc<ManualQueue>,
    due: Duration,
    woken: Mutex<u32>,
}

impl Target {
    fn new(queue: &Arc<ManualQueue>, due: Duration) -> Arc<Self> {
        Arc::new(Self { queue: Arc::clone(queue), due, woken: Mutex::new(0) })
    }
}

impl Wake for Target {
    fn wake(&self) {
        let passed = self.queue.state.lock().unwrap().passed;
        assert!(passed >= self.due, "woken too early");
        *self.woken.lock().unwrap() += 1;
        self.queue.changed.notify_all();
    }
}

/// A wake-up that is scheduled while the thread may sleep until a later one fires in time.
pub fn nearer_deadline_wakes_a_sleeping_timer() {
    check(|| {
        let [near, far] = [Duration::from_millis(10), Duration::from_secs(10)];
        let queue = Arc::new(ManualQueue::new());
        let [early, late] = [near, far].map(|due| Target::new(&queue, due));

        let timer = thread::spawn({
            let queue = Arc::clone(&queue);
            move || run(&&*queue)
        });
        let other = thread::spawn({
            let (queue, late) = (Arc::clone(&queue), Arc::clone(&late));
            move || queue.post(far, &late)
        });
        queue.post(near, &early);
        queue.change(|state| state.passed = near);
        // If the wake-up were lost, this would wait forever, which loom reports as a deadlock.
        let mut woken = early.woken.lock().unwrap();
        while *woken == 0 {
            drop(woken);
            thread::yield_now();
            woken = early.woken.lock().unwrap();
        }
        drop(woken);
        other.join().unwrap();
        assert_eq!(*late.woken.lock().unwrap(), 0, "it is not due yet");

        queue.change(|state| state.passed = far);
        queue.change(|state| state.is_closed = true);
        timer.join().unwrap();
        assert_eq!([&early, &late].map(|target| *target.woken.lock().unwrap()), [1, 1]);
    });
}
