//! Tests of the suite, on a small correct pipeline and on the same pipeline with faults.

mod faults;
mod harness;
mod pipeline;
mod reference;

use super::{Capabilities, FirstSpeaker, Script, Suite};
use reference::{Detail, Reference};

#[test]
fn a_framework_with_all_capabilities_conforms() {
    let report = Suite::new(Reference { detail: Detail::Full, fault: None }).run();
    report.assert_passed();
    assert_eq!(report.played().len(), 14, "all but the greeting");
    assert_eq!(report.skipped(), [(Script::Greeting, "the user speaks first")]);
    assert!(report.checks() > 900, "{report}");
}

#[test]
fn a_framework_with_minimal_capabilities_conforms() {
    Suite::new(Reference { detail: Detail::Minimal, fault: None }).run().assert_passed();
}

#[test]
fn a_suite_without_scripts_does_not_pass() {
    let report = Suite::new(Reference { detail: Detail::Full, fault: None }).only([]).run();
    assert!(!report.passed());
    assert_eq!(report.checks(), 0);
}

#[test]
fn a_skipped_script_is_reported_with_its_reason() {
    let report = Suite::new(Reference { detail: Detail::Full, fault: None })
        .skip(Script::TwoTools, "it has one hand")
        .only([Script::TwoTools, Script::OneTurn])
        .run();
    assert_eq!(report.played(), [Script::OneTurn]);
    assert!(report.to_string().contains("skipped: two tools: it has one hand"), "{report}");
}

#[test]
fn a_bot_that_speaks_first_begins_every_script() {
    let capabilities = Capabilities { first_speaker: FirstSpeaker::Bot, ..Capabilities::MINIMAL };
    let turns = |script| super::scenario::Scenario::of(script, capabilities).turns.len();
    assert_eq!((turns(Script::Greeting), turns(Script::OneTurn), turns(Script::TwoTurns)), (1, 2, 3));
}
