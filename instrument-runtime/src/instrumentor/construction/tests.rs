use std::convert::identity;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use opentelemetry::trace::noop::NoopTracerProvider;

use super::{Construction, begin as begin_annotated};
use crate::instrumentor::{ObservedTask, PipecatInstrumentor, ScopedGuard};
use crate::observer::{ObserveOptions, Observer};

#[derive(Default)]
struct Task {
    observers: Vec<Observer>,
}

fn begin<T>(options: impl FnOnce(ObserveOptions) -> ObserveOptions) -> Construction {
    begin_annotated::<T>("Task", options)
}

impl ObservedTask for Task {
    fn attach_observer(&mut self, observer: Observer) {
        self.observers.push(observer);
    }
}

impl Task {
    fn new() -> Self {
        begin::<Self>(identity).attach(Self::default)
    }

    fn through_new() -> Self {
        begin::<Self>(identity).attach(Self::new)
    }

    async fn connect() -> Arc<Self> {
        begin::<Self>(identity)
            .attach_async(async {
                pending_once().await;
                Arc::new(Self::through_new())
            })
            .await
    }
}

fn instrumented() -> ScopedGuard {
    PipecatInstrumentor::builder().scoped(NoopTracerProvider::new()).unwrap()
}

async fn pending_once() {
    let mut polled = false;
    std::future::poll_fn(
        |_| {
            if std::mem::replace(&mut polled, true) { Poll::Ready(()) } else { Poll::Pending }
        },
    )
    .await;
}

/// Polls to the end, and calls `between` after each poll that was not the last.
fn run<T>(future: impl Future<Output = T>, mut between: impl FnMut()) -> T {
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(value) => return value,
            Poll::Pending => between(),
        }
    }
}

#[test]
fn without_instrumentation_options_are_not_evaluated() {
    let task = begin::<Task>(|_| unreachable!()).attach(Task::default);
    assert!(task.observers.is_empty());
}

#[test]
fn nested_constructors_make_one_observer() {
    let _scoped = instrumented();
    assert_eq!(Task::new().observers.len(), 1);
    assert_eq!(Task::through_new().observers.len(), 1);
}

#[test]
fn inner_constructor_sets_options_that_the_outer_leaves_open() {
    let _scoped = instrumented();
    let named = |id: &'static str| move |options: ObserveOptions| options.conversation_id(id);

    let task = begin::<Task>(identity).attach(|| begin::<Task>(named("inner")).attach(Task::default));
    assert_eq!(task.observers[0].conversation_id(), "inner");
    let task = begin::<Task>(named("outer")).attach(|| begin::<Task>(named("inner")).attach(Task::default));
    assert_eq!(task.observers[0].conversation_id(), "outer");
}

#[test]
fn task_built_while_another_is_pending_has_its_own_observer() {
    let _scoped = instrumented();
    let mut meanwhile = None;
    let connected = run(Task::connect(), || meanwhile = Some(Task::new()));
    assert_eq!(connected.observers.len(), 1);
    assert_eq!(meanwhile.unwrap().observers.len(), 1);
}

#[test]
fn tasks_of_two_types_have_an_observer_each() {
    struct Outer {
        inner: Task,
        observers: Vec<Observer>,
    }
    impl ObservedTask for Outer {
        fn attach_observer(&mut self, observer: Observer) {
            self.observers.push(observer);
        }
    }

    let _scoped = instrumented();
    let outer = begin::<Outer>(identity).attach(|| Outer { inner: Task::new(), observers: Vec::new() });
    assert_eq!((outer.observers.len(), outer.inner.observers.len()), (1, 1));
}

#[test]
fn panic_in_options_leaves_the_task_unobserved() {
    let _scoped = instrumented();
    let task = begin::<Task>(|_| panic!("no tenant")).attach(Task::default);
    assert!(task.observers.is_empty());
}

#[test]
fn panicking_body_is_taken_off_the_stack() {
    let _scoped = instrumented();
    let _ = std::panic::catch_unwind(|| begin::<Task>(identity).attach(|| -> Task { panic!("no audio") }));
    assert_eq!(Task::new().observers.len(), 1);
}
