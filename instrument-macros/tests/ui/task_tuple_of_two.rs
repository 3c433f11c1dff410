//! A tuple of two tasks.
use pipecat_instrument::{ObservedTask, Observer, instrument_task};

struct Task;

impl ObservedTask for Task {
    fn attach_observer(&mut self, _: Observer) {}
}

#[instrument_task]
fn build() -> (Task, Task) {
    (Task, Task)
}

fn main() {
    build();
}
