//! A constructor that returns its own, boxed future, as `async_trait` makes them.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::Construction;

/// A boxed future of a constructor, and what is to be done when it is ready.
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct UnderConstruction<F: Future> {
    pub(super) future: F,
    /// `None` once it was ready.
    pub(super) construction: Option<Construction>,
    pub(super) then: fn(Construction, &mut F::Output),
}

impl<F: Future + Unpin> Future for UnderConstruction<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = &mut *self;
        let mark = this.construction.as_ref().and_then(Construction::mark);
        let polled = Pin::new(&mut this.future).poll(context);
        drop(mark);
        polled.map(|mut made| {
            if let Some(construction) = this.construction.take() {
                (this.then)(construction, &mut made);
            }
            made
        })
    }
}
