//! The arguments of `#[instrument_task(…)]`.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::{Error, Expr, Ident, Lit, LitStr, Member, Path, Token, Type};

use crate::mistakes::{Mistakes, listed, meant};

const NAMES: [&str; 12] = [
    "conversation_id",
    "attributes",
    "debug_log",
    "parent",
    "link",
    "observers",
    "via",
    "wrap",
    "task",
    "name",
    "skip",
    "crate",
];

/// What stands in the parentheses, each at most once.
#[derive(Default)]
pub(super) struct Args {
    pub(super) told: Told,
    pub(super) observers: Option<Place>,
    pub(super) via: Option<Expr>,
    pub(super) wrap: Option<Path>,
    pub(super) task: Option<Type>,
    pub(super) name: Option<LitStr>,
    pub(super) skip: Option<Span>,
    pub(super) krate: Option<Path>,
    /// What was written, be it right or wrong.
    written: Vec<String>,
}

/// An argument of a function, or a field of one: `observers`, `params.observers`.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) argument: Ident,
    pub(super) fields: Vec<Member>,
}

/// What is told of a conversation when its task is built: the methods of `ObserveOptions`, and what they are given.
#[derive(Clone, Default)]
pub(super) struct Told(Vec<(&'static str, Expr)>);

/// Those methods, in the order in which they are called.
const TOLD: [&str; 5] = ["conversation_id", "attributes", "debug_log", "parent", "link"];

impl Told {
    /// This, and what `outer` tells where this does not.
    fn or(self, outer: &Self) -> Self {
        let of_outer = outer.0.iter().filter(|(name, _)| !self.0.iter().any(|(own, _)| own == name));
        Self(of_outer.chain(&self.0).cloned().collect())
    }

    /// Of this, what `counts`.
    pub(super) fn filter(mut self, counts: impl Fn(&Expr) -> bool) -> Self {
        self.0.retain(|(_, value)| counts(value));
        self
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&'static str, &Expr)> {
        TOLD.iter()
            .filter_map(|method| self.0.iter().find(|(name, _)| name == method))
            .map(|(method, value)| (*method, value))
    }
}

impl Args {
    /// These, and what `outer` says where these say nothing. Where to put the observer is said as one.
    pub(super) fn or(self, outer: &Self) -> Self {
        let (observers, via) = match self.observers {
            Some(observers) => (Some(observers), self.via),
            None if self.wrap.is_some() => (None, None),
            None => (outer.observers.clone(), self.via.or_else(|| outer.via.clone())),
        };
        Self { told: self.told.or(&outer.told), observers, via, ..self }
    }

    /// Whether `name` was written, right or wrong: what follows from its not being there is no mistake then.
    pub(super) fn has(&self, name: &str) -> bool {
        self.written.iter().any(|written| written == name)
    }

    /// Whether anything but `skip` is said.
    pub(super) fn say_more_than_skip(&self) -> bool {
        !self.told.is_empty()
            || self.observers.is_some()
            || self.via.is_some()
            || self.wrap.is_some()
            || self.task.is_some()
            || self.name.is_some()
            || self.krate.is_some()
    }
}

/// The arguments, as far as they could be read, and every mistake in them.
pub(super) fn parse(tokens: TokenStream) -> (Args, Mistakes) {
    let mut args = Args::default();
    let mut mistakes = Mistakes::default();
    let parsed = Parser::parse2(
        |input: ParseStream<'_>| {
            while !input.is_empty() {
                let before = input.span();
                if let Err(mistake) = args.parse_one(input) {
                    mistakes.push(at_least_at(before, mistake));
                    skip_to_comma(input)?;
                } else if !input.is_empty() && !input.peek(Token![,]) {
                    mistakes.push(input.error("a comma is missing before this"));
                    continue;
                }
                input.parse::<Option<Token![,]>>()?;
            }
            Ok(())
        },
        tokens,
    );
    mistakes.take(parsed);
    (args, mistakes)
}

/// What ends too early is reported at its last token, not at the attribute as a whole.
fn at_least_at(span: Span, mistake: Error) -> Error {
    if mistake.to_string().starts_with("unexpected end of input") {
        return Error::new(span, format!("this argument breaks off: {mistake}"));
    }
    mistake
}

impl Args {
    fn parse_one(&mut self, input: ParseStream<'_>) -> syn::Result<()> {
        let name = input.call(Ident::parse_any).map_err(|_| {
            input.error(format!("arguments are written as `name = value`; there are {}", listed(NAMES)))
        })?;
        let text = name.to_string();
        self.written.push(text.clone());
        match text.as_str() {
            "observers" => set(&mut self.observers, &name, input, "an argument of the function"),
            "via" => self.set_via(&name, input),
            "wrap" => set(&mut self.wrap, &name, input, "a type"),
            "task" => set(&mut self.task, &name, input, "a type"),
            "name" => set(&mut self.name, &name, input, "a text in quotes"),
            "crate" => set(&mut self.krate, &name, input, "a path"),
            "skip" => self.set_skip(&name, input),
            _ => match TOLD.into_iter().find(|told| *told == text) {
                Some(told) => self.set_told(told, &name, input),
                None => Err(Error::new(
                    name.span(),
                    format!("unknown argument `{name}`; {}", meant(&text, NAMES)),
                )),
            },
        }
    }

    fn set_told(&mut self, told: &'static str, name: &Ident, input: ParseStream<'_>) -> syn::Result<()> {
        let earlier = self.told.0.iter().any(|(earlier, _)| *earlier == told);
        let mut value: Option<Expr> = None;
        set(&mut value, name, input, "an expression over the arguments of the function")?;
        if earlier {
            return Err(given_twice(name));
        }
        self.told.0.extend(value.map(|value| (told, value)));
        Ok(())
    }

    fn set_via(&mut self, name: &Ident, input: ParseStream<'_>) -> syn::Result<()> {
        set(&mut self.via, name, input, "a function")?;
        match &self.via {
            Some(Expr::Lit(literal)) => Err(wrong_kind(name, "a function", &literal.lit)),
            _ => Ok(()),
        }
    }

    fn set_skip(&mut self, name: &Ident, input: ParseStream<'_>) -> syn::Result<()> {
        if input.peek(Token![=]) || input.peek(syn::token::Paren) {
            return Err(Error::new(name.span(), "`skip` takes nothing: `#[instrument_task(skip)]`"));
        }
        if self.skip.replace(name.span()).is_some() {
            return Err(given_twice(name));
        }
        Ok(())
    }
}

impl Parse for Place {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let argument = input.parse()?;
        let mut fields = Vec::new();
        while input.peek(Token![.]) {
            input.parse::<Token![.]>()?;
            fields.push(input.parse()?);
        }
        Ok(Self { argument, fields })
    }
}

