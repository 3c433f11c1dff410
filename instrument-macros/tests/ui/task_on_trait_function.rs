//! The attribute above a function without a body.
use pipecat_instrument::instrument_task;

trait Build {
    #[instrument_task]
    fn build() -> Self;
}

struct Task;

impl Build for Task {
    fn build() -> Self {
        Self
    }
}

fn main() {
    Task::build();
}
