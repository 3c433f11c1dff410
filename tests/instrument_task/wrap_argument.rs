//! `wrap = Watched`: a task of another crate, in a wrapper that takes the observer.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};

use async_trait::async_trait;
use pipecat_instrument::{ObservedTask, Observer, instrument_task};

use crate::single_observer::{Refused, Speaks, observed_once};
use crate::support::{Traced, block_on, yield_once};

/// A framework crate, whose task takes no observers.
mod framework {
    #[derive(Debug, PartialEq)]
    pub(super) struct PipelineTask {
        pub(super) processors: Vec<&'static str>,
    }

    impl PipelineTask {
        pub(super) fn new(processors: Vec<&'static str>) -> Self {
            Self { processors }
        }
    }
}

use framework::PipelineTask;

/// An adapter for that framework.
mod adapter {
    use super::{ObservedTask, Observer, PipelineTask, Speaks};

    #[derive(Debug)]
    pub(super) struct Watched<T> {
        pub(super) task: T,
        observers: Vec<Observer>,
    }

    impl<T> From<T> for Watched<T> {
        fn from(task: T) -> Self {
            Self { task, observers: Vec::new() }
        }
    }

    impl ObservedTask for Watched<PipelineTask> {
        fn attach_observer(&mut self, observer: Observer) {
            self.observers.push(observer);
        }
    }

    impl<T> Speaks for Watched<T> {
        fn observers(&self) -> &[Observer] {
            &self.observers
        }
    }
}

use adapter::Watched;

type Events = Receiver<u8>;

fn stages(line: &str) -> Result<Vec<&'static str>, Refused> {
    if line.is_empty() { Err(Refused) } else { Ok(vec!["stt", "llm", "tts"]) }
}

#[instrument_task(wrap = Watched, conversation_id = line)]
fn build(line: &str) -> PipelineTask {
    if line == "short" {
        return PipelineTask::new(vec!["llm"]);
    }
    PipelineTask::new(vec!["stt", "llm", "tts"])
}

#[instrument_task(wrap = adapter::Watched, conversation_id = line)]
fn try_build(line: &str) -> Result<PipelineTask, Refused> {
    let stages = stages(line)?;
    Ok(PipelineTask::new(stages))
}

#[instrument_task(wrap = self::adapter::Watched)]
fn maybe(line: Option<u8>) -> Option<framework::PipelineTask> {
    line?;
    Some(PipelineTask::new(Vec::new()))
}

#[instrument_task(wrap = Watched)]
fn nested(line: &str) -> Result<Option<(PipelineTask, Events, u8)>, Refused> {
    Ok(Some((PipelineTask::new(stages(line)?), channel().1, 7)))
}

#[instrument_task(wrap = Watched)]
fn in_a_tuple_in_a_tuple(line: &str) -> ((Result<PipelineTask, Refused>, u8), u16) {
    ((stages(line).map(PipelineTask::new), 1), 2)
}

/// The error type is opaque.
#[instrument_task(wrap = Watched)]
fn with_an_opaque_error(line: &str) -> Result<PipelineTask, impl std::fmt::Debug + use<>> {
    stages(line).map(PipelineTask::new).map_err(|refused| format!("{refused:?}"))
}

/// `?` infers the error type from the return type.
#[instrument_task(wrap = Watched)]
fn with_a_boxed_error(line: &str) -> Result<PipelineTask, Box<dyn std::error::Error>> {
    let stages = stages(line).map_err(|_| "refused")?;
    Ok(PipelineTask::new(stages))
}

#[instrument_task(wrap = Watched, conversation_id = line)]
async fn connect(line: &str) -> Result<PipelineTask, Refused> {
    yield_once().await;
    let stages = stages(line)?;
    yield_once().await;
    Ok(PipelineTask::new(stages))
}

#[instrument_task(wrap = Watched, conversation_id = line)]
fn opaque(line: &str) -> impl Future<Output = Result<PipelineTask, Refused>> + Send + use<'_> {
    let stages = stages(line);
    async move { Ok(PipelineTask::new(stages?)) }
}

#[instrument_task(wrap = Watched, conversation_id = line)]
fn boxed(line: &str) -> Pin<Box<dyn Future<Output = Result<PipelineTask, Refused>> + Send + '_>> {
    Box::pin(async move {
        yield_once().await;
        Ok(PipelineTask::new(stages(line)?))
    })
}

/// A type that is not the task builds it.
struct Line;

impl Line {
    #[instrument_task(wrap = Watched)]
    fn dial() -> PipelineTask {
        PipelineTask::new(Vec::new())
    }
}

/// A block whose other constructor takes its observer in an argument.
struct Own(Vec<Observer>);

