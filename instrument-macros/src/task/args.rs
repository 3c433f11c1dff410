//! The arguments of `#[instrument_task(…)]`.

use proc_macro2::{Span, TokenStream};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::{Error, Expr, Ident, LitStr, Path, Token, Type};

use crate::mistakes::{Mistakes, meant};

const NAMES: [&str; 10] =
    ["conversation_id", "attributes", "parent", "link", "observers", "via", "task", "name", "skip", "crate"];

/// What stands in the parentheses, each at most once.
#[derive(Default)]
pub(super) struct Args {
    pub(super) told: Told,
    pub(super) observers: Option<Ident>,
    pub(super) via: Option<Expr>,
    pub(super) task: Option<Type>,
    pub(super) name: Option<LitStr>,
    pub(super) skip: Option<Span>,
    pub(super) krate: Option<Path>,
}

/// What is told of a conversation when its task is built.
#[derive(Clone, Default)]
pub(super) struct Told {
    pub(super) conversation_id: Option<Expr>,
    pub(super) attributes: Option<Expr>,
    pub(super) parent: Option<Expr>,
    pub(super) link: Option<Expr>,
}

impl Told {
    /// This, and what `outer` tells where this does not.
    fn or(self, outer: &Self) -> Self {
        Self {
            conversation_id: self.conversation_id.or_else(|| outer.conversation_id.clone()),
            attributes: self.attributes.or_else(|| outer.attributes.clone()),
            parent: self.parent.or_else(|| outer.parent.clone()),
            link: self.link.or_else(|| outer.link.clone()),
        }
    }

    /// Of this, what `counts`.
    pub(super) fn filter(self, counts: impl Fn(&Expr) -> bool) -> Self {
        Self {
            conversation_id: self.conversation_id.filter(&counts),
            attributes: self.attributes.filter(&counts),
            parent: self.parent.filter(&counts),
            link: self.link.filter(&counts),
        }
    }
}

impl Args {
    /// These, and what `outer` says where these say nothing. Where to put the observer is said as one.
    pub(super) fn or(self, outer: &Self) -> Self {
        let (observers, via) = match self.observers {
            Some(observers) => (Some(observers), self.via),
            None => (outer.observers.clone(), self.via.or_else(|| outer.via.clone())),
        };
        Self {
            told: self.told.or(&outer.told),
            observers,
            via,
            task: self.task,
            name: self.name.or_else(|| outer.name.clone()),
            skip: self.skip,
            krate: self.krate.or_else(|| outer.krate.clone()),
        }
    }
}

/// The arguments, as far as they could be read, and every mistake in them.
pub(super) fn parse(tokens: TokenStream) -> (Args, Mistakes) {
    let mut args = Args::default();
    let mut mistakes = Mistakes::default();
    let parsed = Parser::parse2(
        |input: ParseStream<'_>| {
            while !input.is_empty() {
                if let Err(mistake) = args.parse_one(input) {
                    mistakes.push(mistake);
                    skip_to_comma(input)?;
                }
                if !input.is_empty() {
                    input.parse::<Token![,]>()?;
                }
            }
            Ok(())
        },
        tokens,
    );
    mistakes.take(parsed);
    mistakes.take(args.check_pairs());
    (args, mistakes)
}

impl Args {
    fn parse_one(&mut self, input: ParseStream<'_>) -> syn::Result<()> {
        let name = Ident::parse_any(input)?;
        match name.to_string().as_str() {
            "conversation_id" => set(&mut self.told.conversation_id, &name, input),
            "attributes" => set(&mut self.told.attributes, &name, input),
            "parent" => set(&mut self.told.parent, &name, input),
            "link" => set(&mut self.told.link, &name, input),
            "observers" => set(&mut self.observers, &name, input),
            "via" => set(&mut self.via, &name, input),
            "task" => set(&mut self.task, &name, input),
            "name" => set(&mut self.name, &name, input),
            "crate" => set(&mut self.krate, &name, input),
            "skip" => {
                self.skip = Some(name.span());
                Ok(())
            }
            _ => {
                let message = format!("unknown argument `{name}`; {}", meant(&name.to_string(), NAMES));
                Err(Error::new(name.span(), message))
            }
        }
    }

    fn check_pairs(&self) -> syn::Result<()> {
        match &self.via {
            Some(via) if self.observers.is_none() => Err(Error::new_spanned(
                via,
                "`via` makes of the observer what an argument takes: name that argument as well, `observers = …`",
            )),
            _ => Ok(()),
        }
    }
}

fn set<T: Parse>(place: &mut Option<T>, name: &Ident, input: ParseStream<'_>) -> syn::Result<()> {
    if !input.peek(Token![=]) {
        return Err(Error::new(name.span(), format!("`{name}` wants a value: `{name} = …`")));
    }
    input.parse::<Token![=]>()?;
    let value = input.parse()?;
    if place.replace(value).is_some() {
        return Err(Error::new(name.span(), format!("`{name}` is given twice; remove one")));
    }
    Ok(())
}

/// Skips the rest of an argument that could not be read, so that the next one is read all the same.
fn skip_to_comma(input: ParseStream<'_>) -> syn::Result<()> {
    while !input.is_empty() && !input.peek(Token![,]) {
        input.parse::<proc_macro2::TokenTree>()?;
    }
    Ok(())
}
