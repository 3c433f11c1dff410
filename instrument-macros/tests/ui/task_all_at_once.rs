//! Several mistakes at once: each is reported at its own tokens, and the item stays.
use pipecat_instrument::instrument_task;

struct Task;

#[instrument_task(observer = sink, conversation_id, name = "a", name = "b", via = Some)]
impl Task {
    fn new() -> Self {
        Self
    }
}

fn main() {
    Task::new();
}
