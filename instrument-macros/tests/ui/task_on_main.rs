//! The attribute above `main`.
use pipecat_instrument::instrument_task;

#[instrument_task]
fn main() {}
