//! `wrap` as a string.
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

#[instrument_task(wrap = "Watched")]
fn build() -> Task {
    Task
}

fn main() {
    build();
}
