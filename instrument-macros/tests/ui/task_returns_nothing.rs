//! A function without a return type.
use pipecat_instrument::instrument_task;

#[instrument_task]
fn setup() {}

fn main() {
    setup();
}
