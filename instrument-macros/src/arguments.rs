//! The parser of attribute arguments, shared by all macros: `name = value, flag, …`.
//!
//! Each name is checked against the allowed ones and may appear once. An argument that does not parse is reported at its
//! own tokens, and parsing continues after the next comma.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::{Error, Lit, LitStr, Path, Token, parse_quote, token};

use crate::diagnostics::{Diagnostics, join_names, suggest};

/// The argument names that an attribute allows, and the names that the user wrote.
#[derive(Default)]
pub(crate) struct Names {
    allowed: Vec<&'static str>,
    /// Names of a related attribute, each with the message that explains what to write instead.
    foreign: Vec<(&'static str, &'static str)>,
    written: Vec<&'static str>,
}

impl Names {
    pub(crate) fn new(allowed: impl IntoIterator<Item = &'static str>) -> Self {
        Self { allowed: allowed.into_iter().collect(), ..Self::default() }
    }

    /// Adds names that a related attribute accepts, and this one does not.
    pub(crate) fn with_foreign(
        self,
        foreign: impl IntoIterator<Item = (&'static str, &'static str)>,
    ) -> Self {
        Self { foreign: foreign.into_iter().collect(), ..self }
    }

    /// Records that the user wrote `name`.
    ///
    /// # Errors
    ///
    /// Returns an error if the name is not allowed, or was written before.
    pub(crate) fn accept(&mut self, name: &Ident) -> syn::Result<&'static str> {
        let text = name.to_string();
        let Some(allowed) = self.allowed.iter().copied().find(|allowed| *allowed == text) else {
            let foreign = self.foreign.iter().find(|(foreign, _)| *foreign == text);
            let hint = foreign.map_or_else(
                || suggest(&text, self.allowed.iter().copied()),
                |(_, instead)| (*instead).to_owned(),
            );
            return Err(Error::new(name.span(), format!("unknown argument `{name}`; {hint}")));
        };
        if self.is_written(allowed) {
            return Err(Error::new(name.span(), format!("`{name}` is set twice; remove one")));
        }
        self.written.push(allowed);
        Ok(allowed)
    }

    /// Returns whether `name` was written, even if its value is wrong.
    pub(crate) fn is_written(&self, name: &str) -> bool {
        self.written.contains(&name)
    }

    /// Returns whether `name` is the only one that was written.
    pub(crate) fn is_only(&self, name: &str) -> bool {
        self.written == [name]
    }
}

/// An argument whose name has been parsed, and whose value comes next.
pub(crate) struct Argument<'a> {
    pub(crate) name: &'static str,
    pub(crate) ident: Ident,
    input: ParseStream<'a>,
}

impl Argument<'_> {
    /// Returns whether `= value` follows.
    pub(crate) fn has_value(&self) -> bool {
        self.input.peek(Token![=]) && !self.input.peek(Token![==])
    }

    /// Parses `= value`. Messages call the value `expected`, such as "a type".
    pub(crate) fn value<T: Parse>(&self, expected: &str) -> syn::Result<T> {
        let name = self.name;
        self.equals(|| format!("`{name}` expects {expected}: `{name} = …`"))?;
        let literal = lone_literal(&self.input.fork());
        self.input.parse().map_err(|error| match literal {
            None => error,
            Some(Lit::Str(text)) if text.parse::<T>().is_ok() => {
                let value = text.value();
                let message = format!("`{name}` expects {expected}, without quotes: `{name} = {value}`");
                Error::new(text.span(), message)
            }
            Some(other) => Error::new(other.span(), format!("`{name}` expects {expected}: `{name} = …`")),
        })
    }

    /// Parses `= "text"`.
    pub(crate) fn text(&self) -> syn::Result<LitStr> {
        let message = || format!("`{0}` expects a string: `{0} = \"…\"`", self.name);
        self.equals(message)?;
        self.input.parse().map_err(|error: Error| Error::new(error.span(), message()))
    }

    /// Checks that no value follows, and returns the place of the name.
    pub(crate) fn flag(&self) -> syn::Result<Span> {
        if self.has_value() || self.input.peek(token::Paren) {
            let message = format!("`{0}` takes no value: write `{0}` alone", self.name);
            return Err(Error::new(self.ident.span(), message));
        }
        Ok(self.ident.span())
    }

    fn equals(&self, message: impl Fn() -> String) -> syn::Result<()> {
        let error = || Error::new(self.ident.span(), message());
        if !self.has_value() {
            return Err(error());
        }
        self.input.parse::<Token![=]>()?;
        if self.input.is_empty() || self.input.peek(Token![,]) { Err(error()) } else { Ok(()) }
    }
}

