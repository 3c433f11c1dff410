//! `attributes` of a wrong type.
use pipecat_instrument::{ObservedTask, Observer, instrument_task};

struct Task;

impl ObservedTask for Task {
    fn attach_observer(&mut self, _: Observer) {}
}

#[instrument_task(attributes = "tenant")]
impl Task {
    fn new() -> Self {
        Self
    }
}

fn main() {
    Task::new();
}
