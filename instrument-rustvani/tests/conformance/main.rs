//! Runs the conformance suite in rustvani's pipeline.
//!
//! `cargo test -p pipecat-instrument-rustvani --test conformance -- --nocapture` prints the report.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

mod call;
mod model;
mod speech;
#[path = "../support/mod.rs"]
mod support;

use std::error::Error;

use call::ObservedBy;
use pipecat_instrument_runtime::observer::Observer;
use pipecat_instrument_runtime::testing::conformance::{
    Capabilities, FirstSpeaker, Framework, Harness, Reported, Script, Suite,
};

/// rustvani with its adapter.
struct Rustvani(ObservedBy);

impl Framework for Rustvani {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            voice: Reported::Yes,
            tokens: Reported::Yes,
            characters: Reported::Yes,
            first_speaker: FirstSpeaker::User,
            ..Capabilities::MINIMAL
        }
    }

    fn play(&self, harness: &Harness, observer: Observer) -> Result<(), Box<dyn Error>> {
        call::run_blocking(harness, observer, self.0)
    }
}

#[test]
fn observer_conforms() {
    Suite::new(Rustvani(ObservedBy::AsItRuns)).run().assert_passed();
}

#[test]
fn hooks_conform() {
    Suite::new(Rustvani(ObservedBy::ThroughHooks))
        .skip(Script::Dropped, "rustvani's processors, which have the hooks, outlive a run that is dropped")
        .run()
        .assert_passed();
}
