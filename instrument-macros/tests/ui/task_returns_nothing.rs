//! A function that builds no task.
use pipecat_instrument::instrument_task;

#[instrument_task]
fn setup() {}

fn main() {
    setup();
}
