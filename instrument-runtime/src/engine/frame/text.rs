//! Pieces of text, and how they join.

/// How a piece of text joins the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Spacing {
    /// The pieces carry their spaces (`includes_inter_frame_spaces`).
    #[default]
    Included,
    /// One space belongs between two pieces.
    Between,
}

/// How the pieces of one stream relate to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Chunking {
    /// Not told: found out from the pieces themselves, for text of a language model.
    #[default]
    Unknown,
    /// Each piece is new text.
    Delta,
    /// Each piece is the whole text so far.
    Cumulative,
    /// Each piece may repeat the end of the text so far.
    Overlapping,
}

/// Whether a piece of text is to be spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Delivery {
    /// It is.
    #[default]
    Aloud,
    /// It is only passed on, to be shown perhaps (`skip_tts`): synthesis has nothing to do with it.
    Silent,
}

/// A piece of text on its way from a language model to a loudspeaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TextChunk<'a> {
    /// The text.
    pub text: &'a str,
    /// How it joins the piece before it.
    pub spacing: Spacing,
    /// How the pieces of its stream relate.
    pub chunking: Chunking,
    /// The spoken reply that it belongs to.
    pub context_id: Option<&'a str>,
    /// Whether it is to be spoken.
    pub delivery: Delivery,
}

impl<'a> TextChunk<'a> {
    /// A piece that carries its own spaces, of no named reply.
    pub const fn new(text: &'a str) -> Self {
        Self {
            text,
            spacing: Spacing::Included,
            chunking: Chunking::Unknown,
            context_id: None,
            delivery: Delivery::Aloud,
        }
    }
}

/// What was heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Transcript<'a> {
    /// The words.
    pub text: &'a str,
    /// Who spoke.
    pub user_id: Option<&'a str>,
    /// In which language, as `en`.
    pub language: Option<&'a str>,
}

impl<'a> From<&'a str> for Transcript<'a> {
    fn from(text: &'a str) -> Self {
        Self { text, user_id: None, language: None }
    }
}
