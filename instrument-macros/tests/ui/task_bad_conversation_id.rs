//! `conversation_id` of a wrong type.
use pipecat_instrument::{ObservedTask, Observer, instrument_task};

struct Params;
struct Task;

impl ObservedTask for Task {
    fn attach_observer(&mut self, _: Observer) {}
}

#[instrument_task(conversation_id = params)]
impl Task {
    fn new(params: Params) -> Self {
        let Params = params;
        Self
    }
}

fn main() {
    Task::new(Params);
}
