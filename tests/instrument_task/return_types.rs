//! Return types of constructors: the task in standard containers, tuples and aliases.

use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};

use pipecat_instrument::{ObservedTask, Observer, instrument_task};

use crate::single_observer::{Refused, Speaks, Task as Inner, observed_once, unobserved};

#[derive(Debug, Default)]
struct Task(Inner);

impl ObservedTask for Task {
    fn attach_observer(&mut self, observer: Observer) {
        self.0.attach_observer(observer);
    }
}

impl Speaks for Task {
    fn observers(&self) -> &[Observer] {
        self.0.observers()
    }
}

type Dialled = Result<Arc<Task>, Refused>;

#[instrument_task]
impl Task {
    fn plain() -> Self {
        Self::default()
    }

    fn by_name() -> Task {
        Task::default()
    }

    fn by_path() -> crate::return_types::Task {
        Task::default()
    }

    fn result(line: Result<u8, Refused>) -> Result<Self, Refused> {
        line?;
        Ok(Self::default())
    }

    fn option(line: Option<u8>) -> Option<Self> {
        line?;
        Some(Self::default())
    }

    fn arc() -> Arc<Self> {
        Arc::new(Self::default())
    }

    fn boxed() -> Box<Self> {
        Box::default()
    }

    fn rc() -> Rc<Self> {
        Rc::new(Self::default())
    }

    fn pinned() -> Pin<Box<Self>> {
        Box::pin(Self::default())
    }

    fn io() -> std::io::Result<Self> {
        Ok(Self::default())
    }

    fn nested() -> Result<Option<Arc<Self>>, Refused> {
        Ok(Some(Arc::new(Self::default())))
    }

    fn deep() -> Option<Result<Pin<Box<Self>>, Refused>> {
        Some(Ok(Box::pin(Self::default())))
    }

    fn with_events() -> (Self, Receiver<u8>) {
        (Self::default(), channel().1)
    }

    fn try_with_events() -> Result<(Arc<Self>, Receiver<u8>, u8), Refused> {
        Ok((Arc::new(Self::default()), channel().1, 7))
    }

    /// The return type is an alias, which hides the task.
    #[instrument_task(task = Self)]
    fn aliased(line: &str) -> Dialled {
        if line.is_empty() {
            return Err(Refused);
        }
        Ok(Self::arc())
    }

    #[instrument_task(task = Self)]
    fn opaque() -> impl Speaks + std::fmt::Debug {
        Self::plain()
    }

    /// A method is not a constructor, and is left alone.
    fn unboxed(self: Box<Self>) -> Self {
        *self
    }

    /// Two tasks are two conversations, each with the observer of its own constructor.
    fn pair() -> (Self, Self) {
        (Self::plain(), Self::plain())
    }

    #[instrument_task(skip)]
    fn for_tests() -> Self {
        Self::default()
    }

    fn limit() -> usize {
        8
    }
}

#[test]
fn each_container_of_the_task_is_observed() {
    observed_once(Task::plain);
    observed_once(Task::by_name);
    observed_once(Task::by_path);
    observed_once(|| Task::result(Ok(1)).unwrap());
    observed_once(|| Task::option(Some(1)).unwrap());
    observed_once(Task::arc);
    observed_once(Task::boxed);
    observed_once(Task::rc);
    observed_once(Task::pinned);
    observed_once(|| Task::io().unwrap());
}

#[test]
fn nested_containers_and_tuples_are_observed() {
    observed_once(|| Task::nested().unwrap().unwrap());
    observed_once(|| Task::deep().unwrap().unwrap());
    observed_once(|| Task::with_events().0);
    observed_once(|| Task::try_with_events().unwrap().0);
}

#[test]
fn task_argument_names_a_hidden_task() {
    observed_once(|| Task::aliased("1").unwrap());
    assert_eq!(Task::aliased("").unwrap_err(), Refused);
    observed_once(Task::opaque);
}

#[test]
fn failed_constructor_starts_no_conversation() {
    let traced = crate::support::Traced::new();
    assert_eq!(Task::result(Err(Refused)).unwrap_err(), Refused);
    assert!(Task::option(None).is_none());
    assert!(traced.spans().is_empty());
}

#[test]
fn skipped_or_switched_off_functions_are_unchanged() {
    unobserved(Task::for_tests);
    assert!(Task::plain().observers().is_empty());
    assert_eq!(Task::limit(), 8);
    observed_once(|| Box::new(Task::plain()).unboxed());
}

#[test]
fn two_tasks_are_two_conversations() {
    let traced = crate::support::Traced::new();
    let (one, other) = Task::pair();
    let (one, other) = (
        crate::single_observer::speaks_once(&traced, one),
        crate::single_observer::speaks_once(&traced, other),
    );
    assert_ne!(one, other);
}

// Functions that return an alias, and call a constructor of the task.

#[instrument_task(task = Task)]
fn dial() -> Dialled {
    Ok(Task::arc())
}

/// The macro takes the alias for the task.
#[instrument_task]
fn dial_again() -> Dialled {
    dial()
}

#[test]
fn alias_counts_as_the_task_it_stands_for() {
    observed_once(|| dial().unwrap());
    observed_once(|| dial_again().unwrap());
}
