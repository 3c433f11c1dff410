//! The user of a script.

use std::time::Duration;

use super::super::harness::now;
use super::super::{Capabilities, Harness, LlmResponseContent, Script, UserAction};

/// What the user does, but for nothing, until `enough` of it has come.
fn until(harness: &Harness, enough: usize) -> Vec<UserAction> {
    let (begun, mut done) = (now(), Vec::new());
    while done.len() < enough {
        match harness.user_action() {
            UserAction::None => std::thread::sleep(Duration::from_millis(1)),
            does => done.push(does),
        }
        assert!(now().duration_since(begun) < Duration::from_secs(20), "{done:?}");
    }
    done
}

#[test]
fn a_user_asks_waits_for_the_reply_to_be_played_and_hangs_up() {
    let harness = Harness::new(Script::OneTurn, Capabilities::MINIMAL);
    let asked = until(&harness, 4);
    assert_eq!(
        asked,
        [
            UserAction::StartSpeaking,
            UserAction::InterimTranscript("When".to_owned()),
            UserAction::StopSpeaking,
            UserAction::FinalTranscript("When are you open?".to_owned()),
        ]
    );
    assert!(matches!(harness.llm_response().content, LlmResponseContent::Text(_)));
    assert!(!harness.is_bot_audible());
    harness.on_audio_sent(Duration::from_millis(100));
    assert!(harness.is_bot_audible());
    assert_eq!(until(&harness, 1), [UserAction::HangUp]);
    assert!(!harness.is_bot_audible());
    assert_eq!(harness.surprises(), Vec::<String>::new());
}

#[test]
fn a_user_whom_nobody_answers_hangs_up_and_says_why() {
    let harness = Harness::new(Script::OneTurn, Capabilities::MINIMAL);
    assert_eq!(until(&harness, 5).last(), Some(&UserAction::HangUp));
    assert_eq!(
        harness.surprises(),
        [
            "the user waited in vain until the model was asked and its answer had been played, and hung up",
            "1 answers of the model were not asked for",
        ]
    );
}

#[test]
fn a_model_that_is_asked_too_often_is_a_surprise() {
    let harness = Harness::new(Script::OneTurn, Capabilities::MINIMAL);
    harness.llm_response();
    assert_eq!(harness.llm_response().content, LlmResponseContent::Text(Vec::new()));
    assert_eq!(harness.surprises(), ["the model was asked more often than the script says"]);
}
