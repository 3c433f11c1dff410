//! What is written, and how much of it.

use std::ops::BitOr;

/// How many attributes a span of the OpenTelemetry SDK carries unless its provider was told otherwise.
const SDK_ATTRIBUTE_LIMIT: usize = 128;

/// How spans are written: the same for every conversation of a process.
///
/// ```
/// use pipecat_instrument_runtime::emit::{Conventions, EmitSettings};
///
/// let settings = EmitSettings { conventions: Conventions::OPENINFERENCE, ..EmitSettings::default() };
/// assert_eq!(settings.attribute_limit, 128);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmitSettings {
    /// The conventions whose attributes are written.
    pub conventions: Conventions,
    /// How many attributes a span carries, 128 by default. It should be the provider's own
    /// `max_attributes_per_span`, as the provider silently drops what comes after that many.
    pub attribute_limit: usize,
}

impl Default for EmitSettings {
    fn default() -> Self {
        Self { conventions: Conventions::default(), attribute_limit: SDK_ATTRIBUTE_LIMIT }
    }
}

/// A set of semantic conventions: which words a span is told in.
///
/// `OpenInference` is in every set, for it is what the other conventions are added to.
///
/// ```
/// use pipecat_instrument_runtime::emit::Conventions;
///
/// let both = Conventions::OPENINFERENCE | Conventions::GEN_AI;
/// assert_eq!(both, Conventions::default());
/// assert!(both.contains(Conventions::GEN_AI));
/// assert!(Conventions::GEN_AI.contains(Conventions::OPENINFERENCE));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Conventions(u8);

impl Conventions {
    /// `OpenInference`, as Phoenix reads it. It has no bit of its own, and so is in every set.
    pub const OPENINFERENCE: Self = Self(0);
    /// OpenTelemetry's conventions for generative AI (`gen_ai.*`).
    pub const GEN_AI: Self = Self(1);

    /// Whether every convention of `other` is in this set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

impl Default for Conventions {
    fn default() -> Self {
        Self::OPENINFERENCE | Self::GEN_AI
    }
}

impl BitOr for Conventions {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}