impl Speaks for Own {
    fn observers(&self) -> &[Observer] {
        &self.0
    }
}

#[instrument_task(observers = observers, conversation_id = line)]
impl Own {
    fn new(line: &str, observers: Vec<Observer>) -> Self {
        assert!(!line.is_empty());
        Self(observers)
    }

    #[instrument_task(wrap = Watched)]
    fn theirs(line: &str) -> PipelineTask {
        build(line).task
    }
}

#[async_trait]
trait Dial {
    async fn dial(line: &str) -> Result<Watched<PipelineTask>, Refused>;
}

struct Outside;

#[async_trait]
impl Dial for Outside {
    #[instrument_task(wrap = Watched, conversation_id = line)]
    async fn dial(line: &str) -> Result<PipelineTask, Refused> {
        yield_once().await;
        Ok(PipelineTask::new(stages(line)?))
    }
}

#[test]
fn wrapper_is_returned_with_one_observer() {
    assert_eq!(observed_once(|| build("1")), "1");
    assert_eq!(observed_once(|| build("short")), "short");
    assert_eq!(observed_once(|| try_build("2").unwrap()), "2");
    observed_once(|| maybe(Some(1)).unwrap());
    observed_once(|| nested("3").unwrap().unwrap().0);
    observed_once(|| in_a_tuple_in_a_tuple("3").0.0.unwrap());
    observed_once(|| with_an_opaque_error("4").unwrap());
    observed_once(|| with_a_boxed_error("5").unwrap());
    observed_once(Line::dial);
}

#[test]
fn wrapper_holds_the_task_and_tuples_keep_other_elements() {
    let _traced = Traced::new();
    assert_eq!(build("short").task.processors, ["llm"]);
    assert_eq!(try_build("1").unwrap().task, PipelineTask::new(vec!["stt", "llm", "tts"]));
    assert_eq!(nested("1").unwrap().unwrap().2, 7);
    let ((_, one), two) = in_a_tuple_in_a_tuple("1");
    assert_eq!((one, two), (1, 2));
}

#[test]
fn async_functions_return_the_wrapper() {
    assert_eq!(observed_once(|| block_on(connect("6")).unwrap()), "6");
    assert_eq!(observed_once(|| block_on(opaque("7")).unwrap()), "7");
    assert_eq!(observed_once(|| block_on(boxed("8")).unwrap()), "8");
    assert_eq!(observed_once(|| block_on(Outside::dial("9")).unwrap()), "9");
    drop((send(connect("")), send(opaque("")), send(boxed(""))));
}

fn send<T: Send>(value: T) -> T {
    value
}

#[test]
fn failed_constructor_starts_no_conversation() {
    let traced = Traced::new();
    assert_eq!(try_build("").unwrap_err(), Refused);
    assert!(maybe(None).is_none());
    assert_eq!(nested("").unwrap_err(), Refused);
    assert!(in_a_tuple_in_a_tuple("").0.0.is_err());
    assert_eq!(format!("{:?}", with_an_opaque_error("").unwrap_err()), "\"Refused\"");
    assert_eq!(with_a_boxed_error("").unwrap_err().to_string(), "refused");
    for failed in [block_on(connect("")), block_on(opaque("")), block_on(boxed(""))] {
        assert_eq!(failed.unwrap_err(), Refused);
    }
    assert!(traced.spans().is_empty());
}

#[test]
fn wrapper_has_no_observer_while_switched_off() {
    assert!(build("1").observers().is_empty());
    assert!(try_build("1").unwrap().observers().is_empty());
    assert!(block_on(connect("1")).unwrap().observers().is_empty());
    assert!(block_on(opaque("1")).unwrap().observers().is_empty());
    assert!(block_on(boxed("1")).unwrap().observers().is_empty());
}

#[test]
fn wrap_overrides_observers_of_the_block() {
    assert_eq!(observed_once(|| Own::new("1", Vec::new())), "1");
    assert_eq!(observed_once(|| Own::theirs("2")), "2");
}

// Nested constructors.

/// Returns the wrapper, which takes an observer itself.
#[instrument_task(conversation_id = line)]
fn again(line: &str) -> Result<Watched<PipelineTask>, Refused> {
    try_build("inner")
}

/// Puts the wrapper into an `Arc`, from which `wrap` could not take the task.
#[instrument_task(conversation_id = line)]
fn shared(line: &str) -> Arc<Watched<PipelineTask>> {
    Arc::new(build(line))
}

#[test]
fn nested_constructors_make_one_observer() {
    assert_eq!(observed_once(|| again("outer").unwrap()), "outer");
    assert_eq!(observed_once(|| shared("shared")), "shared");
}
