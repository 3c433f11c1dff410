//! Checks that the suite fails when the adapter does not receive some hops.

use std::error::Error;
use std::sync::Arc;

use async_trait::async_trait;
use flowcat_core::{Direction, Frame, FrameObserver, FramePushEvent};
use pipecat_instrument_runtime::observer::Observer;
use pipecat_instrument_runtime::testing::conformance::{Capabilities, Framework, Harness, Script, Suite};

use crate::{Flowcat, call};

/// flowcat with an adapter that does not receive some hops.
struct Hiding {
    hides: fn(&FramePushEvent<'_>) -> bool,
}

struct Blinkered {
    adapter: Arc<dyn FrameObserver>,
    hides: fn(&FramePushEvent<'_>) -> bool,
}

#[async_trait]
impl FrameObserver for Blinkered {
    async fn on_push(&self, event: &FramePushEvent<'_>) {
        if !(self.hides)(event) {
            self.adapter.on_push(event).await;
        }
    }
}

impl Framework for Hiding {
    fn capabilities(&self) -> Capabilities {
        Flowcat.capabilities()
    }

    fn play(&self, harness: &Harness, observer: Observer) -> Result<(), Box<dyn Error>> {
        let adapter = pipecat_instrument_flowcat::observer(observer);
        let observers: Vec<Arc<dyn FrameObserver>> = vec![Arc::new(Blinkered { adapter, hides: self.hides })];
        call::run_blocking(harness, observers)
    }
}

/// Asserts that the suite reports `expected` for `script` if the adapter does not receive the hops that `hides`
/// selects.
#[track_caller]
fn assert_reported(hides: fn(&FramePushEvent<'_>) -> bool, script: Script, expected: &str) {
    let report = Suite::new(Hiding { hides }).only([script]).run();
    assert!(report.failed_checks().iter().any(|fact| fact.to_string().contains(expected)), "{report}");
}

#[test]
fn missing_upstream_frames_are_reported() {
    assert_reported(
        |event| event.direction == Direction::Upstream,
        Script::FailingModel,
        r#"turn 2, LLM 1: status: expected an error containing "the engine is overloaded""#,
    );
}

#[test]
fn missing_brain_frames_are_reported() {
    assert_reported(
        |event| matches!(event.frame, Frame::Custom(_)),
        Script::Tool,
        "turn 2, tool 1: missing span (8 checks)",
    );
}

#[test]
fn missing_synthesis_texts_are_reported() {
    assert_reported(
        |event| matches!(event.frame, Frame::TtsSpeak { .. } | Frame::LlmText(_)),
        Script::OneTurn,
        r#"turn 2, TTS 1: input.value: expected "From eight to six.", found nothing"#,
    );
}
