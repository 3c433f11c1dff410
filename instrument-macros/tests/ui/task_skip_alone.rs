//! `skip` outside an annotated block.
use pipecat_instrument::instrument_task;

struct Task;

impl Task {
    #[instrument_task(skip)]
    fn new() -> Self {
        Self
    }
}

fn main() {
    Task::new();
}
