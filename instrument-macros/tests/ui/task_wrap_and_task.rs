//! `wrap` beside `task`.
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

type Dialled = Result<Task, String>;

#[instrument_task(wrap = Watched, task = Task)]
fn build() -> Dialled {
    Ok(Task)
}

fn main() {
    let _ = build();
}
