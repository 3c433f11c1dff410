//! `via` returns another type than the argument holds.
use pipecat_instrument::instrument_task;

struct Task;

fn adapt(observer: pipecat_instrument::Observer) -> String {
    observer.conversation_id().to_owned()
}

#[instrument_task(observers = observers, via = adapt)]
fn build(observers: Vec<Box<dyn Fn()>>) -> Task {
    drop(observers);
    Task
}

fn main() {
    build(Vec::new());
}
