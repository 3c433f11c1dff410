//! What a service's work cost.

use std::time::Duration;

use crate::engine::frame::LlmUsage;

/// What an invocation of a model can cost.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no number of tokens",
    label = "not the usage of a model",
    note = "give a `frame::LlmUsage`, or the tokens that were sent and received: `(prompt, completion)`; or an `Option` \
            of one"
)]
pub trait LlmTokens {
    /// The tokens, if they are told.
    fn tokens(&self) -> Option<LlmUsage>;
}

impl LlmTokens for LlmUsage {
    fn tokens(&self) -> Option<LlmUsage> {
        Some(*self)
    }
}

impl<T: LlmTokens + ?Sized> LlmTokens for &T {
    fn tokens(&self) -> Option<LlmUsage> {
        (**self).tokens()
    }
}

impl<T: LlmTokens> LlmTokens for Option<T> {
    fn tokens(&self) -> Option<LlmUsage> {
        self.as_ref()?.tokens()
    }
}

/// How many characters a synthesis can be paid for.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no number of characters",
    label = "not the usage of a synthesis",
    note = "give a `usize`, `u32` or `u64`, or an `Option` of one"
)]
pub trait CharacterCount {
    /// The characters, if they are told.
    fn characters(&self) -> Option<u64>;
}

impl<T: CharacterCount + ?Sized> CharacterCount for &T {
    fn characters(&self) -> Option<u64> {
        (**self).characters()
    }
}

impl<T: CharacterCount> CharacterCount for Option<T> {
    fn characters(&self) -> Option<u64> {
        self.as_ref()?.characters()
    }
}

macro_rules! counts {
    ($($number:ty),*) => {$(
        /// Tokens that were sent and received.
        impl LlmTokens for ($number, $number) {
            fn tokens(&self) -> Option<LlmUsage> {
                let (prompt, completion) = (self.0.characters()?, self.1.characters()?);
                Some(LlmUsage { prompt, completion, total: prompt.saturating_add(completion), ..LlmUsage::default() })
            }
        }

        impl CharacterCount for $number {
            fn characters(&self) -> Option<u64> {
                u64::try_from(*self).ok()
            }
        }
    )*};
}

counts!(u16, u32, usize, i32, i64);

impl LlmTokens for (u64, u64) {
    fn tokens(&self) -> Option<LlmUsage> {
        let (prompt, completion) = *self;
        Some(LlmUsage { prompt, completion, total: prompt.saturating_add(completion), ..LlmUsage::default() })
    }
}

impl CharacterCount for u64 {
    fn characters(&self) -> Option<u64> {
        Some(*self)
    }
}

/// How much audio a recognizer can be paid for.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no length of audio",
    label = "not the usage of a recognizer",
    note = "give seconds as `f64` or `f32`, a `Duration`, or an `Option` of one"
)]
pub trait AudioLength {
    /// Seconds, if they are told.
    fn seconds(&self) -> Option<f64>;
}

impl AudioLength for f64 {
    fn seconds(&self) -> Option<f64> {
        Some(*self)
    }
}

impl AudioLength for f32 {
    fn seconds(&self) -> Option<f64> {
        Some((*self).into())
    }
}

impl AudioLength for Duration {
    fn seconds(&self) -> Option<f64> {
        Some(self.as_secs_f64())
    }
}

impl<T: AudioLength + ?Sized> AudioLength for &T {
    fn seconds(&self) -> Option<f64> {
        (**self).seconds()
    }
}

impl<T: AudioLength> AudioLength for Option<T> {
    fn seconds(&self) -> Option<f64> {
        self.as_ref()?.seconds()
    }
}
