use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

use opentelemetry::trace::noop::NoopTracerProvider;

use super::{ObservedTask, TaskPresence};
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
    assert_eq!(made.presence(), TaskPresence::Here);
    made.attach_observer(observer());
    made
}

#[test]
fn a_wrapped_task_gets_its_observer() {
    assert!(attached(Some(Task::default())).unwrap().0.is_some());
    assert!(attached(Box::new(Task::default())).0.is_some());
    assert!(attached(Rc::new(Task::default())).0.is_some());
    assert!(attached(Box::pin(Task::default())).0.is_some());
    assert!(attached(Pin::new(Box::new(Task::default()))).0.is_some());
    let nested: Result<Arc<Task>, ()> = attached(Ok(Arc::new(Task::default())));
    assert!(nested.unwrap().0.is_some());
}

#[test]
fn where_there_is_no_task_nothing_is_attached() {
    assert_eq!(None::<Task>.presence(), TaskPresence::None);
    assert_eq!(Err::<Task, ()>(()).presence(), TaskPresence::None);
    assert_eq!(Some(Err::<Arc<Task>, ()>(())).presence(), TaskPresence::None);
}

#[test]
fn a_shared_task_says_so() {
    let task = Arc::new(Task::default());
    let elsewhere = Arc::clone(&task);
    assert_eq!(task.presence(), TaskPresence::Shared);
    drop(elsewhere);
    let elsewhere = Arc::downgrade(&task);
    assert_eq!(task.presence(), TaskPresence::Shared);
    drop(elsewhere);
    assert_eq!(task.presence(), TaskPresence::Here);
}
