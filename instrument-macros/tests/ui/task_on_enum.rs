//! The attribute above an enum.
use pipecat_instrument::instrument_task;

#[instrument_task]
enum Task {
    One,
}

fn main() {
    let _ = Task::One;
}
