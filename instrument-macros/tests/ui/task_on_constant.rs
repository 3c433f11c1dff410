//! The attribute above a constant.
use pipecat_instrument::instrument_task;

#[instrument_task]
const LIMIT: u8 = 7;

fn main() {
    let _ = LIMIT;
}
