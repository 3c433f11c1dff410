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
    OddChunks,
    /// The user cuts in while the bot speaks; the model has said all it has to say.
    InterruptedSpeech,
    /// The user cuts in while the bot speaks and the model still answers.
    InterruptedResponse,
    /// The user goes on before the bot has made a sound: the model is asked anew.
    UserContinues,
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
        Self::OddChunks,
        Self::InterruptedSpeech,
        Self::InterruptedResponse,
        Self::UserContinues,
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
            Self::OddChunks => "odd chunks",
            Self::InterruptedSpeech => "interrupted speech",
            Self::InterruptedResponse => "interrupted response",
            Self::UserContinues => "user continues",
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
