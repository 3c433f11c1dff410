//! What annotations can name: what a service was given, what it answered, what it cost.

mod input;
mod output;
mod usage;

pub use input::ServiceInput;
pub use output::ServiceOutput;
pub use usage::{AudioLength, CharacterCount, LlmTokens};
