//! A body that keeps an `Rc` across an await: the future is not `Send`, and the error is in the body.
use pipecat_instrument::{ObservedTask, Observer, instrument_task};

struct Task;

impl ObservedTask for Task {
    fn attach_observer(&mut self, _: Observer) {}
}

#[instrument_task]
async fn build() -> Task {
    let shared = std::rc::Rc::new(1);
    std::future::ready(()).await;
    drop(shared);
    Task
}

fn send<T: Send>(_: T) {}

fn main() {
    send(build());
}
