//! The dentist's practice that is called: what its agent is told to be, and the calendar that it may look into.

use std::time::Duration;

use serde_json::{Value, json};

/// What the agent is told.
pub(crate) const PROMPT: &str = "You answer the telephone of a dentist, Harbor Dental. Be brief: one or two short \
                                 sentences. Greet the caller. You are open from eight to six, Monday to Friday.";

/// The function by which a model looks into the calendar.
pub(crate) const CHECK_CALENDAR: &str = "check_calendar";
/// What it is told of it.
pub(crate) const CHECK_CALENDAR_DESCRIPTION: &str = "The times that are still free on a day";

/// How long it takes to look something up.
const LOOKUP: Duration = Duration::from_millis(600);

/// The arguments of [`CHECK_CALENDAR`], as a JSON schema.
pub(crate) fn check_calendar_parameters() -> Value {
    json!({
        "type": "object",
        "properties": { "day": { "type": "string", "description": "as Tuesday" } },
        "required": ["day"],
    })
}

/// What [`CHECK_CALENDAR`] answers.
pub(crate) async fn free_times(arguments: &Value) -> Value {
    tokio::time::sleep(LOOKUP).await;
    match arguments["day"].as_str() {
        Some(day) => json!({ "day": day, "free": ["09:30", "14:00"] }),
        None => json!({ "error": "which day?" }),
    }
}
