//! A function at work, and its span.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use pin_project_lite::pin_project;

use super::announced::Announced;
use super::failure::of_panic;
use super::found::Found;
use super::known::Known;
use super::stream::TracedStream;
use crate::engine::operation::{Completion, ServiceKind};
use crate::engine::record::Recording;
use crate::instrumentor::group_in_force;
use crate::observer::{OperationSpan, Panicked, Whose, anyone_present, isolate};

/// A function that is decorated: its span, while somebody observes it.
///
/// Dropped before its end, it was left by those who waited for it.
#[derive(Debug)]
#[must_use]
pub struct Decorated {
    active: Option<Box<Active>>,
}

/// What is held of a function while somebody observes it.
#[derive(Debug)]
struct Active {
    span: OperationSpan,
    found: Found,
}

/// What a decorated function has made so far.
#[derive(Debug)]
#[must_use]
pub struct Opened<R> {
    decorated: Decorated,
    value: R,
}

/// Speech-to-text is at work in the function `function`. `announce` and `tell` are called if somebody observes it, before
/// the body takes the arguments.
#[inline]
pub fn traced_stt(
    function: &'static str,
    announce: impl FnOnce(Announced) -> Announced,
    tell: impl FnOnce(Known) -> Known,
) -> Decorated {
    begin(ServiceKind::Stt, function, announce, tell)
}

/// The same, for a language model.
#[inline]
pub fn traced_llm(
    function: &'static str,
    announce: impl FnOnce(Announced) -> Announced,
    tell: impl FnOnce(Known) -> Known,
) -> Decorated {
    begin(ServiceKind::Llm, function, announce, tell)
}

/// The same, for text-to-speech.
#[inline]
pub fn traced_tts(
    function: &'static str,
    announce: impl FnOnce(Announced) -> Announced,
    tell: impl FnOnce(Known) -> Known,
) -> Decorated {
    begin(ServiceKind::Tts, function, announce, tell)
}

#[inline]
fn begin(
    kind: ServiceKind,
    function: &'static str,
    announce: impl FnOnce(Announced) -> Announced,
    tell: impl FnOnce(Known) -> Known,
) -> Decorated {
    let active = if anyone_present() { Active::begin(kind, function, announce, tell) } else { None };
    Decorated { active }
}

impl Active {
    /// `None` if nobody observes this function. Kept out of line: while nobody observes anything, a load is all that the
    /// function pays.
    #[cold]
    fn begin(
        kind: ServiceKind,
        function: &'static str,
        announce: impl FnOnce(Announced) -> Announced,
        tell: impl FnOnce(Known) -> Known,
    ) -> Option<Box<Self>> {
        let mut announced = said(function, || announce(Announced::by(function)))?;
        let conversation = announced.take_conversation();
        let whose = Whose { conversation, kind, service: announced.service() };
        let mut span = OperationSpan::begin(whose, group_in_force)?;
        if span.recording() != Recording::No
            && let Some(known) =
                said(function, || tell(Known::nothing(span.attribute_limit(), span.recording())))
        {
            span.tell(known.into_info());
        }
        let found = Found::nothing(kind, span.recording());
        Some(Box::new(Self { span, found }))
    }

    /// Runs a part of the function in the context of its span.
    fn run<R>(&self, part: impl FnOnce() -> R) -> std::thread::Result<R> {
        let _current = self.span.context().clone().attach();
        catch_unwind(AssertUnwindSafe(part))
    }

    #[inline(never)]
    fn end(self: Box<Self>, completion: Completion) {
        self.span.end(self.found.into_outcome(completion));
    }
}

/// What the annotation's own expressions say, if they do not panic.
fn said<T>(function: &'static str, say: impl FnOnce() -> T) -> Option<T> {
    isolate(say)
        .inspect_err(|Panicked(panic)| {
            tracing::error!(
                function,
                panic,
                "a panic in the arguments of a traced function: what they say is lost, the function runs all the same"
            );
        })
        .ok()
}

impl Decorated {
    /// Runs the body of a function that is not async.
    #[inline]
    pub fn open<R>(mut self, body: impl FnOnce() -> R) -> Opened<R> {
        let value = self.run(body);
        Opened { decorated: self, value }
    }

