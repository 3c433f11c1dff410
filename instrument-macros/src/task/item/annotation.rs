//! The annotations on and inside an item.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use syn::Attribute;
use syn::parse::{ParseStream, Parser};

use super::Function;

/// Takes the `#[instrument_task(…)]` attributes off a function of an annotated `impl` block.
pub(in crate::task) fn take_annotations(function: &mut Function) -> Vec<Attribute> {
    function.attributes.extract_if(.., |attribute| is_annotation(attribute)).collect()
}

pub(in crate::task) fn is_annotation(attribute: &Attribute) -> bool {
    attribute.path().segments.last().is_some_and(|segment| segment.ident == "instrument_task")
}

/// The item as it stands, but without the annotations that belong to the one that is wrong, wherever they are: they would
/// be read for themselves, and be wrong, too.
pub(in crate::task) fn without_inner_annotations(item: TokenStream) -> TokenStream {
    let mut kept: Vec<TokenTree> = Vec::new();
    for token in item {
        match token {
            TokenTree::Group(group) if is_written_annotation(&group) && ends_with_pound(&kept) => {
                kept.pop();
            }
            TokenTree::Group(group) if matches!(group.delimiter(), Delimiter::Brace | Delimiter::None) => {
                let mut inner = Group::new(group.delimiter(), without_inner_annotations(group.stream()));
                inner.set_span(group.span());
                kept.push(inner.into());
            }
            other => kept.push(other),
        }
    }
    TokenStream::from_iter(kept)
}

fn is_written_annotation(group: &Group) -> bool {
    let is_path = |input: ParseStream<'_>| {
        let path = input.call(syn::Path::parse_mod_style)?;
        input.parse::<TokenStream>()?;
        Ok(path.segments.last().is_some_and(|segment| segment.ident == "instrument_task"))
    };
    group.delimiter() == Delimiter::Bracket && Parser::parse2(is_path, group.stream()).unwrap_or_default()
}

fn ends_with_pound(tokens: &[TokenTree]) -> bool {
    matches!(tokens.last(), Some(TokenTree::Punct(punct)) if punct.as_char() == '#')
}
