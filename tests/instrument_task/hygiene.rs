//! Names in the expansion do not clash with names of the user.

#![no_implicit_prelude]
#![allow(non_snake_case, dead_code, non_camel_case_types, unused_macros, reason = "the names are the test")]

use crate::single_observer::Task;

// Items of the user, with names that an expansion could use.
struct Option;
struct Some;
struct Box;
struct Vec;
struct ObserveOptions;
mod core {}
mod std {}
mod pipecat_instrument {
    pub(super) mod v1 {}
    pub(super) mod __private {}
}
mod v1 {}
fn begin() {}
fn never() {}
macro_rules! file {
    () => {
        compile_error!()
    };
}
macro_rules! line {
    () => {
        compile_error!()
    };
}
macro_rules! register {
    ($($any:tt)*) => {
        compile_error!()
    };
}

struct Factory;

#[::pipecat_instrument::instrument_task(conversation_id = options)]
impl Factory {
    #[instrument_task(task = Task)]
    fn new(options: &str, construction: u8, observer: u8, future: u8) -> Task {
        ::std::assert!(!options.is_empty() && construction == observer && observer == future);
        ::std::default::Default::default()
    }

    #[instrument_task(task = Task)]
    async fn later(options: &str, construction: u8) -> ::std::result::Result<Task, u8> {
        if construction == 0 {
            return ::std::result::Result::Err(construction);
        }
        ::std::result::Result::Ok(Self::new(options, 1, 1, 1))
    }

    #[instrument_task(task = Task)]
    fn boxed(
        future: &str,
        construction: u8,
    ) -> ::std::pin::Pin<::std::boxed::Box<dyn ::std::future::Future<Output = Task> + '_>> {
        ::std::boxed::Box::pin(async move { Self::new(future, construction, 1, 1) })
    }
}

#[::pipecat_instrument::instrument_task(observers = construction, crate = ::pipecat_instrument, task = Task)]
fn build(mut construction: ::std::vec::Vec<::pipecat_instrument::Observer>, observer: u8) -> usize {
    construction.shrink_to_fit();
    construction.len() * observer as usize
}

#[test]
fn names_of_the_expansion_do_not_clash_with_the_users() {
    use ::std::{assert_eq, result::Result::Ok};

    assert_eq!(crate::single_observer::observed_once(|| Factory::new("1", 1, 1, 1)), "1");
    assert_eq!(
        crate::single_observer::observed_once(|| match crate::support::block_on(Factory::later("2", 1)) {
            Ok(task) => task,
            ::std::result::Result::Err(_) => ::std::unreachable!(),
        }),
        "2"
    );
    assert_eq!(
        crate::single_observer::observed_once(|| crate::support::block_on(Factory::boxed("3", 1))),
        "3"
    );
    let _traced = crate::support::Traced::new();
    assert_eq!(build(::std::vec::Vec::new(), 1), 1);
}
