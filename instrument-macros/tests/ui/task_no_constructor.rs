//! An `impl` block without a constructor.
use pipecat_instrument::instrument_task;

struct Task;

#[instrument_task]
impl Task {
    fn limit() -> usize {
        8
    }
}

fn main() {
    Task::limit();
}
