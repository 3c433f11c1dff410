//! What is written, and how much of it.

use super::Conventions;

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
