//! A task that does not implement `ObservedTask`.
use pipecat_instrument::instrument_task;

struct Task;

#[instrument_task]
impl Task {
    fn new() -> Result<Self, ()> {
        Ok(Self)
    }
}

fn main() {
    let _ = Task::new();
}
