//! A task that is not `Send` in a future that should be: the mistake is in the body.
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
