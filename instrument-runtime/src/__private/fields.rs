//! From a field of somebody's frame, as `#[derive(ObservedFrame)]` finds it, to what a view borrows.
//!
//! A field arrives as a reference, the value of an expression as it is; so everything is there for both.

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use crate::engine::frame::Json;

/// A text.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no text that can be borrowed",
    label = "not a `&str`",
    note = "name a field of type `String`, `&str`, `Arc<str>`, …, or write an expression that is a `&str`"
)]
pub trait Text<'a> {
    /// The text.
    fn text(self) -> &'a str;
}

impl<'a, T: AsRef<str> + ?Sized> Text<'a> for &'a T {
    fn text(self) -> &'a str {
        self.as_ref()
    }
}

/// A text that may be missing.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no text that can be borrowed, nor an `Option` of one",
    label = "not a `&str` or `Option<&str>`",
    note = "name a field of type `String`, `Option<String>`, …, or write an expression that is an `Option<&str>`"
)]
pub trait OptionalText<'a> {
    /// The text, if there is one.
    fn optional_text(self) -> Option<&'a str>;
}

/// What a reference to can be an [`OptionalText`].
pub trait MaybeText {
    /// The text, if there is one.
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

impl<T: MaybeText> MaybeText for Option<T> {
    fn maybe_text(&self) -> Option<&str> {
        self.as_ref()?.maybe_text()
    }
}

impl<T: MaybeText + ?Sized> MaybeText for &T {
    fn maybe_text(&self) -> Option<&str> {
        (**self).maybe_text()
    }
}

macro_rules! always_a_text {
    ($($text:ty),*) => {$(
        impl MaybeText for $text {
            fn maybe_text(&self) -> Option<&str> {
                Some(self.as_ref())
            }
        }
    )*};
}

always_a_text!(str, String, Box<str>, Arc<str>, Rc<str>, Arc<String>, Cow<'_, str>);

/// JSON, or text that holds JSON, that may be missing.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no JSON that can be borrowed, nor an `Option` of it",
    label = "not JSON",
    note = "name a field of type `serde_json::Value` or `Option<serde_json::Value>`, or one that implements `frame::Json`"
)]
pub trait OptionalJson<'a> {
    /// The JSON, if there is any.
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

/// A number that is never below zero; one that is counts as zero.
#[diagnostic::on_unimplemented(message = "`{Self}` is no whole number", label = "not a whole number")]
pub trait Count: Copy {
    /// The number, or the greatest that `N` holds.
    fn count<N: TryFrom<u64> + Bounded>(self) -> N;
}

/// A number type with a greatest value.
pub trait Bounded {
    /// That value.
    const MAX: Self;
}

macro_rules! counts {
    ($($number:ty),*) => {$(
        impl Count for $number {
            fn count<N: TryFrom<u64> + Bounded>(self) -> N {
                #[allow(irrefutable_let_patterns, clippy::unnecessary_fallible_conversions, reason = "for some it is")]
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

/// How many bytes a piece of audio has as 16-bit samples: a number of bytes, or the audio itself.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is neither audio nor a number of bytes",
    label = "not audio",
    note = "name a field of type `Vec<u8>`, `Vec<i16>`, … or write an expression that is a number of bytes"
)]
pub trait ByteCount {
    /// The number of bytes.
    fn byte_count(self) -> u64;
}

/// One element of what holds audio.
pub trait Sample {
    /// How many bytes it has as 16-bit sample, or as part of one.
    const BYTES: u64;
}

impl Sample for u8 {
    const BYTES: u64 = 1;
}

impl Sample for i16 {
    const BYTES: u64 = 2;
}

impl Sample for f32 {
    // Twice as many in memory; but it plays as long as one 16-bit sample does.
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

macro_rules! holds_audio {
    ($($holder:ty),*) => {$(
        impl<S: Sample> ByteCount for &$holder {
            fn byte_count(self) -> u64 {
                (**self).byte_count()
            }
        }
    )*};
}

holds_audio!(Box<[S]>, Arc<[S]>, Rc<[S]>, &[S]);

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

/// Seconds, or a duration, that may be missing.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no number of seconds",
    label = "not an `f64` or a `Duration`"
)]
pub trait OptionalSeconds {
    /// The seconds, if they are told.
    fn optional_seconds(self) -> Option<f64>;
}

impl OptionalSeconds for f64 {
    fn optional_seconds(self) -> Option<f64> {
        Some(self)
    }
}

impl OptionalSeconds for f32 {
    fn optional_seconds(self) -> Option<f64> {
        Some(self.into())
    }
}

impl OptionalSeconds for Duration {
    fn optional_seconds(self) -> Option<f64> {
        Some(self.as_secs_f64())
    }
}

impl<T: OptionalSeconds> OptionalSeconds for Option<T> {
    fn optional_seconds(self) -> Option<f64> {
        self?.optional_seconds()
    }
}

impl<T: OptionalSeconds + Copy> OptionalSeconds for &T {
    fn optional_seconds(self) -> Option<f64> {
        (*self).optional_seconds()
    }
}

/// Yes or no.
#[diagnostic::on_unimplemented(message = "`{Self}` is no `bool`", label = "not a `bool`")]
pub trait Truth {
    /// Which.
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
