//! A function as the wrapper.
use pipecat_instrument::{ObservedTask, Observer, instrument_task};

struct Task;

struct Watched<T>(T);

impl<T> From<T> for Watched<T> {
    fn from(task: T) -> Self {
        Self(task)
    }
}

impl ObservedTask for Watched<Task> {
    fn attach_observer(&mut self, _: Observer) {}
}

fn watched(task: Task) -> Watched<Task> {
    Watched(task)
}

#[instrument_task(wrap = watched)]
fn build() -> Task {
    Task
}

fn main() {
    watched(build());
}
