//! Conversions from the fields of a user's frame or service type to the borrowed values of its view.
//!
//! The derives pass a field as a reference and an expression by value, so each conversion takes both.

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

use crate::engine::frame::Json;
use crate::observer::forward_conversion;

/// Text.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not text that can be borrowed",
    label = "not a `&str`",
    note = "name a field of type `String`, `&str`, `Arc<str>`, …, or write an expression that is a `&str`"
)]
pub trait Text<'a> {
    /// Returns the text.
    fn text(self) -> &'a str;
}

impl<'a, T: AsRef<str> + ?Sized> Text<'a> for &'a T {
    fn text(self) -> &'a str {
        self.as_ref()
    }
}

/// Optional text.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not text that can be borrowed, nor an `Option` of it",
    label = "not a `&str` or `Option<&str>`",
    note = "name a field of type `String`, `Option<String>`, …, or write an expression that is an `Option<&str>`"
)]
pub trait OptionalText<'a> {
    /// Returns the text, if there is any.
    fn optional_text(self) -> Option<&'a str>;
}

/// A type whose references are [`OptionalText`].
pub trait MaybeText {
    /// Returns the text, if there is any.
    fn maybe_text(&self) -> Option<&str>;
}

impl<'a, T: MaybeText + ?Sized> OptionalText<'a> for &'a T {
    fn optional_text(self) -> Option<&'a str> {
        self.maybe_text()
    }
}

impl<'a, T: AsRef<str> + ?Sized> OptionalText<'a> for Option<&'a T> {
    fn optional_text(self) -> Option<&'a str> {
        self.map(AsRef::as_ref)
    }
}

forward_conversion!(MaybeText::maybe_text() -> Option<&str>, none: None);

impl MaybeText for str {
    fn maybe_text(&self) -> Option<&str> {
        Some(self)
    }
}

impl MaybeText for String {
    fn maybe_text(&self) -> Option<&str> {
        Some(self)
    }
}

impl MaybeText for Cow<'_, str> {
    fn maybe_text(&self) -> Option<&str> {
        Some(self)
    }
}

/// Optional JSON, or text that holds JSON.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not JSON that can be borrowed, nor an `Option` of it",
    label = "not JSON",
    note = "name a field of type `serde_json::Value` or `Option<serde_json::Value>`, or one that implements `frame::Json`"
)]
pub trait OptionalJson<'a> {
    /// Returns the JSON, if there is any.
    fn optional_json(self) -> Option<&'a dyn Json>;
}

impl<'a, T: Json> OptionalJson<'a> for &'a T {
    fn optional_json(self) -> Option<&'a dyn Json> {
        Some(self)
    }
}

impl<'a, T: Json> OptionalJson<'a> for &'a Option<T> {
    fn optional_json(self) -> Option<&'a dyn Json> {
        self.as_ref().map(|json| json as &dyn Json)
    }
}

impl<'a, T: Json> OptionalJson<'a> for Option<&'a T> {
    fn optional_json(self) -> Option<&'a dyn Json> {
        self.map(|json| json as &dyn Json)
    }
}

/// A whole number. Negative numbers count as zero.
#[diagnostic::on_unimplemented(message = "`{Self}` is not a whole number", label = "not a whole number")]
pub trait Count: Copy {
    /// Returns the number, or the maximum of `N` if it is greater.
    fn count<N: TryFrom<u64> + Bounded>(self) -> N;
}

/// An integer type with a maximum.
pub trait Bounded {
    /// The maximum.
    const MAX: Self;
}

macro_rules! counts {
    ($($number:ty),*) => {$(
        impl Count for $number {
            fn count<N: TryFrom<u64> + Bounded>(self) -> N {
                #[allow(irrefutable_let_patterns, clippy::unnecessary_fallible_conversions, reason = "infallible for some types")]
                let number = if let Ok(number) = u64::try_from(self) { number } else { 0 };
                N::try_from(number).unwrap_or(N::MAX)
            }
        }

        impl Count for &$number {
            fn count<N: TryFrom<u64> + Bounded>(self) -> N {
                (*self).count()
            }
        }
    )*};
}

counts!(u8, u16, u32, u64, usize, i32, i64);

impl Bounded for u16 {
    const MAX: Self = Self::MAX;
}

impl Bounded for u32 {
    const MAX: Self = Self::MAX;
}

/// The size of audio as 16-bit samples: a number of bytes, or the audio itself.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is neither audio nor a number of bytes",
    label = "not audio",
    note = "name a field of type `Vec<u8>`, `Vec<i16>`, … or write an expression that is a number of bytes"
)]
pub trait ByteCount {
    /// Returns the number of bytes.
    fn byte_count(self) -> u64;
}

/// An element of audio data.
pub trait Sample {
    /// The bytes of this element as a 16-bit sample, or as part of one.
    const BYTES: u64;
}

impl Sample for u8 {
    const BYTES: u64 = 1;
}

impl Sample for i16 {
    const BYTES: u64 = 2;
}

impl Sample for f32 {
    // Four bytes in memory, but it plays as long as one 16-bit sample.
    const BYTES: u64 = 2;
}

impl<S: Sample> ByteCount for &[S] {
    fn byte_count(self) -> u64 {
        S::BYTES * self.len() as u64
    }
}

impl<S: Sample, const N: usize> ByteCount for &[S; N] {
    fn byte_count(self) -> u64 {
        self.as_slice().byte_count()
    }
}

macro_rules! audio_slices {
    ($($holder:ty),*) => {$(
        impl<S: Sample> ByteCount for &$holder {
            fn byte_count(self) -> u64 {
                (**self).byte_count()
            }
        }
    )*};
}

audio_slices!(Box<[S]>, Arc<[S]>, Rc<[S]>, &[S]);

impl<S: Sample> ByteCount for &Vec<S> {
    fn byte_count(self) -> u64 {
        self.as_slice().byte_count()
    }
}

impl<S: Sample> ByteCount for &Arc<Vec<S>> {
    fn byte_count(self) -> u64 {
        self.as_slice().byte_count()
    }
}

impl ByteCount for usize {
    fn byte_count(self) -> u64 {
        self as u64
    }
}

impl ByteCount for &usize {
    fn byte_count(self) -> u64 {
        *self as u64
    }
}

/// A `bool`.
#[diagnostic::on_unimplemented(message = "`{Self}` is not a `bool`", label = "not a `bool`")]
pub trait Truth {
    /// Returns the `bool`.
    fn truth(self) -> bool;
}

impl Truth for bool {
    fn truth(self) -> bool {
        self
    }
}

impl Truth for &bool {
    fn truth(self) -> bool {
        *self
    }
}
