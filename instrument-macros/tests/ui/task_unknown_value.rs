//! An expression over an argument that does not exist.
use pipecat_instrument::{ObservedTask, Observer, instrument_task};

struct Task;

impl ObservedTask for Task {
    fn attach_observer(&mut self, _: Observer) {}
}

#[instrument_task(conversation_id = params.id)]
impl Task {
    fn new(parms: u8) -> Self {
        let _ = parms;
        Self
    }
}

fn main() {
    Task::new(1);
}
