//! The attribute above a struct.
use pipecat_instrument::instrument_task;

#[instrument_task]
struct Task;

fn main() {
    let _ = Task;
}
