//! `observers = argument`: the observer goes into an argument of the constructor.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use pipecat_instrument::{Observer, instrument_task};

use crate::single_observer::{Refused, Speaks, observed_once};
use crate::support::{Traced, block_on, yield_once};

trait FrameObserver: Send + Sync {
    fn observer(&self) -> &Observer;
}

struct Adapter(Observer);

impl FrameObserver for Adapter {
    fn observer(&self) -> &Observer {
        &self.0
    }
}

fn adapt(observer: Observer) -> Arc<dyn FrameObserver> {
    Arc::new(Adapter(observer))
}

/// A task of another crate, which takes observers only in its constructor.
struct Theirs {
    observers: Vec<Observer>,
}

impl Theirs {
    fn new(observers: &[Arc<dyn FrameObserver>]) -> Self {
        Self { observers: observers.iter().map(|adapter| adapter.observer().clone()).collect() }
    }
}

impl Speaks for Theirs {
    fn observers(&self) -> &[Observer] {
        &self.observers
    }
}

type Observers = Vec<Arc<dyn FrameObserver>>;

#[instrument_task(observers = observers, via = adapt, conversation_id = call_id)]
fn build(call_id: String, observers: Observers) -> Theirs {
    assert!(!call_id.is_empty(), "the annotation borrows the id, and leaves it to the body");
    Theirs::new(&observers)
}

#[instrument_task(observers = observers, via = adapt)]
async fn build_later(mut observers: Observers) -> Result<Theirs, Refused> {
    yield_once().await;
    observers.shrink_to_fit();
    Ok(build("inner".into(), observers))
}

#[instrument_task(observers = observers, via = adapt)]
fn build_boxed(observers: Observers) -> Pin<Box<dyn Future<Output = Theirs> + Send>> {
    Box::pin(async move { build_later(observers).await.ok().unwrap() })
}

#[instrument_task(observers = observers, via = adapt)]
fn build_opaque(observers: Observers) -> impl Future<Output = Option<Theirs>> {
    async move { Some(build_boxed(observers).await) }
}

#[test]
fn argument_gets_one_observer() {
    assert_eq!(observed_once(|| build("call-1".into(), Vec::new())), "call-1");
    observed_once(|| block_on(build_boxed(Vec::new())));
    observed_once(|| block_on(build_opaque(Vec::new())).unwrap());
}

/// The outermost function pushes the observer; the inner ones push none.
#[test]
fn nested_functions_push_one_observer() {
    observed_once(|| block_on(build_later(Vec::new())).ok().unwrap());
}

struct CallParams {
    id: u64,
    observers: Observers,
}

#[instrument_task(observers = params.observers, via = adapt, conversation_id = params.id)]
fn from_params(params: CallParams) -> Theirs {
    Theirs::new(&params.observers)
}

#[instrument_task(observers = observers, via = adapt, conversation_id = id)]
fn from_pattern(CallParams { id, observers }: CallParams) -> Theirs {
    assert_eq!(id, 3);
    Theirs::new(&observers)
}

#[instrument_task(observers = pair.0, via = |observer| -> Arc<dyn FrameObserver> { Arc::new(Adapter(observer)) })]
fn from_pair(mut pair: (Observers, u8)) -> Theirs {
    pair.0.shrink_to_fit();
    Theirs::new(&pair.0)
}

#[test]
fn observer_goes_into_a_field_or_a_pattern() {
    assert_eq!(observed_once(|| from_params(CallParams { id: 2, observers: Vec::new() })), "2");
    assert_eq!(observed_once(|| from_pattern(CallParams { id: 3, observers: Vec::new() })), "3");
    observed_once(|| from_pair((Vec::new(), 1)));
}

#[instrument_task(observers = observers, task = Theirs)]
fn by_reference(observers: &mut Vec<Observer>) -> impl Iterator<Item = Observer> {
    observers.clone().into_iter()
}

#[instrument_task(observers = plain, task = Theirs)]
fn without_result(plain: &mut Vec<Observer>) {
    assert_eq!(plain.len(), 1);
}

#[test]
fn argument_by_reference_gets_one_observer() {
    observed_once(|| {
        let mut observers = Vec::new();
        let built = Theirs { observers: by_reference(&mut observers).collect() };
        assert_eq!(observers.len(), 1);
        built
    });
    let _traced = Traced::new();
    without_result(&mut Vec::new());
}

#[test]
fn argument_is_unchanged_while_switched_off() {
    assert!(build("call-4".into(), Vec::new()).observers.is_empty());
}

// A block in which only one constructor takes observers, and the others call it.

struct Own {
    observers: Vec<Observer>,
}

impl Speaks for Own {
    fn observers(&self) -> &[Observer] {
        &self.observers
    }
}

#[instrument_task(observers = observers)]
impl Own {
    fn new(observers: Vec<Observer>) -> Self {
        Self { observers }
    }

    fn simple() -> Self {
        Self::new(Vec::new())
    }
}

#[test]
fn constructors_without_the_argument_are_left_alone() {
    observed_once(|| Own::new(Vec::new()));
    observed_once(Own::simple);
}
