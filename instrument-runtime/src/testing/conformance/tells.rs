//! What a framework tells.

/// What a framework tells of a conversation, as far as its trace depends on it: `SPANS.md` has what follows from less.
///
/// ```
/// use pipecat_instrument_runtime::testing::conformance::{SpokenText, Tells, Told};
///
/// // One that sends no metrics, and of its voice detection nothing.
/// let tells = Tells { spoken_text: SpokenText::WordByWord, ..Tells::LITTLE };
/// assert_eq!(tells.voice, Told::No);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tells {
    /// When the user's voice starts and stops.
    pub voice: Told,
    /// What the bot says.
    pub spoken_text: SpokenText,
    /// How many tokens an invocation of a model took.
    pub tokens: Told,
    /// How many characters were synthesized.
    pub characters: Told,
    /// How long a service took to its first byte. What is not told is measured.
    pub times: Told,
    /// Who begins.
    pub opening: Opening,
    /// When a model that has asked for several tools at once is asked again.
    pub after_tools: AfterTools,
}

/// Whether something is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// It is.
    Yes,
    /// It is not.
    No,
}

/// What is told of what the bot says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpokenText {
    /// Each word when it is heard: of a reply that is cut, the part that was.
    WordByWord,
    /// What the synthesis was given. Where a reply is cut, how much of its audio was heard.
    AsGiven,
}

/// Who begins a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// The bot: the model is asked before the user has said anything. Every script then begins with a greeting.
    Bot,
    /// The user.
    User,
}

/// When a model that has asked for several tools at once is asked again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterTools {
    /// When all of them have returned.
    Once,
    /// Whenever one of them has returned.
    EachTime,
}

impl Tells {
    /// All there is to tell, as Pipecat does.
    pub const EVERYTHING: Self = Self {
        voice: Told::Yes,
        spoken_text: SpokenText::WordByWord,
        tokens: Told::Yes,
        characters: Told::Yes,
        times: Told::Yes,
        opening: Opening::User,
        after_tools: AfterTools::Once,
    };

    /// What every framework tells: transcripts, what a model is asked and answers, and audio.
    pub const LITTLE: Self = Self {
        voice: Told::No,
        spoken_text: SpokenText::AsGiven,
        tokens: Told::No,
        characters: Told::No,
        times: Told::No,
        opening: Opening::User,
        after_tools: AfterTools::Once,
    };
}
