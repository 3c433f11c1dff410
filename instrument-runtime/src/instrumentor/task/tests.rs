use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

use opentelemetry::trace::noop::NoopTracerProvider;

use super::{ObservedTask, TaskAccess};
use crate::emit::Tracers;
use crate::observer::{ObserveOptions, Observer, ObserverProvider};

#[derive(Default)]
struct Task(Option<Observer>);

impl ObservedTask for Task {
    fn attach_observer(&mut self, observer: Observer) {
        self.0 = Some(observer);
    }
}

fn observer() -> Observer {
    ObserverProvider::new(Tracers::new(&NoopTracerProvider::new())).observe(ObserveOptions::new())
}

fn attached<T: ObservedTask>(mut made: T) -> T {
    assert_eq!(made.access(), TaskAccess::Exclusive);
    made.attach_observer(observer());
    made
}

#[test]
fn wrapped_task_gets_its_observer() {
    assert!(attached(Some(Task::default())).unwrap().0.is_some());
    assert!(attached(Box::new(Task::default())).0.is_some());
    assert!(attached(Rc::new(Task::default())).0.is_some());
    assert!(attached(Box::pin(Task::default())).0.is_some());
    assert!(attached(Pin::new(Box::new(Task::default()))).0.is_some());
    let nested: Result<Arc<Task>, ()> = attached(Ok(Arc::new(Task::default())));
    assert!(nested.unwrap().0.is_some());
}

#[test]
fn failed_constructor_returns_no_task() {
    assert_eq!(None::<Task>.access(), TaskAccess::Absent);
    assert_eq!(Err::<Task, ()>(()).access(), TaskAccess::Absent);
    assert_eq!(Some(Err::<Arc<Task>, ()>(())).access(), TaskAccess::Absent);
}

#[test]
fn shared_task_cannot_take_an_observer() {
    let task = Arc::new(Task::default());
    let elsewhere = Arc::clone(&task);
    assert_eq!(task.access(), TaskAccess::Shared);
    drop(elsewhere);
    let elsewhere = Arc::downgrade(&task);
    assert_eq!(task.access(), TaskAccess::Shared);
    drop(elsewhere);
    assert_eq!(task.access(), TaskAccess::Exclusive);
}
