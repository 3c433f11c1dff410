//! `#[instrument_task]` in every shape: what runs, and that exactly one observer comes of it.

mod support;

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use opentelemetry::KeyValue;
use pipecat_instrument::frame::{Frame, Processor, Role};
use pipecat_instrument::{ObservedTask, Observer, PipecatInstrumentor, instrument_task};
use support::{Traced, attribute, block_on, push, yield_once};

/// A task that takes its observer when it is finished.
#[derive(Debug, Default)]
struct Task {
    observers: Vec<Observer>,
}

impl ObservedTask for Task {
    fn attach_observer(&mut self, observer: Observer) {
        self.observers.push(observer);
    }
}

#[derive(Debug, PartialEq)]
struct Refused;

struct Params {
    call_id: Option<String>,
}

#[instrument_task(conversation_id = params.call_id, attributes = [KeyValue::new("call", params.call_id.is_some())])]
impl Task {
    fn new(params: Params) -> Self {
        drop(params);
        Self::default()
    }

    fn by_name() -> Task {
        Task::default()
    }

    fn shared() -> Arc<Self> {
        Arc::new(Self::default())
    }

    fn on_this_thread() -> Rc<Self> {
        Rc::new(Self::default())
    }

    fn pinned() -> Pin<Box<Self>> {
        Box::pin(Self::default())
    }

    fn maybe(wanted: Result<u8, Refused>) -> Option<Box<Self>> {
        wanted.ok()?;
        Some(Box::new(Self::default()))
    }

    /// Three constructors deep, with early returns.
    #[must_use = "it is a task"]
    fn try_new(line: &str) -> Result<Arc<Self>, Refused> {
        if line.is_empty() {
            return Err(Refused);
        }
        check(line)?;
        Ok(Arc::new(Self::new(Params { call_id: Some(line.to_owned()) })))
    }

    async fn connect(line: &str) -> Result<Arc<Self>, Refused> {
        yield_once().await;
        check(line)?;
        let made = Self::try_new(line)?;
        yield_once().await;
        Ok(made)
    }

    #[instrument_task(skip)]
    fn for_tests() -> Self {
        Self::default()
    }

    // Left alone: it builds nothing.
    fn count(&self) -> usize {
        self.observers.len()
    }

    fn limit() -> usize {
        8
    }
}

fn check(line: &str) -> Result<(), Refused> {
    if line == "busy" { Err(Refused) } else { Ok(()) }
}

#[test]
fn every_wrapper_gets_one_observer() {
    let _traced = Traced::new();
    assert_eq!(Task::new(Params { call_id: None }).count(), 1);
    assert_eq!(Task::by_name().count(), 1);
    assert_eq!(Task::shared().count(), 1);
    assert_eq!(Task::on_this_thread().count(), 1);
    assert_eq!(Task::pinned().count(), 1);
    assert_eq!(Task::maybe(Ok(1)).map(|task| task.count()), Some(1));
    assert!(Task::maybe(Err(Refused)).is_none());
}

#[test]
fn constructors_that_call_each_other_make_one_observer_and_the_innermost_names_it() {
    let _traced = Traced::new();
    let task = block_on(Task::connect("call-42")).unwrap();
    assert_eq!(task.count(), 1);
    assert_eq!(task.observers[0].conversation_id(), "call-42");
    assert_eq!(Task::try_new("").unwrap_err(), Refused);
    assert_eq!(Task::try_new("busy").unwrap_err(), Refused);
}

#[test]
fn what_is_skipped_switched_off_or_no_constructor_is_as_it_was() {
    assert_eq!(Task::by_name().count(), 0);
    let _traced = Traced::new();
    assert_eq!(Task::for_tests().count(), 0);
    assert_eq!(Task::limit(), 8);
}

#[test]
fn an_async_constructor_can_go_to_another_thread() {
    fn send<T: Send>(value: T) -> T {
        value
    }

    let _traced = Traced::new();
    let connecting = send(Task::connect("call-43"));
    assert_eq!(block_on(connecting).unwrap().count(), 1);
}

#[test]
fn the_annotations_attributes_are_on_the_spans() {
    let traced = Traced::new();
    let task = Task::new(Params { call_id: Some("call-44".into()) });
    let llm = Processor::new("Llm", "OpenAILLMService", Role::Llm);
    push(&task.observers[0], &llm, 1, &Frame::Start);
    push(&task.observers[0], &llm, 2, &Frame::LlmResponseStart);
    drop(task);

    let spans = traced.spans();
    assert_eq!(spans.len(), 2);
    for span in &spans {
        assert_eq!(attribute(span, "session.id").as_deref(), Some("call-44"));
        assert_eq!(attribute(span, "call").as_deref(), Some("true"));
    }
}

// Generic, const-generic and borrowing types, patterns and `impl Trait` as arguments.

struct Line<'a, T, const N: usize> {
    name: &'a str,
    first: T,
    observer: Option<Observer>,
}

impl<T, const N: usize> ObservedTask for Line<'_, T, N> {
    fn attach_observer(&mut self, observer: Observer) {
        self.observer = Some(observer);
    }
}

#[instrument_task(conversation_id = name)]
impl<'a, T: Clone, const N: usize> Line<'a, T, N>
where
    T: Send,
{
    fn new(name: &'a str, (first, _rest): (T, [T; N]), suffix: impl Into<String>) -> Self {
        let _ = suffix.into();
        Self { name, first, observer: None }
    }
}

#[test]
fn generic_and_borrowing_types_are_observed() {
    let _traced = Traced::new();
    let line = Line::new("line-1", ("a", ["b"]), 'x');
    assert_eq!((line.name, line.first), ("line-1", "a"));
    assert_eq!(line.observer.unwrap().conversation_id(), "line-1");
}

