//! What happens in each script, and what must come of it.

use std::fmt;
use std::time::Duration;

use serde_json::json;

use super::expected::TurnFacts;
use super::parts::{LlmResponse, ScriptedToolCall, ToolOutcome, UserAction};
use super::script::Script;
use super::tells::Capabilities;
use super::writer::Writer;

/// How long a reply plays, and one that is to be cut.
const A_REPLY: Duration = Duration::from_millis(200);
const A_LONG_REPLY: Duration = Duration::from_secs(3);
/// How long a tool takes.
const A_TOOL: Duration = Duration::from_millis(120);

/// What happens in a script.
#[derive(Debug, Clone)]
pub(super) struct Plot {
    pub(super) steps: Vec<Step>,
    /// What the model answers, each time that it is asked.
    pub(super) answers: Vec<LlmResponse>,
    /// What plays long; everything else is short.
    pub(super) long: Option<&'static str>,
    /// What the synthesis cannot say, and how it fails.
    pub(super) fails_to_say: Option<(&'static str, &'static str)>,
    /// What must come of it.
    pub(super) turns: Vec<TurnFacts>,
    /// Whether there may be utterances without a text.
    pub(super) noise: Noise,
}

/// Whether there is a voice that says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Noise {
    None,
    Some,
}

/// Something that the user does.
#[derive(Debug, Clone)]
pub(super) struct Step {
    pub(super) when: Cue,
    /// Each so long after the step began.
    pub(super) does: Vec<(Duration, UserAction)>,
}

/// What the user waits for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Cue {
    /// The bot has answered, and is silent again.
    AfterReply,
    /// So much of the answer was heard.
    IntoReply(Duration),
    /// The model was asked, and has not answered.
    WhileAsked,
    /// A service has failed.
    AfterFailure,
    /// Nobody has said anything for a while.
    AfterSilence,
}

impl fmt::Display for Cue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AfterReply => "until the model was asked and its answer had been played",
            Self::IntoReply(_) => "until the answer was being played",
            Self::WhileAsked => "until the model was asked",
            Self::AfterFailure => "until a service had failed",
            Self::AfterSilence => "for nothing",
        })
    }
}

impl Plot {
    /// How long `text` plays.
    pub(super) fn length_of(&self, text: &str) -> Duration {
        if self.long.is_some_and(|long| long.contains(text.trim())) { A_LONG_REPLY } else { A_REPLY }
    }

    /// The plot of `script`, and what comes of it in a framework that tells what `tells` says.
    pub(super) fn of(script: Script, tells: Capabilities) -> Self {
        let plot = Writer::new(tells);
        match script {
            Script::Greeting => plot,
            Script::OneTurn => plot.asks("When are you open?").says("From eight to six."),
            Script::TwoTurns => plot
                .asks("When are you open?")
                .says("From eight to six.")
                .asks("And on Sunday?")
                .says("We are closed on Sunday."),
            Script::OddChunks => plot.asks("What is the number?").says_in_pieces(&[
                "",
                "The num",
                "ber",
                " is",
                " ",
                "1",
                "1",
                "1",
                ", ",
                "ha",
                " ha",
                "",
                " ha, naïve 🦷",
                ".",
            ]),
            Script::InterruptedSpeech => plot
                .asks("How much is whitening?")
                .cut_short("It is two hundred and forty with a first visit.")
                .asks_into_reply("When are you open?")
                .says("From eight to six."),
            Script::InterruptedResponse => plot
                .asks("How much is whitening?")
                .cut_while_answering("It is two hundred and forty. ", "That includes a first visit.")
                .asks_into_reply("When are you open?")
                .says("From eight to six."),
            Script::UserContinues => plot
                .asks("I would like an appointment.")
                .asked_in_vain("Certainly, when?")
                .goes_on("On Tuesday, please.")
                .says("On Tuesday at nine."),
            Script::Tool => plot
                .asks("Is Tuesday free?")
                .calls(vec![calendar(ToolOutcome::Success(json!({ "free": ["09:30", "14:00"] })))])
                .says("Half past nine is free."),
            Script::TwoTools => plot
                .asks("Is Tuesday free, and will it rain?")
                .calls(vec![
                    calendar(ToolOutcome::Success(json!({ "free": ["09:30"] }))),
                    ScriptedToolCall {
                        id: "call_weather",
                        name: "check_weather",
                        ..calendar(ToolOutcome::Success(json!({ "rain": true })))
                    },
                ])
                .says("Half past nine is free, and it will rain."),
            Script::FailingTool => plot
                .asks("Is Tuesday free?")
                .calls(vec![calendar(ToolOutcome::Failure("the calendar is closed"))])
                .says("I cannot see the calendar."),
            Script::FailingModel => plot
                .asks("Is Tuesday free?")
                .fails("the engine is overloaded")
                .asks_again("Are you there?")
                .says("I am back."),
            Script::FailingSynthesis => plot
                .asks("Is Tuesday free?")
                .cannot_be_said("Tuesday is free.", "the voice is hoarse")
                .asks_again("Are you there?")
                .says("I am back."),
            Script::Noise => plot
                .asks("When are you open?")
                .says("From eight to six.")
                .coughs()
                .asks_after_silence("And on Sunday?")
                .says("We are closed on Sunday."),
            Script::Cancel => return plot.asks("How much is whitening?").ends_in_reply(UserAction::Cancel),
            Script::Dropped => {
                return plot.asks("How much is whitening?").ends_in_reply(UserAction::DropTask);
            }
        }
        .hangs_up()
    }
}

fn calendar(outcome: ToolOutcome) -> ScriptedToolCall {
    ScriptedToolCall {
        id: "call_calendar",
        name: "check_calendar",
        arguments: json!({ "day": "Tuesday" }),
        duration: A_TOOL,
        outcome,
    }
}
