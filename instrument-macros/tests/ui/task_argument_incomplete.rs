//! A value that ends after an operator.
use pipecat_instrument::{ObservedTask, Observer, instrument_task};

struct Task;

impl ObservedTask for Task {
    fn attach_observer(&mut self, _: Observer) {}
}

#[instrument_task(conversation_id = 1 +)]
impl Task {
    fn new() -> Self {
        Self
    }
}

fn main() {
    Task::new();
}
