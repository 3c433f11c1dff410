//! `#[derive(ObservedFrame)]`: attributes are parsed, held against the kinds and the fields, and become two matches.

mod attr;
mod check;
mod expand;
mod kinds;
#[cfg(test)]
mod tests;

use proc_macro2::TokenStream;

/// The implementation, or what is wrong with the attributes.
pub(crate) fn observed_frame(input: TokenStream) -> TokenStream {
    syn::parse2(input)
        .and_then(check::frame_type)
        .map_or_else(syn::Error::into_compile_error, |checked| expand::implementation(&checked))
}
