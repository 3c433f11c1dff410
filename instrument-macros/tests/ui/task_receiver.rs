//! An annotated method.
use pipecat_instrument::instrument_task;

struct Task;

impl Task {
    #[instrument_task]
    fn run(&self) -> Task {
        Task
    }
}

fn main() {
    Task.run();
}
