//! A function in a block with two attributes.
use pipecat_instrument::{ObservedTask, Observer, instrument_task};

struct Task;

impl ObservedTask for Task {
    fn attach_observer(&mut self, _: Observer) {}
}

#[instrument_task]
impl Task {
    #[instrument_task(conversation_id = "call")]
    #[instrument_task(attributes = [])]
    fn new() -> Self {
        Self
    }
}

fn main() {
    Task::new();
}
