//! What can be annotated: a function with a body, which stays the tokens that it is.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::parse::{Parse, ParseStream, Parser};
use syn::{Attribute, Error, Signature, Token, Visibility, braced};

use super::kind::Kind;

/// A function.
pub(super) struct Function {
    pub(super) attrs: Vec<Attribute>,
    pub(super) vis: Visibility,
    pub(super) sig: Signature,
    pub(super) body: Body,
}

/// What stands between its braces, with them.
pub(super) struct Body {
    /// `#![…]`, which belong to the function.
    pub(super) inner: Vec<Attribute>,
    braces: syn::token::Brace,
    tokens: TokenStream,
}

impl ToTokens for Body {
    fn to_tokens(&self, out: &mut TokenStream) {
        self.braces.surround(out, |out| self.tokens.to_tokens(out));
    }
}

/// The function that `tokens` are.
pub(super) fn parse(kind: &Kind, tokens: &TokenStream) -> syn::Result<Function> {
    Parser::parse2(|input: ParseStream<'_>| function(kind, input), tokens.clone())
}

fn function(kind: &Kind, input: ParseStream<'_>) -> syn::Result<Function> {
    let attrs = Attribute::parse_outer(input)?;
    let vis: Visibility = input.parse()?;
    let attribute = kind.attribute;
    if !is_function(input) {
        let message = format!(
            "`#[{attribute}]` goes above a function or method; of a type's methods, annotate the one that does the work"
        );
        return Err(Error::new(input.span(), message));
    }
    let sig: Signature = input.parse()?;
    if input.peek(Token![;]) {
        let message = format!(
            "there is nothing to trace without a body; `#[{attribute}]` goes above those that have one"
        );
        return Err(Error::new_spanned(quote!(#sig), message));
    }
    let content;
    let braces = braced!(content in input);
    let body =
        Body { inner: Attribute::parse_inner(&content)?, braces, tokens: TokenStream::parse(&content)? };
    Ok(Function { attrs, vis, sig, body })
}

/// Whether a signature begins here, be it with mistakes in it.
fn is_function(input: ParseStream<'_>) -> bool {
    let ahead = input.fork();
    while !ahead.is_empty() {
        if ahead.peek(Token![fn]) {
            return true;
        }
        let qualifies = ahead.peek(Token![const])
            || ahead.peek(Token![async])
            || ahead.peek(Token![unsafe])
            || ahead.peek(Token![extern])
            || ahead.peek(Token![default])
            || ahead.peek(syn::LitStr);
        if !qualifies || ahead.parse::<proc_macro2::TokenTree>().is_err() {
            return false;
        }
    }
    false
}
