//! The attribute above a module.
use pipecat_instrument::instrument_task;

#[instrument_task]
mod task {
    pub(crate) struct Task;
}

fn main() {
    let _ = task::Task;
}
