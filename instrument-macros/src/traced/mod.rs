//! `#[traced_stt]`, `#[traced_llm]`, `#[traced_tts]`: arguments and function are parsed, held against each other and what
//! the function returns, and its body is wrapped.

mod args;
mod check;
mod expand;
mod item;
mod kind;
mod returned;
#[cfg(test)]
mod tests;

use proc_macro2::TokenStream;
use quote::quote;

pub(crate) use self::kind::{Kind, LLM, STT, TTS};

/// The annotated function; beside it, what is wrong with the annotation, if anything is. The item is never lost.
pub(crate) fn traced(kind: &Kind, args: TokenStream, item: &TokenStream) -> TokenStream {
    let args = args::parse(kind, args);
    match item::parse(kind, item).and_then(|function| check::function(kind, args, function)) {
        Ok(checked) => expand::function(kind, checked),
        Err(mistakes) => {
            let mistakes = mistakes.into_compile_error();
            quote!(#item #mistakes)
        }
    }
}
