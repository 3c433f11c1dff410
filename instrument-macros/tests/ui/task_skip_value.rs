//! `skip` with a value.
use pipecat_instrument::{ObservedTask, Observer, instrument_task};

struct Task;

impl ObservedTask for Task {
    fn attach_observer(&mut self, _: Observer) {}
}

#[instrument_task]
impl Task {
    fn new() -> Self {
        Self
    }

    #[instrument_task(skip = true)]
    fn other() -> Self {
        Self
    }
}

fn main() {
    Task::new();
    Task::other();
}
