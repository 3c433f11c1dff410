//! What can be annotated: an `impl` block or a function.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Block, Error, ImplItem, ImplItemFn, ItemFn, ItemImpl, Signature, Token, Visibility};

/// An item that can be annotated.
pub(super) enum Item {
    /// All constructors of a type.
    Impl(ItemImpl),
    /// One constructor: a free function, or one in an `impl` block that is not annotated itself.
    Function(ItemFn),
}

impl Parse for Item {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let ahead = input.fork();
        Attribute::parse_outer(&ahead)?;
        if ahead.peek(Token![impl])
            || ahead.peek2(Token![impl]) && (ahead.peek(Token![unsafe]) || ahead.peek(Token![default]))
        {
            return input.parse().map(Self::Impl);
        }
        ahead.parse::<Visibility>()?;
        if ahead.fork().parse::<Signature>().is_ok() || begins_a_function(&ahead) {
            return input.parse().map(Self::Function);
        }
        Err(Error::new(
            ahead.span(),
            "`#[instrument_task]` goes above an `impl` block with constructors, or above a function that builds a task",
        ))
    }
}

/// Whether something with a mistake in it was meant to be a function.
fn begins_a_function(input: ParseStream<'_>) -> bool {
    input.peek(Token![fn]) || input.peek2(Token![fn]) || input.peek3(Token![fn])
}

/// Takes the `#[instrument_task(…)]` attributes off a function of an annotated `impl` block.
pub(super) fn take_annotations(function: &mut ImplItemFn) -> Vec<Attribute> {
    function.attrs.extract_if(.., |attribute| is_annotation(attribute)).collect()
}

fn is_annotation(attribute: &Attribute) -> bool {
    attribute.path().segments.last().is_some_and(|segment| segment.ident == "instrument_task")
}

/// The item as it stands, but without the annotations that belong to the one that is wrong.
pub(super) fn without_inner_annotations(item: TokenStream) -> TokenStream {
    let Ok(mut block) = syn::parse2::<ItemImpl>(item.clone()) else { return item };
    for item in &mut block.items {
        if let ImplItem::Fn(function) = item {
            take_annotations(function);
        }
    }
    quote!(#block)
}

/// A function's own tokens between its braces, and new ones around them.
pub(super) fn replace_body(block: &mut Block, with: impl FnOnce(&Block) -> TokenStream) {
    let body = with(block);
    block.stmts = vec![syn::Stmt::Expr(syn::Expr::Verbatim(body), None)];
}

/// Tokens as one would write them, for a name.
pub(super) fn written(tokens: &impl ToTokens) -> String {
    tokens.to_token_stream().to_string().replace(" :: ", "::").replace(" < ", "<").replace(" >", ">")
}
