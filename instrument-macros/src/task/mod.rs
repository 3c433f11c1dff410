//! `#[instrument_task]`, in three steps: parse arguments and item, check each constructor, expand its body.

mod args;
mod constructor;
mod expand;
mod impl_block;
#[cfg(test)]
mod tests;
mod wrap;

use proc_macro2::TokenStream;
use quote::quote;

use crate::item::{Item, without_inner_annotations};

/// Expands an annotated item.
///
/// If the annotation is wrong, the item stays, with the errors beside it: without it, errors about unresolved names
/// elsewhere would hide the ones that matter.
pub(crate) fn instrument_task(args: TokenStream, item: TokenStream) -> TokenStream {
    try_expand(args, item.clone()).unwrap_or_else(|errors| {
        let errors = errors.into_compile_error();
        let item = without_inner_annotations(item);
        quote!(#item #errors)
    })
}

fn try_expand(args: TokenStream, item: TokenStream) -> syn::Result<TokenStream> {
    let (args, mut diagnostics) = args::parse(args);
    match diagnostics.handle(Item::parse(item)) {
        None => diagnostics.into_result().map(|()| TokenStream::new()),
        Some(Item::Impl(item)) => {
            impl_block::check(args, diagnostics, item).map(|checked| expand::impl_block(&checked))
        }
        Some(Item::Function(item)) => {
            constructor::check(args, diagnostics, item).map(|checked| expand::function(&checked))
        }
    }
}
