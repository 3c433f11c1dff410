//! `#[instrument_task]`: arguments and item are parsed, each constructor is checked, its body is wrapped.

mod args;
mod check;
mod constructor;
mod expand;
mod item;
mod returned;
#[cfg(test)]
mod tests;
mod wrapped;

use proc_macro2::TokenStream;
use quote::quote;

use self::item::Item;

/// The annotated item; beside it, what is wrong with the annotation, if anything is. The item is never lost: an
/// unresolved name further down would hide the mistake that matters.
pub(crate) fn instrument_task(args: TokenStream, item: TokenStream) -> TokenStream {
    match instrumented(args, item.clone()) {
        Ok(instrumented) => instrumented,
        Err(mistakes) => {
            let mistakes = mistakes.into_compile_error();
            let item = item::without_inner_annotations(item);
            quote!(#item #mistakes)
        }
    }
}

fn instrumented(args: TokenStream, item: TokenStream) -> syn::Result<TokenStream> {
    let (args, mut mistakes) = args::parse(args);
    let Some(item) = mistakes.take(Item::parse(item)) else {
        return mistakes.into_result().map(|()| TokenStream::new());
    };
    match item {
        Item::Impl(item) => {
            check::impl_block((args, mistakes), item).map(|checked| expand::impl_block(&checked))
        }
        Item::Function(item) => {
            check::function((args, mistakes), item).map(|checked| expand::function(&checked))
        }
    }
}
