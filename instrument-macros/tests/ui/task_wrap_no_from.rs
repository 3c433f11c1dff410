//! A wrapper that does not implement `From<Task>`.
use pipecat_instrument::{ObservedTask, Observer, instrument_task};

struct Task;

struct Watched<T>(T);

impl ObservedTask for Watched<Task> {
    fn attach_observer(&mut self, _: Observer) {}
}

#[instrument_task(wrap = Watched)]
fn build() -> Option<Task> {
    Some(Task)
}

fn main() {
    build();
}
