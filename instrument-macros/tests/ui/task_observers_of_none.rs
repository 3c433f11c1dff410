//! `observers` above a function that takes nothing.
use pipecat_instrument::instrument_task;

struct Task;

#[instrument_task(observers = observers)]
fn build() -> Task {
    Task
}

fn main() {
    build();
}
