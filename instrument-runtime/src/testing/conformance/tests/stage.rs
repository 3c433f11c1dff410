//! The user of a script.

use std::time::Duration;

use super::super::stage::now;
use super::super::{AnswerContent, Script, Stage, Tells, UserDoes};

/// What the user does, but for nothing, until `enough` of it has come.
fn until(stage: &Stage, enough: usize) -> Vec<UserDoes> {
    let (begun, mut done) = (now(), Vec::new());
    while done.len() < enough {
        match stage.user() {
            UserDoes::Nothing => std::thread::sleep(Duration::from_millis(1)),
            does => done.push(does),
        }
        assert!(now().duration_since(begun) < Duration::from_secs(20), "{done:?}");
    }
    done
}

#[test]
fn a_user_asks_waits_for_the_reply_to_be_played_and_hangs_up() {
    let stage = Stage::new(Script::OneTurn, Tells::LITTLE);
    let asked = until(&stage, 4);
    assert_eq!(
        asked,
        [
            UserDoes::StartsSpeaking,
            UserDoes::IsGuessed("When".to_owned()),
            UserDoes::StopsSpeaking,
            UserDoes::IsUnderstood("When are you open?".to_owned()),
        ]
    );
    assert!(matches!(stage.answer().content, AnswerContent::Text(_)));
    assert!(!stage.bot_is_heard());
    stage.plays(Duration::from_millis(100));
    assert!(stage.bot_is_heard());
    assert_eq!(until(&stage, 1), [UserDoes::HangsUp]);
    assert!(!stage.bot_is_heard());
    assert_eq!(stage.surprises(), Vec::<String>::new());
}

#[test]
fn a_user_whom_nobody_answers_hangs_up_and_says_why() {
    let stage = Stage::new(Script::OneTurn, Tells::LITTLE);
    assert_eq!(until(&stage, 5).last(), Some(&UserDoes::HangsUp));
    assert_eq!(
        stage.surprises(),
        [
            "the user waited in vain until the model was asked and its answer had been played, and hung up",
            "1 answers of the model were not asked for",
        ]
    );
}

#[test]
fn a_model_that_is_asked_too_often_is_a_surprise() {
    let stage = Stage::new(Script::OneTurn, Tells::LITTLE);
    stage.answer();
    assert_eq!(stage.answer().content, AnswerContent::Text(Vec::new()));
    assert_eq!(stage.surprises(), ["the model was asked more often than the script says"]);
}
