//! What a function returned, as far as its type lets one look.
//!
//! A method of the outermost of these that has it for the type is the one that is called; the rest follow by `Deref`:
//!
//! ```text
//!   Seen: Result<_, E: Display> ──▶ Debugged: Result<_, E: Debug> ──▶ Silent: Result<_, E> ──▶ Plain: anything else
//! ```

use std::fmt::{Debug, Display};
use std::ops::Deref;

use super::failure::of_error;
use super::found::Found;
use crate::observer::{Panicked, isolate};

/// What a function returned: a `Result` whose error can be shown, or what it gives way to.
#[derive(Debug)]
pub struct Seen<'a, R>(Debugged<'a, R>);

/// A `Result` whose error can be debugged.
#[derive(Debug)]
pub struct Debugged<'a, R>(Silent<'a, R>);

/// A `Result` whose error says nothing.
#[derive(Debug)]
pub struct Silent<'a, R>(Plain<'a, R>);

/// No `Result`.
#[derive(Debug)]
pub struct Plain<'a, R>(&'a R);

impl<'a, R> Seen<'a, R> {
    /// What was returned.
    pub const fn new(returned: &'a R) -> Self {
        Self(Debugged(Silent(Plain(returned))))
    }
}

impl<'a, R> Deref for Seen<'a, R> {
    type Target = Debugged<'a, R>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<'a, R> Deref for Debugged<'a, R> {
    type Target = Silent<'a, R>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<'a, R> Deref for Silent<'a, R> {
    type Target = Plain<'a, R>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<T, E: Display> Seen<'_, Result<T, E>> {
    /// Tells the error, or has `look` look at what came of it.
    pub fn tell(&self, found: &mut Found, look: impl FnOnce(&T, &mut Found)) {
        tell(self.0.0.0.0, found, look, |error| Some(error.to_string()));
    }
}

impl<T, E: Debug> Debugged<'_, Result<T, E>> {
    /// Tells the error, or has `look` look at what came of it.
    pub fn tell(&self, found: &mut Found, look: impl FnOnce(&T, &mut Found)) {
        tell(self.0.0.0, found, look, |error| Some(format!("{error:?}")));
    }
}

impl<T, E> Silent<'_, Result<T, E>> {
    /// Tells that there was an error, or has `look` look at what came of it.
    pub fn tell(&self, found: &mut Found, look: impl FnOnce(&T, &mut Found)) {
        tell(self.0.0, found, look, |_| None);
    }
}

impl<R> Plain<'_, R> {
    /// Has `look` look at what was returned.
    pub fn tell(&self, found: &mut Found, look: impl FnOnce(&R, &mut Found)) {
        looked_at(self.0, found, look);
    }
}

fn tell<T, E>(
    returned: &Result<T, E>,
    found: &mut Found,
    look: impl FnOnce(&T, &mut Found),
    message: impl FnOnce(&E) -> Option<String>,
) {
    match returned {
        Ok(value) => looked_at(value, found, look),
        Err(error) => {
            let message = isolate(|| message(error)).unwrap_or_else(|Panicked(panic)| Some(panic));
            found.fail(of_error::<E>(
                message.unwrap_or_else(|| "an error that does not say what it is".into()),
            ));
        }
    }
}

/// What an annotation's own expressions find, if they do not panic.
fn looked_at<T>(value: &T, found: &mut Found, look: impl FnOnce(&T, &mut Found)) {
    if let Err(Panicked(panic)) = isolate(|| look(value, found)) {
        tracing::error!(panic, "a panic in `output` or `usage` of a traced function: what they say is lost");
    }
}
