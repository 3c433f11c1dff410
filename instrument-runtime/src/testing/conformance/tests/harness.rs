//! Tests of the harness.

use std::time::Duration;

use super::super::harness::now;
use super::super::{Capabilities, Harness, LlmResponseContent, Script, UserAction};

/// Returns the first `enough` actions of the user other than `None`.
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
fn a_user_hangs_up_after_the_reply_is_played() {
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
    assert_eq!(harness.problems(), Vec::<String>::new());
}

#[test]
fn a_user_without_reply_hangs_up_with_the_reason() {
    let harness = Harness::new(Script::OneTurn, Capabilities::MINIMAL);
    assert_eq!(until(&harness, 5).last(), Some(&UserAction::HangUp));
    assert_eq!(
        harness.problems(),
        [
            "the user waited in vain for an LLM call and the end of its reply, and hung up",
            "1 LLM responses were not requested",
        ]
    );
}

#[test]
fn a_model_called_too_often_is_a_problem() {
    let harness = Harness::new(Script::OneTurn, Capabilities::MINIMAL);
    harness.llm_response();
    assert_eq!(harness.llm_response().content, LlmResponseContent::Text(Vec::new()));
    assert_eq!(harness.problems(), ["the model was called more often than the script says"]);
}
