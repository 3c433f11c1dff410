//! The conversation: a caller and the voice agent of a dental office. The language model server answers from here.

use std::time::Duration;

use serde_json::{Value, json};

use crate::caller::{Cue, Utterance};

/// The agent's system prompt.
pub const PROMPT: &str = "You answer the telephone of a dentist, Harbor Dental. Be brief: one or two short sentences. \
                          Greet the caller. You are open from eight to six, Monday to Friday.";

/// The caller's side of the conversation.
pub const SCRIPT: &[Utterance] = &[
    Utterance { cue: Cue::AfterReply, text: "When are you open?" },
    Utterance { cue: Cue::AfterReply, text: "How much is whitening?" },
    Utterance { cue: Cue::IntoReply(Duration::from_secs(2)), text: "Wait, is Tuesday free?" },
    Utterance { cue: Cue::AfterReply, text: "Yes please." },
    Utterance { cue: Cue::AfterSilence(Duration::from_millis(1_400)), text: "Hello, are you there?" },
];

/// Name of the function that looks up free appointments.
pub const CHECK_CALENDAR: &str = "check_calendar";
/// Description of [`CHECK_CALENDAR`] for the model.
pub const CHECK_CALENDAR_DESCRIPTION: &str = "The times that are still free on a day";

/// Time that a look-up in the calendar takes.
const LOOKUP: Duration = Duration::from_millis(600);

/// Returns the JSON schema of the arguments of [`CHECK_CALENDAR`].
pub fn check_calendar_parameters() -> Value {
    json!({
        "type": "object",
        "properties": { "day": { "type": "string", "description": "as Tuesday" } },
        "required": ["day"],
    })
}

/// Runs [`CHECK_CALENDAR`].
pub async fn check_calendar(arguments: &Value) -> Value {
    tokio::time::sleep(LOOKUP).await;
    match arguments["day"].as_str() {
        Some(day) => json!({ "day": day, "free": ["09:30", "14:00"] }),
        None => json!({ "error": "which day?" }),
    }
}

/// A prepared response of the model.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Response {
    Text(&'static str),
    ToolCall {
        name: &'static str,
        arguments: Value,
    },
    /// An HTTP 503 error.
    Overloaded,
}

/// Returns the model's response to a conversation, chosen by its last message.
pub(crate) fn respond(messages: &[Value]) -> Response {
    let last = messages.last().unwrap_or(&Value::Null);
    match (last["role"].as_str(), last["content"].as_str()) {
        (Some("tool"), _) => Response::Text("Half past nine is free. Shall I book it?"),
        (Some("user"), Some(text)) => respond_to_user(text),
        _ => Response::Text("Harbor Dental, how can I help?"),
    }
}

fn respond_to_user(text: &str) -> Response {
    match text {
        "When are you open?" => Response::Text("From eight to six, Monday to Friday."),
        "How much is whitening?" => Response::Text(
            "Two hundred and forty. That includes a first visit, a check of your gums, and a set of trays to take \
             home and wear at night.",
        ),
        "What do you do?" => Response::Text(LONG_TEXT),
        "Wait, is Tuesday free?" => {
            Response::ToolCall { name: CHECK_CALENDAR, arguments: json!({ "day": "Tuesday" }) }
        }
        "Yes please." => Response::Overloaded,
        "Hello, are you there?" => Response::Text("Sorry about that. You are booked."),
        _ => Response::Text("Could you say that again?"),
    }
}

/// Long enough that the bot speaks its beginning while the model still streams its end.
const LONG_TEXT: &str = "All of it. We look at your teeth and clean them, and tell you what we have found and what it \
                         would cost to put right, so that you can think it over at home. We fill what has a hole, \
                         pull what cannot be saved, and make crowns and bridges for what is missing. We straighten \
                         the teeth of children and of grown people, who are more patient. And we whiten teeth, which \
                         does nothing for them, but a good deal for those who smile a lot.";
