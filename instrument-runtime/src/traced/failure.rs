//! What went wrong, in words.

use std::any::Any;

use crate::engine::operation::Failure;

/// The type of an error of which nothing is known.
const OTHER: &str = "_OTHER";

/// The type of what ended with a panic.
const PANIC: &str = "panic";

/// An error of type `E`, which says `message`.
pub(super) fn of_error<E: ?Sized>(message: String) -> Failure {
    Failure { message, error_type: class_of(std::any::type_name::<E>()).to_owned() }
}

/// A panic, by what it says.
pub(super) fn of_panic(panic: &(dyn Any + Send)) -> Failure {
    let said =
        panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    let message = said.unwrap_or("a panic without a message").to_owned();
    Failure { message, error_type: PANIC.to_owned() }
}

/// The path of a type without its parameters; what hides its type (`Box<dyn Error>`), and mere text, has no class.
fn class_of(type_name: &'static str) -> &'static str {
    let is_opaque = type_name.contains("dyn ")
        || type_name.starts_with('&')
        || type_name.starts_with("alloc::")
        || type_name.starts_with('(');
    if is_opaque { OTHER } else { type_name.split_once('<').map_or(type_name, |(path, _)| path) }
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use super::{of_error, of_panic};

    #[test]
    fn an_error_is_of_its_class() {
        assert_eq!(of_error::<std::fmt::Error>("x".into()).error_type, "core::fmt::Error");
        assert_eq!(of_error::<Box<dyn Error + Send>>("x".into()).error_type, "_OTHER");
        assert_eq!(of_error::<String>("x".into()).error_type, "_OTHER");
        assert_eq!(of_error::<&str>("x".into()).error_type, "_OTHER");
    }

    #[test]
    fn a_panic_is_told_in_its_words() {
        assert_eq!(of_panic(&"oops").message, "oops");
        assert_eq!(of_panic(&String::from("oops")).message, "oops");
        assert_eq!(of_panic(&7_u8).message, "a panic without a message");
    }
}
