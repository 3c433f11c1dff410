//! `#[derive(ObservedService)]`: the attribute is parsed, held against the fields, and becomes a view.

mod attr;
mod check;
mod expand;
#[cfg(test)]
mod tests;

use proc_macro2::TokenStream;

/// The implementation, or what is wrong with the attribute.
pub(crate) fn observed_service(input: TokenStream) -> TokenStream {
    syn::parse2(input)
        .and_then(check::service_type)
        .map_or_else(syn::Error::into_compile_error, |checked| expand::implementation(&checked))
}
