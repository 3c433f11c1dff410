//! A return type that hides the task.
use pipecat_instrument::instrument_task;

#[instrument_task]
fn build() -> impl Sized {
    7
}

fn main() {
    build();
}
