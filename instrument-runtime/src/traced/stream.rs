//! A stream that a decorated function returned.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use pin_project_lite::pin_project;

use super::decorated::Decorated;
use super::found::Found;
use crate::engine::operation::Completion;

pin_project! {
    /// A stream that a decorated function returned. It is polled in the context of the function's span, which ends with it;
    /// dropped before its end, it was left by those who listened.
    #[derive(Debug)]
    #[must_use = "streams do nothing unless they are polled"]
    pub struct TracedStream<S, F> {
        // Dropped first: what it held is over before the span is.
        #[pin]
        stream: S,
        decorated: Decorated,
        read: F,
    }
}

impl<S, F> TracedStream<S, F> {
    pub(super) const fn new(stream: S, decorated: Decorated, read: F) -> Self {
        Self { stream, decorated, read }
    }
}

impl<S: Stream, F: FnMut(&S::Item, &mut Found)> Stream for TracedStream<S, F> {
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let this = self.project();
        let stream = this.stream;
        let polled = this.decorated.run(|| stream.poll_next(context));
        match &polled {
            Poll::Ready(Some(item)) => {
                this.decorated.notice_first();
                this.decorated.read(item, this.read);
            }
            Poll::Ready(None) => this.decorated.end(Completion::Finished),
            Poll::Pending => {}
        }
        polled
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.stream.size_hint()
    }
}
