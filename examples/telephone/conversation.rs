//! What the model on loopback answers.

use serde_json::{Value, json};

use super::practice::CHECK_CALENDAR;

/// So long that its beginning is spoken while its end is still being thought of.
const EVERYTHING: &str = "All of it. We look at your teeth and clean them, and tell you what we have found and what it \
                          would cost to put right, so that you can think it over at home. We fill what has a hole, \
                          pull what cannot be saved, and make crowns and bridges for what is missing. We straighten \
                          the teeth of children and of grown people, who are more patient. And we whiten teeth, which \
                          does nothing for them, but a good deal for those who smile a lot.";

/// What a model answers.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Answer {
    /// A text.
    Say(&'static str),
    /// A call of a function.
    Call {
        /// Which.
        name: &'static str,
        /// With what.
        arguments: Value,
    },
    /// Nothing: the service is overloaded.
    Overloaded,
}

/// The answer to a conversation, by its last message.
pub(crate) fn answer_to(messages: &[Value]) -> Answer {
    let last = messages.last().unwrap_or(&Value::Null);
    match (last["role"].as_str(), last["content"].as_str()) {
        (Some("tool"), _) => Answer::Say("Half past nine is free. Shall I book it?"),
        (Some("user"), Some(said)) => answer_to_user(said),
        _ => Answer::Say("Harbor Dental, how can I help?"),
    }
}

fn answer_to_user(said: &str) -> Answer {
    match said {
        "When are you open?" => Answer::Say("From eight to six, Monday to Friday."),
        "How much is whitening?" => Answer::Say(
            "Two hundred and forty. That includes a first visit, a check of your gums, and a set of trays to take \
             home and wear at night.",
        ),
        "What do you do?" => Answer::Say(EVERYTHING),
        "Wait, is Tuesday free?" => {
            Answer::Call { name: CHECK_CALENDAR, arguments: json!({ "day": "Tuesday" }) }
        }
        "Yes please." => Answer::Overloaded,
        "Hello, are you there?" => Answer::Say("Sorry about that. You are booked."),
        _ => Answer::Say("Could you say that again?"),
    }
}
