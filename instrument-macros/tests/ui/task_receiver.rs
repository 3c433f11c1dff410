//! A method, which is called on something that is built already.
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
