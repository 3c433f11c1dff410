//! The attribute above something that builds nothing.
use pipecat_instrument::instrument_task;

#[instrument_task]
struct Task;

fn main() {
    let _ = Task;
}
