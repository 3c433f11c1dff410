//! The kinds of services, and what each has to say.

/// A kind of service.
pub(crate) struct Kind {
    /// The attribute's name, and that of the function that begins its span.
    pub(crate) attribute: &'static str,
    /// In words.
    pub(super) noun: &'static str,
    /// The arguments that only some kinds have, of those that this one has.
    pub(super) own: &'static [&'static str],
    /// The method that takes what `usage` says.
    pub(super) usage: &'static str,
}

/// What every kind has.
pub(super) const COMMON: [&str; 8] =
    ["name", "context", "model", "provider", "output", "usage", "stream", "crate"];

/// What some have.
pub(super) const SPECIAL: [&str; 3] = ["input", "voice", "language"];

/// Speech to text.
pub(crate) const STT: Kind =
    Kind { attribute: "traced_stt", noun: "speech-to-text", own: &["language"], usage: "audio" };

/// A language model.
pub(crate) const LLM: Kind =
    Kind { attribute: "traced_llm", noun: "a language model", own: &["input"], usage: "tokens" };

/// Text to speech.
pub(crate) const TTS: Kind =
    Kind { attribute: "traced_tts", noun: "text-to-speech", own: &["input", "voice"], usage: "characters" };

impl Kind {
    /// What can stand in the parentheses.
    pub(super) fn arguments(&self) -> impl Iterator<Item = &'static str> {
        COMMON.into_iter().chain(self.own.iter().copied())
    }

    /// Why this kind has no `name`, which others have.
    pub(super) fn lacks(&self, name: &str) -> String {
        let noun = self.noun;
        match name {
            "input" => {
                format!("{noun} has no `input`: what it heard is both, and is told with `output = |value| …`")
            }
            "voice" => format!("{noun} has no `voice`; that is for `#[traced_tts]`"),
            _ => format!("{noun} has no `{name}`; that is for `#[traced_stt]`"),
        }
    }
}
