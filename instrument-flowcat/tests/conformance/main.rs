//! Runs the conformance suite in flowcat's cascaded pipeline.
//!
//! `cargo test -p pipecat-instrument-flowcat --test conformance -- --nocapture` prints the report.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

mod agent;
mod call;
mod faults;
mod services;
mod transport;

use std::error::Error;

use pipecat_instrument_runtime::observer::Observer;
use pipecat_instrument_runtime::testing::conformance::{
    Capabilities, FirstSpeaker, FollowUp, Framework, Harness, Reported, Script, Suite,
};

/// flowcat with its adapter.
struct Flowcat;

impl Framework for Flowcat {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            voice: Reported::Yes,
            first_speaker: FirstSpeaker::Bot,
            follow_up: FollowUp::AfterEachTool,
            ..Capabilities::MINIMAL
        }
    }

    fn play(&self, harness: &Harness, observer: Observer) -> Result<(), Box<dyn Error>> {
        let observers = vec![pipecat_instrument_flowcat::observer(observer)];
        call::run_blocking(harness, observers)
    }
}

#[test]
fn adapter_conforms() {
    Suite::new(Flowcat)
        .skip(Script::InterruptedResponse, "flowcat speaks a response only when it is complete")
        .skip(Script::UserContinues, "flowcat cannot stop a running model")
        .run()
        .assert_passed();
}
