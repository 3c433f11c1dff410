//! Scripted conversations in rustvani's pipeline, held against what their traces must say.
//!
//! `cargo test -p pipecat-instrument-rustvani --test conformance -- --nocapture` prints the report.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

mod call;
mod model;
mod speech;
#[path = "../support/mod.rs"]
mod support;

use std::error::Error;

use call::Watched;
use pipecat_instrument_runtime::observer::Observer;
use pipecat_instrument_runtime::testing::conformance::{
    Framework, Opening, Script, Stage, Suite, Tells, Told,
};

/// rustvani with its adapter.
struct Rustvani(Watched);

impl Framework for Rustvani {
    fn tells(&self) -> Tells {
        Tells {
            voice: Told::Yes,
            tokens: Told::Yes,
            characters: Told::Yes,
            opening: Opening::User,
            ..Tells::LITTLE
        }
    }

    fn play(&self, stage: &Stage, observer: Observer) -> Result<(), Box<dyn Error>> {
        call::hold_on_a_runtime_of_its_own(stage, observer, self.0)
    }
}

#[test]
fn the_adapter_conforms() {
    Suite::new(Rustvani(Watched::AsItRuns)).run().assert_holds();
}

#[test]
fn so_do_its_hooks() {
    Suite::new(Rustvani(Watched::ThroughHooks))
        .cannot(Script::Dropped, "rustvani's processors, which have the hooks, outlive a run that is dropped")
        .run()
        .assert_holds();
}
