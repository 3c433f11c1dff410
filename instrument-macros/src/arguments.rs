//! Arguments of an annotation, as `name = value`, each at most once.

use proc_macro2::{TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::{Error, Ident, Token};

use crate::mistakes::Mistakes;

/// Reads arguments one by one with `read`, which has read the name. Every mistake is noted, and the next one read all the
/// same.
pub(crate) fn each(
    tokens: TokenStream,
    mistakes: &mut Mistakes,
    mut read: impl FnMut(&Ident, ParseStream<'_>) -> syn::Result<()>,
) {
    let parser = |input: ParseStream<'_>| {
        while !input.is_empty() {
            let one = Ident::parse_any(input).and_then(|name| read(&name, input));
            if let Err(mistake) = one {
                mistakes.push(mistake);
                skip_to_comma(input)?;
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(())
    };
    if let Err(mistake) = Parser::parse2(parser, tokens) {
        mistakes.push(mistake);
    }
}

/// Reads the value of `name` into its place.
pub(crate) fn set<T: Parse>(place: &mut Option<T>, name: &Ident, input: ParseStream<'_>) -> syn::Result<()> {
    if !input.peek(Token![=]) {
        return Err(Error::new(name.span(), format!("`{name}` wants a value: `{name} = …`")));
    }
    input.parse::<Token![=]>()?;
    put(place, name, input.parse()?)
}

/// Puts a value into its place, which must be empty.
pub(crate) fn put<T>(place: &mut Option<T>, name: &Ident, value: T) -> syn::Result<()> {
    match place.replace(value) {
        Some(_) => Err(Error::new(name.span(), format!("`{name}` is given twice; remove one"))),
        None => Ok(()),
    }
}

fn skip_to_comma(input: ParseStream<'_>) -> syn::Result<()> {
    while !input.is_empty() && !input.peek(Token![,]) {
        input.parse::<TokenTree>()?;
    }
    Ok(())
}