/// Parses `name = value, …`. `parse` is called after each name, and parses the value.
pub(crate) fn parse_arguments(
    tokens: TokenStream,
    names: &mut Names,
    diagnostics: &mut Diagnostics,
    mut parse: impl FnMut(Argument<'_>) -> syn::Result<()>,
) {
    parse_list(tokens, diagnostics, |input| {
        let ident = input.call(Ident::parse_any).map_err(|_| {
            let allowed = join_names(&names.allowed);
            input.error(format!("expected the name of an argument, one of {allowed}"))
        })?;
        let name = names.accept(&ident)?;
        parse(Argument { name, ident, input })
    });
}

/// Parses items with commas between them, and reports the error of each.
pub(crate) fn parse_list(
    tokens: TokenStream,
    diagnostics: &mut Diagnostics,
    mut parse_item: impl FnMut(ParseStream<'_>) -> syn::Result<()>,
) {
    let parse_items = |input: ParseStream<'_>| {
        while !input.is_empty() {
            let start = input.span();
            if let Err(error) = parse_item(input) {
                diagnostics.push(at_item(start, error));
                skip_to_comma(input)?;
            } else if !input.is_empty() && !input.peek(Token![,]) {
                diagnostics.push(input.error("expected a comma before this"));
                continue;
            }
            input.parse::<Option<Token![,]>>()?;
        }
        Ok(())
    };
    let parsed = Parser::parse2(parse_items, tokens);
    diagnostics.handle(parsed);
}

/// Returns the path of the helpers that expansions call. `krate` is the `crate` argument.
pub(crate) fn runtime_path(krate: Option<&Path>) -> Path {
    match krate {
        Some(krate) => parse_quote!(#krate::__private::v1),
        None => parse_quote!(::pipecat_instrument::__private::v1),
    }
}

/// Moves an error about missing tokens from the whole attribute to the incomplete argument.
fn at_item(start: Span, error: Error) -> Error {
    let text = error.to_string();
    match text.strip_prefix("unexpected end of input, ") {
        Some(expected) => Error::new(start, format!("this argument is incomplete: {expected}")),
        None if text == "unexpected end of input" => Error::new(start, "this argument is incomplete"),
        None => error,
    }
}

/// Returns the literal that is all of a value.
fn lone_literal(input: ParseStream<'_>) -> Option<Lit> {
    let literal = input.parse().ok()?;
    (input.is_empty() || input.peek(Token![,])).then_some(literal)
}

fn skip_to_comma(input: ParseStream<'_>) -> syn::Result<()> {
    while !input.is_empty() && !input.peek(Token![,]) {
        input.parse::<TokenTree>()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proc_macro2::TokenStream;
    use quote::quote;
    use syn::Type;

    use super::{Names, parse_arguments};
    use crate::diagnostics::Diagnostics;

    fn errors(tokens: TokenStream) -> Vec<String> {
        let (mut names, mut diagnostics) = (Names::new(["task", "skip"]), Diagnostics::default());
        parse_arguments(tokens, &mut names, &mut diagnostics, |argument| {
            if argument.name == "skip" {
                argument.flag().map(drop)
            } else {
                argument.value::<Type>("a type").map(drop)
            }
        });
        diagnostics.into_result().err().into_iter().flatten().map(|error| error.to_string()).collect()
    }

    #[test]
    fn each_argument_is_reported_once_and_parsing_continues() {
        assert!(errors(quote!(task = Task<u8>, skip,)).is_empty());
        assert_eq!(
            errors(quote!(task = "Task", tsk = Task, skip = true, task = Task, "text", skip)),
            [
                "`task` expects a type, without quotes: `task = Task`",
                "unknown argument `tsk`; did you mean `task`?",
                "`skip` takes no value: write `skip` alone",
                "`task` is set twice; remove one",
                "expected the name of an argument, one of `task`, `skip`",
                "`skip` is set twice; remove one",
            ]
        );
        assert_eq!(errors(quote!(skip task = Vec<)).len(), 2);
    }
}
