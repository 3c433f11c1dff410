//! A wrapper that does not implement `ObservedTask`.
use pipecat_instrument::instrument_task;

struct Task;

struct Watched<T>(T);

impl<T> From<T> for Watched<T> {
    fn from(task: T) -> Self {
        Self(task)
    }
}

#[instrument_task(wrap = Watched)]
fn build() -> Task {
    Task
}

fn main() {
    build();
}