    /// The body of an async function.
    #[inline]
    pub const fn future<F: Future>(self, body: F) -> Opened<F> {
        Opened { decorated: self, value: body }
    }

    /// Runs a part of the function. A panic in it is the function's end, and goes on.
    #[inline]
    pub(super) fn run<R>(&mut self, part: impl FnOnce() -> R) -> R {
        if self.active.is_none() { part() } else { self.run_observed(part) }
    }

    /// Kept out of line: while nobody observes anything, the function pays nothing for it.
    #[inline(never)]
    fn run_observed<R>(&mut self, part: impl FnOnce() -> R) -> R {
        let Some(active) = &mut self.active else { return part() };
        match active.run(part) {
            Ok(made) => made,
            Err(panic) => {
                active.found.fail(of_panic(&*panic));
                self.end(Completion::Finished);
                resume_unwind(panic)
            }
        }
    }

    /// Has `read` look at what came of it, if anybody wants to know.
    #[inline]
    pub(super) fn read<T>(&mut self, value: &T, read: impl FnOnce(&T, &mut Found)) {
        if let Some(active) = &mut self.active
            && active.found.is_wanted()
        {
            read(value, &mut active.found);
        }
    }

    /// A piece of a stream has come.
    #[inline]
    pub(super) fn notice_first(&mut self) {
        if let Some(active) = &mut self.active
            && active.found.awaits_first()
        {
            active.found.first_comes(active.span.now());
        }
    }

    #[inline]
    pub(super) fn end(&mut self, completion: Completion) {
        if let Some(active) = self.active.take() {
            active.end(completion);
        }
    }

    /// This, and nothing in its place.
    #[inline]
    const fn take(&mut self) -> Self {
        Self { active: self.active.take() }
    }

    #[inline]
    pub(super) const fn is_off(&self) -> bool {
        self.active.is_none()
    }
}

impl Drop for Decorated {
    #[inline]
    fn drop(&mut self) {
        self.end(Completion::Dropped);
    }
}

impl<R> Opened<R> {
    /// The function is over: has `read` look at what it returns.
    #[inline]
    pub fn value(self, read: impl FnOnce(&R, &mut Found)) -> R {
        let Self { mut decorated, value } = self;
        decorated.read(&value, read);
        decorated.end(Completion::Finished);
        value
    }

    /// The function returns a stream: `read` looks at each item.
    #[inline]
    pub fn stream<F>(self, read: F) -> TracedStream<R, F>
    where
        R: Stream,
        F: FnMut(&R::Item, &mut Found),
    {
        TracedStream::new(self.value, self.decorated, read)
    }

    /// What is in a box already is put into another only if somebody observes it.
    #[inline]
    pub fn boxed(self, wrap: impl FnOnce(Self) -> R) -> R {
        if self.decorated.is_off() { self.value } else { wrap(self) }
    }

    /// Waits for what the function promised, in the context of its span whenever it is polled.
    #[inline]
    pub fn wait(self) -> Waiting<R>
    where
        R: Future,
    {
        Waiting { future: self.value, decorated: self.decorated }
    }
}

pin_project! {
    /// A decorated function that has promised something.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless they are polled"]
    pub struct Waiting<F> {
        // Dropped first: what it held is over before the span is.
        #[pin]
        future: F,
        decorated: Decorated,
    }
}

impl<F: Future> Future for Waiting<F> {
    type Output = Opened<F::Output>;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let future = this.future;
        let polled = this.decorated.run(|| future.poll(context));
        polled.map(|value| Opened { decorated: this.decorated.take(), value })
    }
}

impl<T, E> Opened<Result<T, E>> {
    /// An error is the function's end, and `read` looks at it; else there is something that goes on.
    #[inline]
    pub fn result(self, read: impl FnOnce(&Result<T, E>, &mut Found)) -> Result<Opened<T>, E> {
        let Self { mut decorated, value } = self;
        if value.is_err() {
            decorated.read(&value, read);
            decorated.end(Completion::Finished);
        }
        value.map(|value| Opened { decorated, value })
    }
}
