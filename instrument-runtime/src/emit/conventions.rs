//! Which words a span is told in.

use std::fmt;
use std::ops::BitOr;
use std::str::FromStr;

use super::UnknownNameError;
use super::parse_name::NameTable;

/// A set of semantic conventions: which words a span is told in.
///
/// `OpenInference` is in every set, for it is what the other conventions are added to.
///
/// ```
/// use pipecat_instrument_runtime::emit::{Conventions, UnknownNameError};
///
/// let both = Conventions::OPENINFERENCE | Conventions::GEN_AI;
/// assert_eq!(both, Conventions::default());
/// assert!(both.contains(Conventions::GEN_AI));
/// assert!(Conventions::GEN_AI.contains(Conventions::OPENINFERENCE));
///
/// let named: Conventions = "pipecat,langfuse".parse()?;
/// assert_eq!(named, Conventions::PIPECAT | Conventions::LANGFUSE);
/// assert_eq!(named.to_string(), "openinference,pipecat,langfuse");
/// # Ok::<(), UnknownNameError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Conventions(u8);

impl Conventions {
    /// `OpenInference`, as Phoenix and Arize read it. It has no bit of its own, and so is in every set.
    pub const OPENINFERENCE: Self = Self(0);
    /// OpenTelemetry's conventions for generative AI (`gen_ai.*`).
    pub const GEN_AI: Self = Self(1);
    /// What Pipecat's own tracing writes, so that dashboards made for it go on working: `metrics.ttfb`, `turn.number`.
    pub const PIPECAT: Self = Self(1 << 1);
    /// What Langfuse makes sessions, names of traces and chats from. A language model's `input.value` then holds all
    /// messages as JSON, no longer the user's last one.
    pub const LANGFUSE: Self = Self(1 << 2);
    /// What `OpenObserve`'s guide to Pipecat shows (`pipecat.service`, `pipecat.prompt_tokens`, …).
    pub const OPENOBSERVE: Self = Self(1 << 3);

    /// Whether every convention of `other` is in this set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Both together: `|`, where that cannot be written, as in constants.
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

const NAMES: NameTable<Conventions> = NameTable {
    what: "convention",
    named: &[
        ("openinference", Conventions::OPENINFERENCE),
        ("gen_ai", Conventions::GEN_AI),
        ("pipecat", Conventions::PIPECAT),
        ("langfuse", Conventions::LANGFUSE),
        ("openobserve", Conventions::OPENOBSERVE),
    ],
};

impl Default for Conventions {
    fn default() -> Self {
        Self::OPENINFERENCE | Self::GEN_AI
    }
}

impl BitOr for Conventions {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        self.with(other)
    }
}

/// The names, with commas between them.
impl FromStr for Conventions {
    type Err = UnknownNameError;

    fn from_str(names: &str) -> Result<Self, UnknownNameError> {
        let mut set = Self::OPENINFERENCE;
        for name in names.split(',') {
            set = set | NAMES.find(name.trim())?;
        }
        Ok(set)
    }
}

/// The names, with commas between them.
impl fmt::Display for Conventions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let contained = NAMES.named.iter().filter(|(_, convention)| self.contains(*convention));
        f.write_str(&contained.map(|(name, _)| *name).collect::<Vec<_>>().join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::Conventions;

    #[test]
    fn a_set_is_read_as_it_is_written() {
        for (names, set) in [
            ("openinference", Conventions::OPENINFERENCE),
            ("openinference,gen_ai", Conventions::default()),
            ("openinference,openobserve", Conventions::OPENOBSERVE),
            (
                "openinference,gen_ai,pipecat,langfuse",
                Conventions::GEN_AI | Conventions::PIPECAT | Conventions::LANGFUSE,
            ),
        ] {
            assert_eq!(set.to_string(), names);
            assert_eq!(names.parse(), Ok(set));
        }
        assert_eq!(" langfuse , gen_ai".parse(), Ok(Conventions::LANGFUSE | Conventions::GEN_AI));
    }

    #[test]
    fn a_name_that_is_none_is_told_with_those_that_are() {
        assert_eq!(
            "gen_ai,genai".parse::<Conventions>().unwrap_err().to_string(),
            "no convention is called `genai`: choose from openinference, gen_ai, pipecat, langfuse, openobserve"
        );
        assert!("".parse::<Conventions>().is_err());
    }

    #[test]
    fn one_convention_does_not_bring_another() {
        let all =
            [Conventions::GEN_AI, Conventions::PIPECAT, Conventions::LANGFUSE, Conventions::OPENOBSERVE];
        for (index, one) in all.iter().enumerate() {
            for (other, convention) in all.iter().enumerate() {
                assert_eq!(one.contains(*convention), index == other, "{one} and {convention}");
            }
        }
    }
}
