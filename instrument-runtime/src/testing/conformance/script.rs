//! The conversations of the suite, by name.

use std::fmt;

/// A conversation that the suite holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Script {
    /// The bot speaks first, and the user leaves. For frameworks in which it does.
    Greeting,
    /// A question and its answer.
    OneTurn,
    /// Two of them.
    TwoTurns,
    /// An answer in pieces of every kind: empty, repeated, white space, parts of words.
    OddPieces,
    /// The user cuts in while the bot speaks; the model has said all it has to say.
    CutWhileSpeaking,
    /// The user cuts in while the bot speaks and the model still answers.
    CutWhileAnswering,
    /// The user goes on before the bot has made a sound: the model is asked anew.
    UserGoesOn,
    /// The model asks for a tool, and answers with what it returns.
    Tool,
    /// The model asks for two tools at once.
    TwoTools,
    /// A tool fails, and the model says so.
    FailingTool,
    /// The model fails. The user asks again.
    FailingModel,
    /// The synthesis fails. The user asks again.
    FailingSynthesis,
    /// A voice that says nothing, between two turns.
    Noise,
    /// The conversation is cancelled while the bot speaks.
    Cancel,
    /// The task is dropped while the bot speaks.
    Dropped,
}

impl Script {
    /// Each of them.
    pub const ALL: [Self; 15] = [
        Self::Greeting,
        Self::OneTurn,
        Self::TwoTurns,
        Self::OddPieces,
        Self::CutWhileSpeaking,
        Self::CutWhileAnswering,
        Self::UserGoesOn,
        Self::Tool,
        Self::TwoTools,
        Self::FailingTool,
        Self::FailingModel,
        Self::FailingSynthesis,
        Self::Noise,
        Self::Cancel,
        Self::Dropped,
    ];
}

impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Greeting => "greeting",
            Self::OneTurn => "one turn",
            Self::TwoTurns => "two turns",
            Self::OddPieces => "odd pieces",
            Self::CutWhileSpeaking => "cut while speaking",
            Self::CutWhileAnswering => "cut while answering",
            Self::UserGoesOn => "user goes on",
            Self::Tool => "tool",
            Self::TwoTools => "two tools",
            Self::FailingTool => "failing tool",
            Self::FailingModel => "failing model",
            Self::FailingSynthesis => "failing synthesis",
            Self::Noise => "noise",
            Self::Cancel => "cancel",
            Self::Dropped => "dropped",
        })
    }
}
