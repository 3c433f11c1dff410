//! A call of a traced function: its body, future or stream, run in the context of its span.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use pin_project_lite::pin_project;

use super::error_message::failure_of_panic;
use super::metadata::{ServiceMetadata, ServiceRef};
use super::outcome_builder::OutcomeBuilder;
use crate::catch_panic::{PanicMessage, catch_panic};
use crate::engine::operation::{Completion, ServiceKind};
use crate::engine::record::Recording;
use crate::instrumentor::current_provider;
use crate::observer::{OperationSpan, OperationSpec, is_anything_observed};

/// A call of a traced function, with its span while it is observed.
///
/// A call that is dropped before its end counts as interrupted.
#[derive(Debug)]
#[must_use]
pub struct TracedCall {
    active: Option<Box<ActiveCall>>,
}

/// An observed call: its span, and the outcome so far.
#[derive(Debug)]
struct ActiveCall {
    span: OperationSpan,
    outcome: OutcomeBuilder,
}

/// A traced call whose body has produced a value: the result itself, a future or a stream.
#[derive(Debug)]
#[must_use]
pub struct Started<R> {
    call: TracedCall,
    value: R,
}

/// Begins a call of speech-to-text. `service` and `metadata` are evaluated only if the call is observed, and before the
/// body moves the arguments.
#[inline]
pub fn traced_stt(
    function: &'static str,
    service: impl FnOnce(ServiceRef) -> ServiceRef,
    metadata: impl FnOnce(ServiceMetadata) -> ServiceMetadata,
) -> TracedCall {
    begin(ServiceKind::Stt, function, service, metadata)
}

/// Begins a call of a language model, as [`traced_stt`] does for speech-to-text.
#[inline]
pub fn traced_llm(
    function: &'static str,
    service: impl FnOnce(ServiceRef) -> ServiceRef,
    metadata: impl FnOnce(ServiceMetadata) -> ServiceMetadata,
) -> TracedCall {
    begin(ServiceKind::Llm, function, service, metadata)
}

/// Begins a call of text-to-speech, as [`traced_stt`] does for speech-to-text.
#[inline]
pub fn traced_tts(
    function: &'static str,
    service: impl FnOnce(ServiceRef) -> ServiceRef,
    metadata: impl FnOnce(ServiceMetadata) -> ServiceMetadata,
) -> TracedCall {
    begin(ServiceKind::Tts, function, service, metadata)
}

#[inline]
fn begin(
    kind: ServiceKind,
    function: &'static str,
    service: impl FnOnce(ServiceRef) -> ServiceRef,
    metadata: impl FnOnce(ServiceMetadata) -> ServiceMetadata,
) -> TracedCall {
    let active =
        if is_anything_observed() { ActiveCall::begin(kind, function, service, metadata) } else { None };
    TracedCall { active }
}

impl ActiveCall {
    /// Returns `None` if this call is not observed. Out of line, so that an unobserved call costs one atomic load.
    #[cold]
    fn begin(
        kind: ServiceKind,
        function: &'static str,
        service: impl FnOnce(ServiceRef) -> ServiceRef,
        metadata: impl FnOnce(ServiceMetadata) -> ServiceMetadata,
    ) -> Option<Box<Self>> {
        let mut service = evaluate(function, || service(ServiceRef::new(function)))?;
        let conversation = service.take_conversation();
        let spec = OperationSpec { conversation, kind, service: service.name_or_guess() };
        let mut span = OperationSpan::begin(spec, current_provider)?;
        let recording = span.recording();
        if recording != Recording::No {
            let empty = ServiceMetadata::new(span.request_limits(), recording);
            if let Some(metadata) = evaluate(function, || metadata(empty)) {
                span.set_metadata(metadata.into_info());
            }
        }
        Some(Box::new(Self { span, outcome: OutcomeBuilder::new(kind, recording) }))
    }

    /// Runs a part of the call in the context of its span.
    fn run<R>(&self, part: impl FnOnce() -> R) -> std::thread::Result<R> {
        let _current = self.span.context().clone().attach();
        catch_unwind(AssertUnwindSafe(part))
    }

    #[inline(never)]
    fn end(self: Box<Self>, completion: Completion) {
        self.span.end(self.outcome.build(completion));
    }
}

/// Evaluates the expressions of an annotation; `None` if they panic.
fn evaluate<T>(function: &'static str, expressions: impl FnOnce() -> T) -> Option<T> {
    catch_panic(expressions)
        .inspect_err(|PanicMessage(panic)| {
            tracing::error!(
                function,
                panic,
                "the arguments of a traced function's annotation panicked: their values are lost, the function runs"
            );
        })
        .ok()
}

impl TracedCall {
    /// Runs the body of a function that is not async.
    #[inline]
    pub fn start<R>(mut self, body: impl FnOnce() -> R) -> Started<R> {
        let value = self.run(body);
        Started { call: self, value }
    }

