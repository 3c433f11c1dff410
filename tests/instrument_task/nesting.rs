//! Constructors that call each other on one thread: one observer, for the task that the outermost returns.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use pipecat_instrument::{ObservedTask, Observer, instrument_task};

use crate::single_observer::{Refused, Speaks, Task as Inner, observed_once, speaks_once};
use crate::support::{Traced, block_on, yield_once};

#[derive(Debug, Default)]
struct Task {
    inner: Inner,
    standby: Option<Box<Self>>,
}

impl ObservedTask for Task {
    fn attach_observer(&mut self, observer: Observer) {
        self.inner.attach_observer(observer);
    }
}

impl Speaks for Task {
    fn observers(&self) -> &[Observer] {
        self.inner.observers()
    }
}

#[instrument_task(conversation_id = line)]
impl Task {
    fn new(line: &str) -> Self {
        let _ = line;
        Self::default()
    }

    /// Three constructors deep, with early returns.
    fn try_new(line: &str) -> Result<Arc<Self>, Refused> {
        if line.is_empty() {
            return Err(Refused);
        }
        check(line)?;
        Ok(Arc::new(Self::new(line)))
    }

    async fn connect(address: (&str, u16)) -> Result<Arc<Self>, Refused> {
        yield_once().await;
        check(address.0)?;
        let made = Self::try_new(address.0)?;
        yield_once().await;
        Ok(made)
    }

    fn blocking() -> Arc<Self> {
        block_on(Self::connect(("blocking", 1))).unwrap()
    }

    fn again(attempts: u8) -> Result<Self, Refused> {
        if attempts > 0 {
            return Self::again(attempts - 1);
        }
        Ok(Self::default())
    }

    fn with_standby() -> Self {
        let standby = Self::new("standby");
        let task = Self::new("main");
        Self { standby: Some(Box::new(standby)), ..task }
    }

    async fn fastest() -> Self {
        let (one, other) = (Self::slow(2), Self::slow(1));
        let one = one.await;
        drop(other.await);
        one
    }

    async fn slow(pauses: u8) -> Self {
        for _ in 0..pauses {
            yield_once().await;
        }
        Self::default()
    }
}

fn check(line: &str) -> Result<(), Refused> {
    if line == "busy" { Err(Refused) } else { Ok(()) }
}

#[test]
fn inner_constructor_sets_the_id_that_the_outer_leaves_open() {
    assert_eq!(observed_once(|| block_on(Task::connect(("call-1", 1))).unwrap()), "call-1");
    assert_eq!(Task::try_new("").unwrap_err(), Refused);
    assert_eq!(Task::try_new("busy").unwrap_err(), Refused);
}

#[test]
fn sync_constructor_that_blocks_on_an_async_one() {
    assert_eq!(observed_once(Task::blocking), "blocking");
}

#[test]
fn constructor_that_calls_itself_makes_one_observer() {
    observed_once(|| Task::again(3).unwrap());
}

/// The task that the outermost constructor returns gets the observer; another that it builds is part of that conversation.
#[test]
fn second_task_built_inside_a_constructor_has_no_observer() {
    let traced = Traced::new();
    let mut task = Task::with_standby();
    let standby = task.standby.take().unwrap();
    assert!(standby.observers().is_empty());
    speaks_once(&traced, task);
    observed_once(|| block_on(Task::fastest()));
}

struct Outer {
    inner: Inner,
    task: Task,
}

impl ObservedTask for Outer {
    fn attach_observer(&mut self, observer: Observer) {
        self.inner.attach_observer(observer);
    }
}

impl Speaks for Outer {
    fn observers(&self) -> &[Observer] {
        self.inner.observers()
    }
}

#[instrument_task(conversation_id = "outer")]
impl Outer {
    fn new() -> Self {
        Self { inner: Inner::default(), task: Task::new("inner") }
    }
}

#[test]
fn tasks_of_two_types_make_two_conversations() {
    let traced = Traced::new();
    let Outer { inner, task } = Outer::new();
    assert_eq!(speaks_once(&traced, inner), "outer");
    assert_eq!(speaks_once(&traced, task), "inner");
}

fn poll_once<T>(future: &mut Pin<Box<dyn Future<Output = T> + Send>>) -> Poll<T> {
    future.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

/// Each is polled while the other is pending, on one thread.
#[test]
fn interleaved_constructors_make_one_conversation_each() {
    let traced = Traced::new();
    let mut one: Pin<Box<dyn Future<Output = _> + Send>> = Box::pin(Task::connect(("one", 1)));
    let mut other: Pin<Box<dyn Future<Output = _> + Send>> = Box::pin(Task::connect(("other", 1)));
    let (mut made_one, mut made_other) = (None, None);
    while made_one.is_none() || made_other.is_none() {
        if made_one.is_none()
            && let Poll::Ready(Ok(task)) = poll_once(&mut one)
        {
            made_one = Some(task);
        }
        if made_other.is_none()
            && let Poll::Ready(Ok(task)) = poll_once(&mut other)
        {
            made_other = Some(task);
        }
    }
    assert_eq!(speaks_once(&traced, made_one.unwrap()), "one");
    assert_eq!(speaks_once(&traced, made_other.unwrap()), "other");
}
