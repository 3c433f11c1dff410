//! One thread for the whole process that emits the spans that end by a timeout, started when the first one does, and
//! again in a child of `fork`.
//!
//! The timer must not emit them: an exporter that blocks would stop the timeouts of all conversations. Here it delays
//! other spans that end by a timeout, until the next hop of their conversation emits them.

use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};

use crate::emit::Outbox;
use crate::process::PerProcess;

/// The thread's name. Linux keeps 15 characters.
const THREAD_NAME: &str = "pipecat-emit";

/// Emits what is queued in `outbox`, on the emission thread.
pub(super) fn drain(outbox: &Arc<Outbox>) {
    static EMISSION: PerProcess<Option<Sender<Arc<Outbox>>>> = PerProcess::new();

    match EMISSION.get_or_init(start) {
        // The queue has each outbox once, and the thread ends only with the process.
        Some(emission) if outbox.schedule() => drop(emission.send(Arc::clone(outbox))),
        Some(_) => {}
        None => outbox.drain(),
    }
}

fn start() -> Option<Sender<Arc<Outbox>>> {
    let (sender, outboxes) = channel::<Arc<Outbox>>();
    let run = move || outboxes.into_iter().for_each(|outbox| outbox.drain_scheduled());
    match std::thread::Builder::new().name(THREAD_NAME.to_owned()).spawn(run) {
        Ok(_) => Some(sender),
        Err(error) => {
            tracing::warn!(
                %error,
                "cannot start the emission thread: an exporter that blocks delays the timeouts of all conversations; raise \
                 the limit on threads"
            );
            None
        }
    }
}
