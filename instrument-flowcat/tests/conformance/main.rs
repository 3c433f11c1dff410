//! Scripted conversations in flowcat's cascaded pipeline, held against what their traces must say.
//!
//! `cargo test -p pipecat-instrument-flowcat --test conformance -- --nocapture` prints the report.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

mod agent;
mod call;
mod faults;
mod line;
mod services;

use std::error::Error;

use pipecat_instrument_runtime::observer::Observer;
use pipecat_instrument_runtime::testing::conformance::{
    AfterTools, Framework, Opening, Script, Stage, Suite, Tells, Told,
};

/// flowcat with its adapter.
struct Flowcat;

impl Framework for Flowcat {
    fn tells(&self) -> Tells {
        Tells { voice: Told::Yes, opening: Opening::Bot, after_tools: AfterTools::EachTime, ..Tells::LITTLE }
    }

    fn play(&self, stage: &Stage, observer: Observer) -> Result<(), Box<dyn Error>> {
        let observers = vec![pipecat_instrument_flowcat::observer(observer)];
        call::hold_on_a_runtime_of_its_own(stage, observers)
    }
}

#[test]
fn the_adapter_conforms() {
    Suite::new(Flowcat)
        .cannot(Script::CutWhileAnswering, "flowcat speaks an answer when all of it is there")
        .cannot(Script::UserGoesOn, "nothing stops a model of flowcat's that is at work")
        .run()
        .assert_holds();
}
