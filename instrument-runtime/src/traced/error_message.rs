//! The type and message of the error that a traced call returned.
//!
//! Autoderef specialization picks the best message that the error type offers: the compiler calls the method `record`
//! of the outermost wrapper that implements it for the type. Each wrapper dereferences to the next:
//!
//! ```text
//!   ReturnValue                DebugError               OpaqueError         PlainValue
//!   Result<_, E: Display> ──▶  Result<_, E: Debug> ──▶  Result<_, E>  ──▶   any other type
//! ```

use std::any::Any;
use std::fmt::{Debug, Display};
use std::ops::Deref;

use super::outcome_builder::OutcomeBuilder;
use crate::catch_panic::{PanicMessage, catch_panic, panic_message};
use crate::engine::operation::Failure;
use crate::engine::truncate::to_bounded;

/// A returned value; its own `record` takes a `Result` whose error implements `Display`.
#[derive(Debug)]
pub struct ReturnValue<'a, R>(DebugError<'a, R>);

/// A `Result` whose error implements `Debug`.
#[derive(Debug)]
pub struct DebugError<'a, R>(OpaqueError<'a, R>);

/// A `Result` whose error has no message.
#[derive(Debug)]
pub struct OpaqueError<'a, R>(PlainValue<'a, R>);

/// A value that is not a `Result`.
#[derive(Debug)]
pub struct PlainValue<'a, R>(&'a R);

macro_rules! fall_back {
    ($($outer:ident -> $inner:ident),*) => {$(
        impl<'a, R> Deref for $outer<'a, R> {
            type Target = $inner<'a, R>;

            fn deref(&self) -> &Self::Target {
                &self.0
            }
        }
    )*};
}

fall_back!(ReturnValue -> DebugError, DebugError -> OpaqueError, OpaqueError -> PlainValue);

impl<'a, R> ReturnValue<'a, R> {
    /// Wraps the value that the call returned.
    pub const fn new(returned: &'a R) -> Self {
        Self(DebugError(OpaqueError(PlainValue(returned))))
    }
}

impl<T, E: Display> ReturnValue<'_, Result<T, E>> {
    /// Records the error, or calls `read` with the value.
    pub fn record(&self, outcome: &mut OutcomeBuilder, read: impl FnOnce(&T, &mut OutcomeBuilder)) {
        record_result(self.0.0.0.0, outcome, read, |error| Some(error.to_string()));
    }
}

impl<T, E: Debug> DebugError<'_, Result<T, E>> {
    /// Records the error, or calls `read` with the value.
    pub fn record(&self, outcome: &mut OutcomeBuilder, read: impl FnOnce(&T, &mut OutcomeBuilder)) {
        record_result(self.0.0.0, outcome, read, |error| Some(format!("{error:?}")));
    }
}

impl<T, E> OpaqueError<'_, Result<T, E>> {
    /// Records an error without a message, or calls `read` with the value.
    pub fn record(&self, outcome: &mut OutcomeBuilder, read: impl FnOnce(&T, &mut OutcomeBuilder)) {
        record_result(self.0.0, outcome, read, |_| None);
    }
}

impl<R> PlainValue<'_, R> {
    /// Calls `read` with the value.
    pub fn record(&self, outcome: &mut OutcomeBuilder, read: impl FnOnce(&R, &mut OutcomeBuilder)) {
        record_value(self.0, outcome, read);
    }
}

fn record_result<T, E>(
    returned: &Result<T, E>,
    outcome: &mut OutcomeBuilder,
    read: impl FnOnce(&T, &mut OutcomeBuilder),
    message: impl FnOnce(&E) -> Option<String>,
) {
    match returned {
        Ok(value) => record_value(value, outcome, read),
        Err(error) => {
            let message = catch_panic(|| message(error)).unwrap_or_else(|PanicMessage(panic)| Some(panic));
            let message = message.unwrap_or_else(|| "an error that does not say what it is".into());
            outcome.set_failure(failure_of_error::<E>(&message));
        }
    }
}

/// Runs the annotation's `output` and `usage` expressions; a panic in them loses their values.
fn record_value<T>(value: &T, outcome: &mut OutcomeBuilder, read: impl FnOnce(&T, &mut OutcomeBuilder)) {
    if let Err(PanicMessage(panic)) = catch_panic(|| read(value, outcome)) {
        tracing::error!(panic, "`output` or `usage` of a traced function panicked: its value is lost");
    }
}

/// Builds the failure of a call that returned an error of type `E`.
fn failure_of_error<E: ?Sized>(message: &str) -> Failure {
    Failure { message: to_bounded(message), error_type: error_type(std::any::type_name::<E>()).to_owned() }
}

/// Builds the failure of a call that panicked.
pub(super) fn failure_of_panic(panic: &(dyn Any + Send)) -> Failure {
    Failure { message: to_bounded(&panic_message(panic)), error_type: "panic".to_owned() }
}

/// Returns the path of a type without its parameters. Returns OpenTelemetry's `_OTHER` for plain text and for a type
/// that hides the error (`Box<dyn Error>`).
fn error_type(type_name: &'static str) -> &'static str {
    let is_opaque = type_name.contains("dyn ")
        || type_name.starts_with('&')
        || type_name.starts_with("alloc::")
        || type_name.starts_with('(');
    if is_opaque { "_OTHER" } else { type_name.split_once('<').map_or(type_name, |(path, _)| path) }
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use super::{failure_of_error, failure_of_panic};

    #[test]
    fn error_type_is_the_path_of_the_type_unless_opaque() {
        assert_eq!(failure_of_error::<std::fmt::Error>("x").error_type, "core::fmt::Error");
        assert_eq!(failure_of_error::<Box<dyn Error + Send>>("x").error_type, "_OTHER");
        assert_eq!(failure_of_error::<String>("x").error_type, "_OTHER");
        assert_eq!(failure_of_error::<&str>("x").error_type, "_OTHER");
    }

    #[test]
    fn panic_payload_becomes_the_message() {
        assert_eq!(failure_of_panic(&"oops").message, "oops");
        assert_eq!(failure_of_panic(&String::from("oops")).message, "oops");
        assert_eq!(failure_of_panic(&7_u8).message, "a panic without a message");
    }
}
