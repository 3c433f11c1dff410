//! `crate` as a string.
use pipecat_instrument::{ObservedTask, Observer, instrument_task};

struct Task;

impl ObservedTask for Task {
    fn attach_observer(&mut self, _: Observer) {}
}

#[instrument_task(crate = "pipecat_instrument")]
impl Task {
    fn new() -> Self {
        Self
    }
}

fn main() {
    Task::new();
}
