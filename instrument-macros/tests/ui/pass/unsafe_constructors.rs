//! Unsafe constructors: the body of an `unsafe fn` may still call unsafe functions.
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use opentelemetry::trace::noop::NoopTracerProvider;
use pipecat_instrument::{ObservedTask, Observer, PipecatInstrumentor, instrument_task};

#[derive(Default)]
struct Task {
    observers: Vec<Observer>,
}

impl ObservedTask for Task {
    fn attach_observer(&mut self, observer: Observer) {
        self.observers.push(observer);
    }
}

unsafe fn line(of: *const u8) -> u8 {
    unsafe { *of }
}

#[instrument_task]
impl Task {
    /// # Safety
    /// `line_of` is valid.
    unsafe fn from_raw(line_of: *const u8) -> Self {
        let inside = || unsafe { line(line_of) };
        assert_eq!(inside(), 7);
        Self::default()
    }

    /// # Safety
    /// `line_of` is valid.
    unsafe extern "C" fn for_c(line_of: *const u8) -> Box<Self> {
        Box::new(unsafe { Self::from_raw(line_of) })
    }

    /// # Safety
    /// `line_of` is valid.
    async unsafe fn later(line_of: *const u8) -> Option<Self> {
        Some(unsafe { Self::from_raw(line_of) })
    }
}

/// # Safety
/// `line_of` is valid.
#[instrument_task(observers = observers)]
#[allow(unsafe_op_in_unsafe_fn)]
unsafe fn implicitly_unsafe(line_of: *const u8, observers: Vec<Observer>) -> Task {
    assert_eq!(line(line_of), 7);
    Task { observers }
}

fn main() {
    let _scoped = PipecatInstrumentor::builder().scoped(NoopTracerProvider::new()).unwrap();
    let seven = 7;
    let mut later = Box::pin(unsafe { Task::later(&seven) });
    let later = match Pin::as_mut(&mut later).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(task) => task.unwrap(),
        Poll::Pending => unreachable!(),
    };
    let of_argument = unsafe { implicitly_unsafe(&seven, Vec::new()) };
    for task in [unsafe { Task::from_raw(&seven) }, *unsafe { Task::for_c(&seven) }, later, of_argument] {
        assert_eq!(task.observers.len(), 1);
    }
}
