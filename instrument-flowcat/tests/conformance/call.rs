//! One call: flowcat's cascaded pipeline, with services that follow a script.

use std::error::Error;
use std::sync::{Arc, OnceLock};

use flowcat_core::FrameObserver;
use flowcat_core::pipeline::{CascadedConfig, build_cascaded_call_with_observers};
use pipecat_instrument_runtime::testing::conformance::Harness;
use tokio::runtime::Builder;
use tokio::sync::Notify;

use crate::agent::{Desk, Tools};
use crate::line::Line;
use crate::services::{Ear, ScriptedLlm, ScriptedStt, ScriptedTts};

/// Holds the conversation of `harness` to its end.
pub(crate) fn hold_on_a_runtime_of_its_own(
    harness: &Harness,
    observers: Vec<Arc<dyn FrameObserver>>,
) -> Result<(), Box<dyn Error>> {
    Builder::new_current_thread().enable_time().build()?.block_on(hold(harness, observers))
}

async fn hold(harness: &Harness, observers: Vec<Arc<dyn FrameObserver>>) -> Result<(), Box<dyn Error>> {
    let (ear, head, dropped) = (Ear::default(), Arc::new(OnceLock::new()), Arc::new(Notify::new()));
    let line = Line::new(harness.clone(), ear.clone(), head.clone(), dropped.clone());
    let (run, token) = (1, String::new());
    let call = build_cascaded_call_with_observers(
        line,
        ScriptedStt(ear),
        ScriptedLlm(harness.clone()),
        ScriptedTts(harness.clone()),
        Desk,
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
