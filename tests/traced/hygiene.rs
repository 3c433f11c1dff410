//! Hygiene: names in an expansion do not clash with the user's, and strict lints do not fire.

use super::support::{Traced, block_on};
use super::tree::tree;

#[deny(warnings, clippy::pedantic)]
mod strict {
    #![no_implicit_prelude]

    use ::std::string::String;

    #[allow(dead_code, reason = "named like ours")]
    struct TracedCall;
    #[allow(dead_code, reason = "named like ours")]
    struct ReturnValue;
    #[allow(dead_code, reason = "named like ours")]
    fn traced_llm() {}
    #[allow(dead_code, reason = "named like ours")]
    mod pipecat_instrument {}

    pub(super) struct Llm {
        pub(super) metadata: &'static str,
    }

    impl Llm {
        /// Uses each name of an expansion as a user's name.
        #[::pipecat_instrument::traced_llm(
            name = service,
            model = metadata,
            provider = self.metadata,
            input = started,
            output = |value| ::std::format!("{outcome}{value}"),
            crate = ::pipecat_instrument
        )]
        #[inline]
        #[must_use = "it holds the response"]
        pub(super) async fn complete(
            &self,
            service: &str,
            metadata: &str,
            started: &str,
            outcome: &'static str,
        ) -> ::std::result::Result<String, u8> {
            let value = service.len() + metadata.len() + started.len();
            if value == 0 {
                return ::std::result::Result::Err(1);
            }
            ::std::result::Result::Ok(<String as ::std::convert::From<&str>>::from(" answer"))
        }
    }

    /// Patterns, generics, and an inner attribute in the body.
    #[::pipecat_instrument::traced_tts(input = text.as_ref(), usage = |_| N)]
    pub(super) fn say<T: ::std::convert::AsRef<str>, const N: usize>(text: T, (one, _): (u8, u8)) -> [u8; N] {
        #![allow(clippy::needless_pass_by_value, reason = "the argument is taken by value on purpose")]
        ::std::assert!(!text.as_ref().is_empty());
        [one; N]
    }

    #[::pipecat_instrument::traced_stt]
    pub(super) fn r#await() {}
}

/// The facade under another name, as in a crate that re-exports it.
mod re_exported {
    pub(super) mod tracing {
        pub(crate) use ::pipecat_instrument::*;
    }

    #[tracing::traced_llm(crate = self::tracing, name = "Elsewhere")]
    pub(super) fn complete() {}
}

macro_rules! service {
    ($name:ident, $model:expr) => {
        #[::pipecat_instrument::traced_llm(model = $model, input = text)]
        fn $name(text: &str) -> usize {
            text.len()
        }
    };
}

service!(made_by_a_macro, "macro-1");

#[test]
fn expansion_names_do_not_clash_with_user_names() {
    let traced = Traced::new();
    let llm = strict::Llm { metadata: "us" };
    assert_eq!(block_on(llm.complete("Named", "m", "Hi", "The")).unwrap(), " answer");
    assert_eq!(strict::say::<_, 2>("Hi", (7, 8)), [7, 7]);
    strict::r#await();
    re_exported::complete();
    assert_eq!(made_by_a_macro("Hi"), 2);
    assert_eq!(
        tree(&traced.spans()),
        "
pipecat.llm · Named · m · by us · in Hi · out The answer
pipecat.tts · say · by say · in Hi · out Hi · characters 2
pipecat.stt · await · by await
pipecat.llm · Elsewhere · by elsewhere
pipecat.llm · made_by_a_macro · macro-1 · by made_by_a_macro · in Hi
"
    );
}
