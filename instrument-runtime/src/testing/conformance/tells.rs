//! What a framework tells.

/// What a framework tells of a conversation, as far as its trace depends on it: `SPANS.md` has what follows from less.
///
/// ```
/// use pipecat_instrument_runtime::testing::conformance::{SpokenTextSource, Capabilities, Reported};
///
/// // One that sends no metrics, and of its voice detection nothing.
/// let tells = Capabilities { spoken_text: SpokenTextSource::PlayedWords, ..Capabilities::MINIMAL };
/// assert_eq!(tells.voice, Reported::No);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// When the user's voice starts and stops.
    pub voice: Reported,
    /// What the bot says.
    pub spoken_text: SpokenTextSource,
    /// How many tokens an invocation of a model took.
    pub tokens: Reported,
    /// How many characters were synthesized.
    pub characters: Reported,
    /// How long a service took to its first byte. What is not told is measured.
    pub times: Reported,
    /// Who begins.
    pub first_speaker: FirstSpeaker,
    /// When a model that has asked for several tools at once is asked again.
    pub follow_up: FollowUp,
}

/// Whether something is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reported {
    /// It is.
    Yes,
    /// It is not.
    No,
}

/// What is told of what the bot says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpokenTextSource {
    /// Each word when it is heard: of a reply that is cut, the part that was.
    PlayedWords,
    /// What the synthesis was given. Where a reply is cut, how much of its audio was heard.
    SynthesisInput,
}

/// Who begins a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FirstSpeaker {
    /// The bot: the model is asked before the user has said anything. Every script then begins with a greeting.
    Bot,
    /// The user.
    User,
}

/// When a model that has asked for several tools at once is asked again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FollowUp {
    /// When all of them have returned.
    AfterAllTools,
    /// Whenever one of them has returned.
    AfterEachTool,
}

impl Capabilities {
    /// All there is to tell, as Pipecat does.
    pub const ALL: Self = Self {
        voice: Reported::Yes,
        spoken_text: SpokenTextSource::PlayedWords,
        tokens: Reported::Yes,
        characters: Reported::Yes,
        times: Reported::Yes,
        first_speaker: FirstSpeaker::User,
        follow_up: FollowUp::AfterAllTools,
    };

    /// What every framework tells: transcripts, what a model is asked and answers, and audio.
    pub const MINIMAL: Self = Self {
        voice: Reported::No,
        spoken_text: SpokenTextSource::SynthesisInput,
        tokens: Reported::No,
        characters: Reported::No,
        times: Reported::No,
        first_speaker: FirstSpeaker::User,
        follow_up: FollowUp::AfterAllTools,
    };
}
