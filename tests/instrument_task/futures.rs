//! Async constructors: `async fn`, and functions that return a future.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use async_trait::async_trait;
use pipecat_instrument::instrument_task;

use crate::single_observer::{Refused, Task, observed_once};
use crate::support::{Traced, block_on, yield_once};

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

async fn dial(line: &str) -> Result<Task, Refused> {
    yield_once().await;
    if line == "busy" { Err(Refused) } else { Ok(Task::default()) }
}

struct Line;

// Functions of a type that is not the task.
impl Line {
    #[instrument_task(conversation_id = line)]
    async fn connect(line: &str) -> Result<Arc<Task>, Refused> {
        if line.is_empty() {
            return Err(Refused);
        }
        let task = dial(line).await?;
        yield_once().await;
        Ok(Arc::new(task))
    }

    #[instrument_task(conversation_id = line)]
    fn boxed(line: &str) -> Pin<Box<dyn Future<Output = Result<Task, Refused>> + Send + '_>> {
        Box::pin(dial(line))
    }

    #[instrument_task(conversation_id = line)]
    fn boxed_alias(line: &str) -> BoxFuture<'_, Result<Task, Refused>> {
        if line.is_empty() {
            return Box::pin(async { Err(Refused) });
        }
        Box::pin(dial(line))
    }

    #[instrument_task(conversation_id = line)]
    fn opaque(line: &str) -> impl Future<Output = Result<Task, Refused>> + Send + use<'_> {
        dial(line)
    }

    /// The future outlives the argument.
    #[instrument_task(conversation_id = line)]
    fn owned(line: &str) -> impl Future<Output = Result<Task, Refused>> + Send + 'static + use<> {
        let line = line.to_owned();
        async move { dial(&line).await }
    }

    /// Calls another constructor before it makes the future.
    #[instrument_task(conversation_id = line)]
    fn at_once(line: &str) -> Pin<Box<dyn Future<Output = Task>>> {
        let task = Self::now();
        let _ = line;
        Box::pin(async move { task })
    }

    #[instrument_task]
    fn now() -> Task {
        Task::default()
    }

    #[instrument_task]
    async fn retry(attempts: u8) -> Result<Task, Refused> {
        if attempts > 0 {
            return Box::pin(Self::retry(attempts - 1)).await;
        }
        dial("free").await
    }
}

#[test]
fn async_functions_are_observed() {
    assert_eq!(observed_once(|| block_on(Line::connect("1")).unwrap()), "1");
    assert_eq!(block_on(Line::connect("")).unwrap_err(), Refused);
    assert_eq!(block_on(Line::connect("busy")).unwrap_err(), Refused);
    observed_once(|| block_on(Line::retry(3)).unwrap());
}

#[test]
fn functions_that_return_a_boxed_future_are_observed() {
    assert_eq!(observed_once(|| block_on(Line::boxed("2")).unwrap()), "2");
    assert_eq!(observed_once(|| block_on(Line::boxed_alias("3")).unwrap()), "3");
    assert_eq!(block_on(Line::boxed_alias("")).unwrap_err(), Refused);
    assert_eq!(observed_once(|| block_on(Line::at_once("4"))), "4");
}

#[test]
fn functions_that_return_impl_future_are_observed() {
    assert_eq!(observed_once(|| block_on(Line::opaque("5")).unwrap()), "5");
    assert_eq!(observed_once(|| block_on(Line::owned("6")).unwrap()), "6");
}

#[test]
fn future_dropped_midway_leaves_no_spans() {
    let traced = Traced::new();
    let mut connecting = Box::pin(Line::connect("7"));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(connecting.as_mut().poll(&mut context).is_pending());
    drop(connecting);
    assert!(traced.spans().is_empty());
    crate::single_observer::speaks_once(&traced, Line::now());
}

#[test]
fn futures_stay_send() {
    fn send<T: Send>(value: T) -> T {
        value
    }
    let _traced = Traced::new();
    drop(send(Line::connect("8")));
    drop(send(Line::boxed("8")));
    drop(send(Line::opaque("8")));
}

// `async_trait` above and below the annotation, and on a single function.

#[async_trait]
trait Builder: Sized {
    async fn build(line: &str) -> Result<Task, Refused>;
    async fn rebuild(lines: (String, u8)) -> Arc<Task>;
}

struct Inside;
struct Outside;
struct Single;

#[async_trait]
#[instrument_task(conversation_id = line)]
impl Builder for Inside {
    #[instrument_task(task = Task)]
    async fn build(line: &str) -> Result<Task, Refused> {
        let task = dial(line).await?;
        Ok(task)
    }

    #[instrument_task(task = Task)]
    async fn rebuild((line, _): (String, u8)) -> Arc<Task> {
        Arc::new(Self::build(&line).await.unwrap())
    }
}

#[instrument_task(conversation_id = line)]
#[async_trait]
impl Builder for Outside {
    #[instrument_task(task = Task)]
    async fn build(line: &str) -> Result<Task, Refused> {
        let task = dial(line).await?;
        Ok(task)
    }

    #[instrument_task(task = Task)]
    async fn rebuild((line, _): (String, u8)) -> Arc<Task> {
        Arc::new(Self::build(&line).await.unwrap())
    }
}

#[async_trait]
impl Builder for Single {
    #[instrument_task(conversation_id = line)]
    async fn build(line: &str) -> Result<Task, Refused> {
        let task = dial(line).await?;
        Ok(task)
    }

    #[instrument_task]
    async fn rebuild((line, _): (String, u8)) -> Arc<Task> {
        Arc::new(Self::build(&line).await.unwrap())
    }
}

#[test]
fn async_trait_works_in_either_order() {
    assert_eq!(observed_once(|| block_on(Inside::build("9")).unwrap()), "9");
    assert_eq!(observed_once(|| block_on(Outside::build("9")).unwrap()), "9");
    assert_eq!(observed_once(|| block_on(Single::build("9")).unwrap()), "9");
    assert_eq!(block_on(Inside::build("busy")).unwrap_err(), Refused);
}

#[test]
fn async_trait_works_with_patterns_and_nested_constructors() {
    let line = || ("10".to_owned(), 1);
    assert_eq!(observed_once(|| block_on(Inside::rebuild(line()))), "10");
    assert_eq!(observed_once(|| block_on(Outside::rebuild(line()))), "10");
    assert_eq!(observed_once(|| block_on(Single::rebuild(line()))), "10");
}

// An async function of a trait that requires a `Send` future.

trait Connect {
    fn connect() -> impl Future<Output = Self> + Send;
}

#[instrument_task]
impl Connect for Task {
    async fn connect() -> Self {
        dial("free").await.unwrap()
    }
}

#[test]
fn async_function_of_a_trait_is_observed() {
    observed_once(|| block_on(<Task as Connect>::connect()));
}
