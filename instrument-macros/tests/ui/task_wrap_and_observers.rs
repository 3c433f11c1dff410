//! `wrap` beside `observers`.
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

#[instrument_task(wrap = Watched, observers = observers, via = Some)]
fn build(observers: Vec<Option<Observer>>) -> Task {
    drop(observers);
    Task
}

fn main() {
    build(Vec::new());
}