    /// Takes the body of an async function, to be polled by [`Started::wait`].
    #[inline]
    pub const fn start_async<F: Future>(self, body: F) -> Started<F> {
        Started { call: self, value: body }
    }

    /// Runs a part of the call. A panic in it ends the call, and then continues.
    #[inline]
    fn run<R>(&mut self, part: impl FnOnce() -> R) -> R {
        if self.active.is_none() { part() } else { self.run_observed(part) }
    }

    /// Runs a part of an observed call. Out of line, so that an unobserved call does not pay for it.
    #[inline(never)]
    fn run_observed<R>(&mut self, part: impl FnOnce() -> R) -> R {
        let Some(active) = &mut self.active else { return part() };
        match active.run(part) {
            Ok(made) => made,
            Err(panic) => {
                active.outcome.set_failure(failure_of_panic(&*panic));
                self.end(Completion::Finished);
                resume_unwind(panic)
            }
        }
    }

    /// Calls `read` to add `value` to the outcome, if the outcome is recorded.
    #[inline]
    fn read<T>(&mut self, value: &T, read: impl FnOnce(&T, &mut OutcomeBuilder)) {
        if let Some(active) = &mut self.active
            && active.outcome.is_recorded()
        {
            read(value, &mut active.outcome);
        }
    }

    /// Notes the time of a stream's first item.
    #[inline]
    fn on_item(&mut self) {
        if let Some(active) = &mut self.active
            && !active.outcome.has_first_item()
        {
            active.outcome.on_first_item(active.span.now());
        }
    }

    #[inline]
    fn end(&mut self, completion: Completion) {
        if let Some(active) = self.active.take() {
            active.end(completion);
        }
    }

    /// Moves the call out, and leaves an unobserved one in its place.
    #[inline]
    const fn take(&mut self) -> Self {
        Self { active: self.active.take() }
    }
}

impl Drop for TracedCall {
    #[inline]
    fn drop(&mut self) {
        self.end(Completion::Dropped);
    }
}

impl<R> Started<R> {
    /// Calls `read` with the value, ends the span, and returns the value.
    #[inline]
    pub fn finish(self, read: impl FnOnce(&R, &mut OutcomeBuilder)) -> R {
        let Self { mut call, value } = self;
        call.read(&value, read);
        call.end(Completion::Finished);
        value
    }

    /// Returns the stream, and calls `read` for each item. The span ends with the stream.
    #[inline]
    pub fn stream<F>(self, read: F) -> TracedStream<R, F>
    where
        R: Stream,
        F: FnMut(&R::Item, &mut OutcomeBuilder),
    {
        TracedStream { stream: self.value, call: self.call, read }
    }

    /// Returns a boxed value unchanged unless the call is observed. Only then, `wrap` boxes it again.
    #[inline]
    pub fn boxed(self, wrap: impl FnOnce(Self) -> R) -> R {
        if self.call.active.is_none() { self.value } else { wrap(self) }
    }

    /// Awaits the value in the context of the span.
    #[inline]
    pub fn wait(self) -> TracedFuture<R>
    where
        R: Future,
    {
        TracedFuture { future: self.value, call: self.call }
    }
}

impl<T, E> Started<Result<T, E>> {
    /// Ends the span at an `Err`, which `read` reads. Continues with the value of an `Ok`.
    #[inline]
    pub fn result(self, read: impl FnOnce(&Result<T, E>, &mut OutcomeBuilder)) -> Result<Started<T>, E> {
        let Self { mut call, value } = self;
        if value.is_err() {
            call.read(&value, read);
            call.end(Completion::Finished);
        }
        value.map(|value| Started { call, value })
    }
}

pin_project! {
    /// The future of a traced call.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless they are polled"]
    pub struct TracedFuture<F> {
        // Dropped first, so that what it holds ends within the span.
        #[pin]
        future: F,
        call: TracedCall,
    }
}

impl<F: Future> Future for TracedFuture<F> {
    type Output = Started<F::Output>;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let future = this.future;
        let polled = this.call.run(|| future.poll(context));
        polled.map(|value| Started { call: this.call.take(), value })
    }
}

pin_project! {
    /// The stream that a traced call returned. It is polled in the context of the call's span, which ends with it. A
    /// stream that is dropped before its end counts as interrupted.
    #[derive(Debug)]
    #[must_use = "streams do nothing unless they are polled"]
    pub struct TracedStream<S, F> {
        // Dropped first, so that what it holds ends within the span.
        #[pin]
        stream: S,
        call: TracedCall,
        read: F,
    }
}

impl<S: Stream, F: FnMut(&S::Item, &mut OutcomeBuilder)> Stream for TracedStream<S, F> {
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let this = self.project();
        let stream = this.stream;
        let polled = this.call.run(|| stream.poll_next(context));
        match &polled {
            Poll::Ready(Some(item)) => {
                this.call.on_item();
                this.call.read(item, this.read);
            }
            Poll::Ready(None) => this.call.end(Completion::Finished),
            Poll::Pending => {}
        }
        polled
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.stream.size_hint()
    }
}
