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

fn switched_on() -> ScopedGuard {
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
fn switched_off_nothing_is_asked_and_nothing_is_attached() {
    let task = begin::<Task>(|_| unreachable!()).attach(Task::default);
    assert!(task.observers.is_empty());
}

#[test]
fn constructors_that_call_each_other_make_one_observer() {
    let _on = switched_on();
    assert_eq!(Task::new().observers.len(), 1);
    assert_eq!(Task::through_new().observers.len(), 1);
}

#[test]
fn an_inner_constructor_says_what_the_outer_one_does_not_know() {
    let _on = switched_on();
    let named = |id: &'static str| move |options: ObserveOptions| options.conversation_id(id);

    let task = begin::<Task>(identity).attach(|| begin::<Task>(named("inner")).attach(Task::default));
    assert_eq!(task.observers[0].conversation_id(), "inner");
    let task = begin::<Task>(named("outer")).attach(|| begin::<Task>(named("inner")).attach(Task::default));
    assert_eq!(task.observers[0].conversation_id(), "outer");
}

#[test]
fn a_task_built_while_another_one_waits_has_an_observer_of_its_own() {
    let _on = switched_on();
    let mut meanwhile = None;
    let connected = run(Task::connect(), || meanwhile = Some(Task::new()));
    assert_eq!(connected.observers.len(), 1);
    assert_eq!(meanwhile.unwrap().observers.len(), 1);
}

#[test]
fn tasks_of_two_types_are_two_conversations() {
    struct Outer {
        inner: Task,
        observers: Vec<Observer>,
    }
    impl ObservedTask for Outer {
        fn attach_observer(&mut self, observer: Observer) {
            self.observers.push(observer);
        }
    }

    let _on = switched_on();
    let outer = begin::<Outer>(identity).attach(|| Outer { inner: Task::new(), observers: Vec::new() });
    assert_eq!((outer.observers.len(), outer.inner.observers.len()), (1, 1));
}

#[test]
fn a_panic_in_an_attribute_costs_the_trace_and_nothing_else() {
    let _on = switched_on();
    let task = begin::<Task>(|_| panic!("no tenant")).attach(Task::default);
    assert!(task.observers.is_empty());
}

#[test]
fn a_body_that_panics_leaves_no_mark() {
    let _on = switched_on();
    let _ = std::panic::catch_unwind(|| begin::<Task>(identity).attach(|| -> Task { panic!("no audio") }));
    assert_eq!(Task::new().observers.len(), 1);
}
