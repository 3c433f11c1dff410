//! A type error in the body is reported in the body.
use pipecat_instrument::{ObservedTask, Observer, instrument_task};

struct Task;

impl ObservedTask for Task {
    fn attach_observer(&mut self, _: Observer) {}
}

#[instrument_task]
impl Task {
    fn new() -> Self {
        7
    }

    async fn connect() -> Result<Self, String> {
        Err(7)
    }
}

fn main() {
    Task::new();
    drop(Task::connect());
}
