//! A future that is over.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A future that is over before it is polled. Of no size, so that boxing it allocates nothing: for adapters of
/// frameworks that ask an observer for a boxed future on every hop of every frame.
///
/// ```
/// use std::pin::Pin;
///
/// use pipecat_instrument_runtime::observer::Ready;
///
/// fn on_push_frame() -> Pin<Box<dyn Future<Output = ()> + Send>> {
///     Box::pin(Ready)
/// }
/// # let _ = on_push_frame;
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Ready;

impl Future for Ready {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }
}

#[cfg(test)]
mod tests {
    use super::Ready;

    #[test]
    fn boxing_it_allocates_nothing() {
        assert_eq!(size_of::<Ready>(), 0);
    }
}
