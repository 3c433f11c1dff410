//! A function that returns a reference.
use pipecat_instrument::{ObservedTask, Observer, instrument_task};

struct Task;

impl ObservedTask for Task {
    fn attach_observer(&mut self, _: Observer) {}
}

#[instrument_task]
fn find(tasks: &[Task]) -> &Task {
    &tasks[0]
}

fn main() {
    find(&[Task]);
}
