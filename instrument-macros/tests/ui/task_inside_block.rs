//! Arguments of the block, above one of its functions.
use pipecat_instrument::{ObservedTask, Observer, instrument_task};

struct Task;

impl ObservedTask for Task {
    fn attach_observer(&mut self, _: Observer) {}
}

#[instrument_task]
impl Task {
    #[instrument_task(name = "calls", crate = pipecat_instrument, via = Some)]
    fn new() -> Self {
        Self
    }
}

fn main() {
    Task::new();
}
