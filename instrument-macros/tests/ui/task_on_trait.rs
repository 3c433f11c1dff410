//! The attribute above a trait.
use pipecat_instrument::instrument_task;

#[instrument_task]
trait Build {
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
