//! The suite, on a pipeline that is small enough to be right, and on the same with faults.

mod faults;
mod harness;
mod reference;
mod wire;

use super::{Capabilities, FirstSpeaker, Script, Suite};
use reference::{Reference, Words};

#[test]
fn a_framework_that_tells_everything_conforms() {
    let report = Suite::new(Reference { words: Words::Many, fault: None }).run();
    report.assert_passed();
    assert_eq!(report.played().len(), 14, "all but the greeting");
    assert_eq!(report.skipped(), [(Script::Greeting, "the user speaks first")]);
    assert!(report.checks() > 900, "{report}");
}

#[test]
fn a_framework_that_tells_little_conforms() {
    Suite::new(Reference { words: Words::Few, fault: None }).run().assert_passed();
}

#[test]
fn nothing_played_is_nothing_held() {
    let report = Suite::new(Reference { words: Words::Many, fault: None }).only([]).run();
    assert!(!report.passed());
    assert_eq!(report.checks(), 0);
}

#[test]
fn what_cannot_be_played_is_named_with_the_reason() {
    let report = Suite::new(Reference { words: Words::Many, fault: None })
        .skip(Script::TwoTools, "it has one hand")
        .only([Script::TwoTools, Script::OneTurn])
        .run();
    assert_eq!(report.played(), [Script::OneTurn]);
    assert!(report.to_string().contains("cannot be played: two tools: it has one hand"), "{report}");
}

#[test]
fn a_bot_that_begins_begins_every_script() {
    let tells = Capabilities { first_speaker: FirstSpeaker::Bot, ..Capabilities::MINIMAL };
    let turns = |script| super::plot::Plot::of(script, tells).turns.len();
    assert_eq!((turns(Script::Greeting), turns(Script::OneTurn), turns(Script::TwoTurns)), (1, 2, 3));
}
