//! The arguments of `#[traced_llm(…)]` and its like.

use proc_macro2::{Span, TokenStream};
use syn::parse::{Parse, ParseStream};
use syn::{Error, Expr, ExprClosure, Ident, Pat, Path, Token};

use super::kind::{Kind, SPECIAL};
use crate::arguments::{each, put, set};
use crate::mistakes::{Mistakes, meant};

/// What stands in the parentheses, each at most once.
#[derive(Default)]
pub(super) struct Args {
    pub(super) name: Option<Expr>,
    pub(super) context: Option<Expr>,
    pub(super) model: Option<Expr>,
    pub(super) provider: Option<Expr>,
    pub(super) voice: Option<Expr>,
    pub(super) language: Option<Expr>,
    pub(super) input: Option<Expr>,
    pub(super) output: Option<Look>,
    pub(super) usage: Option<Look>,
    pub(super) stream: Option<Span>,
    pub(super) krate: Option<Path>,
}

/// `|value| expression`: a look at what came of it.
pub(super) struct Look {
    pub(super) value: Pat,
    pub(super) expression: Expr,
}

impl Parse for Look {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let written: Expr = input.parse()?;
        let advice = |of: &dyn quote::ToTokens| {
            Error::new_spanned(of, "what came of it is looked at by a closure with one argument: `|value| …`")
        };
        match written {
            Expr::Closure(ExprClosure { inputs, body, asyncness: None, .. }) if inputs.len() == 1 => {
                let value = inputs.into_iter().next();
                Ok(Self { value: value.ok_or_else(|| advice(&body))?, expression: *body })
            }
            other => Err(advice(&other)),
        }
    }
}

/// The arguments, as far as they could be read, and every mistake in them.
pub(super) fn parse(kind: &Kind, tokens: TokenStream) -> (Args, Mistakes) {
    let mut args = Args::default();
    let mut mistakes = Mistakes::default();
    each(tokens, &mut mistakes, |name, input| args.read(kind, name, input));
    (args, mistakes)
}

impl Args {
    fn read(&mut self, kind: &Kind, name: &Ident, input: ParseStream<'_>) -> syn::Result<()> {
        let written = name.to_string();
        if !kind.arguments().any(|known| known == written) {
            let message = if SPECIAL.contains(&&*written) {
                kind.lacks(&written)
            } else {
                format!("unknown argument `{written}`; {}", meant(&written, kind.arguments()))
            };
            return Err(Error::new(name.span(), message));
        }
        match &*written {
            "name" => set(&mut self.name, name, input),
            "context" => set(&mut self.context, name, input),
            "model" => set(&mut self.model, name, input),
            "provider" => set(&mut self.provider, name, input),
            "voice" => set(&mut self.voice, name, input),
            "language" => set(&mut self.language, name, input),
            "input" => set(&mut self.input, name, input),
            "output" => set(&mut self.output, name, input),
            "usage" => set(&mut self.usage, name, input),
            "crate" => set(&mut self.krate, name, input),
            _ if input.peek(Token![=]) => {
                Err(Error::new(name.span(), format!("`{written}` stands by itself, without a value")))
            }
            _ => put(&mut self.stream, name, name.span()),
        }
    }
}