// A trait's constructor.

trait Build {
    fn build(id: u64) -> Self;
}

#[instrument_task(conversation_id = id)]
impl Build for Task {
    fn build(id: u64) -> Self {
        Self { observers: Vec::with_capacity(usize::from(id > 0)) }
    }
}

#[test]
fn a_constructor_of_a_trait_is_observed() {
    let _traced = Traced::new();
    assert_eq!(Task::build(7).observers[0].conversation_id(), "7");
}

// A single constructor, and an `unsafe` one.

struct Single(Option<Observer>);

impl ObservedTask for Single {
    fn attach_observer(&mut self, observer: Observer) {
        self.0 = Some(observer);
    }
}

impl Single {
    #[instrument_task(name = "the only one")]
    fn new() -> Self {
        Self(None)
    }

    fn unobserved() -> Self {
        Self(None)
    }
}

#[test]
fn a_single_constructor_is_observed_and_listed() {
    let _traced = Traced::new();
    assert!(Single::new().0.is_some());
    assert!(Single::unobserved().0.is_none());

    let listed =
        PipecatInstrumentor::annotated_types().find(|listed| listed.name() == "the only one").unwrap();
    assert!(listed.file().ends_with("instrument_task.rs"));
    assert!(listed.line() > 1);
}

// Somebody else's task, with the observer going into an argument.

trait FrameObserver {
    fn conversation(&self) -> String;
}

struct Adapter(Observer);

impl FrameObserver for Adapter {
    fn conversation(&self) -> String {
        self.0.conversation_id().to_owned()
    }
}

fn adapt(observer: Observer) -> Arc<dyn FrameObserver> {
    Arc::new(Adapter(observer))
}

struct Theirs {
    observers: Vec<Arc<dyn FrameObserver>>,
}

#[instrument_task(observers = observers, via = adapt, conversation_id = call_id)]
fn build(call_id: String, observers: Vec<Arc<dyn FrameObserver>>) -> Theirs {
    assert!(!call_id.is_empty(), "the annotation did not take it away");
    Theirs { observers }
}

#[instrument_task(observers = observers, via = adapt)]
async fn build_later(mut observers: Vec<Arc<dyn FrameObserver>>) -> Result<Theirs, Refused> {
    yield_once().await;
    observers.shrink_to_fit();
    Ok(build("inner".into(), observers))
}

#[instrument_task(observers = observers, via = |observer| Box::new(Adapter(observer)), task = Theirs)]
fn build_into(observers: &mut Vec<Box<dyn FrameObserver>>) -> impl Iterator<Item = u8> {
    [u8::from(!observers.is_empty())].into_iter()
}

#[instrument_task(observers = plain, task = Theirs)]
fn run_without_result(plain: &mut Vec<Observer>) {
    assert_eq!(plain.len(), 1);
}

#[test]
fn an_argument_gets_one_observer() {
    let _traced = Traced::new();
    let task = build("call-45".into(), Vec::new());
    let conversations: Vec<String> = task.observers.iter().map(|observer| observer.conversation()).collect();
    assert_eq!(conversations, ["call-45"]);

    assert_eq!(block_on(build_later(Vec::new())).unwrap().observers.len(), 1);
    assert_eq!(build_into(&mut Vec::new()).next(), Some(1));
    run_without_result(&mut Vec::new());
}

#[test]
fn switched_off_no_argument_is_touched() {
    assert_eq!(build("call-46".into(), Vec::new()).observers.len(), 0);
}

// The names that the expansion uses belong to it alone.

#[allow(non_snake_case, reason = "that is the point")]
mod hygiene {
    #![no_implicit_prelude]

    struct Task(::std::option::Option<::pipecat_instrument::Observer>);

    impl ::pipecat_instrument::ObservedTask for Task {
        fn attach_observer(&mut self, observer: ::pipecat_instrument::Observer) {
            self.0 = ::std::option::Option::Some(observer);
        }
    }

    #[::pipecat_instrument::instrument_task(conversation_id = Some)]
    impl Task {
        fn new(Some: &str, construction: u8, observer: u8) -> Self {
            ::std::assert!(!Some.is_empty() && construction == observer);
            Self(::std::option::Option::None)
        }
    }

    #[::pipecat_instrument::instrument_task(observers = construction, crate = ::pipecat_instrument, task = Task)]
    fn build(mut construction: ::std::vec::Vec<::pipecat_instrument::Observer>) -> usize {
        construction.shrink_to_fit();
        construction.len()
    }

    #[test]
    fn names_of_the_expansion_do_not_meet_those_of_the_user() {
        let _traced = super::Traced::new();
        ::std::assert!(Task::new("call-47", 1, 1).0.is_some());
        ::std::assert_eq!(build(::std::vec::Vec::new()), 1);
    }
}

// A constructor that starts on one thread and ends on another, as on a work-stealing runtime.

fn poll_once<T>(future: &mut Pin<Box<dyn Future<Output = T> + Send>>) -> Poll<T> {
    future.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn a_constructor_that_changes_threads_makes_one_observer() {
    let _traced = Traced::new();
    let mut connecting: Pin<Box<dyn Future<Output = _> + Send>> = Box::pin(Task::connect("call-48"));
    assert!(poll_once(&mut connecting).is_pending());
    let elsewhere = std::thread::spawn(move || block_on(connecting).unwrap());
    let here = Task::shared();
    assert_eq!((elsewhere.join().unwrap().count(), here.count()), (1, 1));
}
