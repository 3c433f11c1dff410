//! A constructor that returns its own, boxed future, as `async_trait` makes them.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::mark::Mark;
use super::{Observed, Then};

/// A boxed future of a constructor, and what is to be done when it is ready.
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct UnderConstruction<F: Future> {
    pub(super) future: F,
    pub(super) observed: Option<Observed>,
    pub(super) then: Then<F::Output>,
}

impl<F: Future + Unpin> Future for UnderConstruction<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = &mut *self;
        let mark = this.observed.as_ref().map(|observed| Mark::set(observed.planned.clone()));
        let polled = Pin::new(&mut this.future).poll(context);
        drop(mark);
        polled.map(|mut made| {
            if let Some(observed) = this.observed.take() {
                (this.then)(observed, &mut made);
            }
            made
        })
    }
}
