//! A syntax error in the body is the only error.
use pipecat_instrument::{ObservedTask, Observer, instrument_task};

struct Task;

impl ObservedTask for Task {
    fn attach_observer(&mut self, _: Observer) {}
}

#[instrument_task]
impl Task {
    fn new() -> Self {
        let task = Self;
        task.
    }
}

fn main() {
    Task::new();
}
