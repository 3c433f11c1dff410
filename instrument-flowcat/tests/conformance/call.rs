//! A call in flowcat's cascaded pipeline, with scripted services.

use std::error::Error;
use std::sync::{Arc, OnceLock};

use flowcat_core::FrameObserver;
use flowcat_core::pipeline::{CascadedConfig, build_cascaded_call_with_observers};
use pipecat_instrument_runtime::testing::conformance::Harness;
use tokio::runtime::Builder;
use tokio::sync::Notify;

use crate::agent::{ScriptedAgent, Tools};
use crate::services::{ScriptedLlm, ScriptedStt, ScriptedTts, TranscriptQueue};
use crate::transport::ScriptedTransport;

/// Runs the conversation of `harness` to its end, on a new runtime.
pub(crate) fn run_blocking(
    harness: &Harness,
    observers: Vec<Arc<dyn FrameObserver>>,
) -> Result<(), Box<dyn Error>> {
    Builder::new_current_thread().enable_time().build()?.block_on(run(harness, observers))
}

async fn run(harness: &Harness, observers: Vec<Arc<dyn FrameObserver>>) -> Result<(), Box<dyn Error>> {
    let (transcripts, head, dropped) =
        (TranscriptQueue::default(), Arc::new(OnceLock::new()), Arc::new(Notify::new()));
    let transport =
        ScriptedTransport::new(harness.clone(), transcripts.clone(), head.clone(), dropped.clone());
    let (run, token) = (1, String::new());
    let call = build_cascaded_call_with_observers(
        transport,
        ScriptedStt(transcripts),
        ScriptedLlm(harness.clone()),
        ScriptedTts(harness.clone()),
        ScriptedAgent,
        Tools(harness.clone()),
        run,
        token,
        CascadedConfig::default(),
        observers,
    )
    .await?;
    let _ = head.set(call.task.queue_sender());
    tokio::select! {
        outcome = call.run() => outcome.map_err(Into::into),
        () = dropped.notified() => Ok(()),
    }
}