/// The place as it was written.
impl ToTokens for Place {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Self { argument, fields } = self;
        tokens.extend(quote::quote!(#argument #(.#fields)*));
    }
}

/// `name = value`, where the value is to be `kind`.
fn set<T: Parse>(place: &mut Option<T>, name: &Ident, input: ParseStream<'_>, kind: &str) -> syn::Result<()> {
    let example = if kind.ends_with("quotes") { "\"…\"" } else { "…" };
    let wants_a_value = || Error::new(name.span(), format!("`{name}` wants {kind}: `{name} = {example}`"));
    if !input.peek(Token![=]) || input.peek(Token![==]) {
        return Err(wants_a_value());
    }
    input.parse::<Token![=]>()?;
    if input.is_empty() || input.peek(Token![,]) {
        return Err(wants_a_value());
    }
    let literal = only_literal(&input.fork());
    let value = input.parse().map_err(|mistake| match literal {
        Some(literal) => wrong_kind(name, kind, &literal),
        None if kind.ends_with("quotes") => {
            Error::new(mistake.span(), format!("`{name}` wants {kind}: `{name} = \"…\"`"))
        }
        None => mistake,
    })?;
    if place.is_some() {
        return Err(given_twice(name));
    }
    *place = Some(value);
    Ok(())
}

/// The literal that is the whole of a value.
fn only_literal(input: ParseStream<'_>) -> Option<Lit> {
    let literal = input.parse().ok()?;
    (input.is_empty() || input.peek(Token![,])).then_some(literal)
}

/// Something else than a literal was wanted; often just without quotes.
fn wrong_kind(name: &Ident, kind: &str, literal: &Lit) -> Error {
    let message = match literal {
        Lit::Str(text) if text.parse::<Path>().is_ok() => {
            format!("`{name}` wants {kind}, without quotes: `{name} = {}`", text.value())
        }
        _ => format!("`{name}` wants {kind}: `{name} = …`"),
    };
    Error::new(literal.span(), message)
}

fn given_twice(name: &Ident) -> Error {
    Error::new(name.span(), format!("`{name}` is given twice; remove one"))
}

/// Skips the rest of an argument that could not be read, so that the next one is read all the same.
fn skip_to_comma(input: ParseStream<'_>) -> syn::Result<()> {
    while !input.is_empty() && !input.peek(Token![,]) {
        input.parse::<proc_macro2::TokenTree>()?;
    }
    Ok(())
}
