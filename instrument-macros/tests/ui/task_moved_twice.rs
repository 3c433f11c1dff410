//! A borrow-checker error in the body is reported in the body.
use pipecat_instrument::{ObservedTask, Observer, instrument_task};

struct Task;

impl ObservedTask for Task {
    fn attach_observer(&mut self, _: Observer) {}
}

#[instrument_task(conversation_id = line)]
impl Task {
    fn new(line: String) -> Self {
        drop(line);
        drop(line);
        Self
    }
}

fn main() {
    Task::new(String::new());
}
