//! The arguments of `#[instrument_task(…)]`.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::parse::{Parse, ParseStream};
use syn::{Error, Expr, Ident, LitStr, Member, Path, Token, Type};

use crate::arguments::{Names, parse_arguments};
use crate::diagnostics::Diagnostics;

/// The arguments that are options of a conversation, in the order in which the expansion sets them. Each is the name of a
/// method of `ObserveOptions`.
const OPTIONS: [&str; 5] = ["conversation_id", "attributes", "debug_log", "parent", "link"];

/// The other arguments.
const SETTINGS: [&str; 7] = ["observers", "via", "wrap", "task", "name", "skip", "crate"];

/// Parsed arguments.
#[derive(Default)]
pub(super) struct Args {
    pub(super) options: TaskOptions,
    pub(super) observers: Option<ArgumentPath>,
    pub(super) via: Option<Callable>,
    pub(super) wrap: Option<Path>,
    pub(super) task: Option<Type>,
    pub(super) name: Option<LitStr>,
    pub(super) skip: Option<Span>,
    pub(super) krate: Option<Path>,
    names: Names,
}

/// Options of a conversation, with the expressions that are their values.
#[derive(Clone, Default)]
pub(super) struct TaskOptions(Vec<(&'static str, Expr)>);

/// An argument of a function, or a field of one: `observers`, `params.observers`.
#[derive(Clone)]
pub(super) struct ArgumentPath {
    pub(super) argument: Ident,
    fields: Vec<Member>,
}

/// An expression that can be called: anything but a literal.
#[derive(Clone)]
pub(super) struct Callable(Expr);

/// Parses the arguments, and collects every error in them.
pub(super) fn parse(tokens: TokenStream) -> (Args, Diagnostics) {
    let mut args = Args::default();
    let mut diagnostics = Diagnostics::default();
    let mut names = Names::new(OPTIONS.into_iter().chain(SETTINGS));
    parse_arguments(tokens, &mut names, &mut diagnostics, |argument| {
        match argument.name {
            "observers" => args.observers = Some(argument.value("an argument of the function")?),
            "via" => args.via = Some(argument.value("a function")?),
            "wrap" => args.wrap = Some(argument.value("a type")?),
            "task" => args.task = Some(argument.value("a type")?),
            "name" => args.name = Some(argument.text()?),
            "skip" => args.skip = Some(argument.flag()?),
            "crate" => args.krate = Some(argument.value("a path")?),
            option => {
                let value = argument.value("an expression over the arguments of the function")?;
                args.options.0.push((option, value));
            }
        }
        Ok(())
    });
    (Args { names, ..args }, diagnostics)
}

impl Args {
    /// Adds the arguments of the `impl` block where the function has none of its own. `observers` and `via` are one setting.
    pub(super) fn inherit(self, block: &Self) -> Self {
        let (observers, via) = match self.observers {
            Some(observers) => (Some(observers), self.via),
            None if self.wrap.is_some() => (None, None),
            None => (block.observers.clone(), self.via.or_else(|| block.via.clone())),
        };
        Self { options: self.options.inherit(&block.options), observers, via, ..self }
    }

    /// Returns whether `name` was written, even if its value is wrong. Checks that would follow from a missing argument
    /// skip it then.
    pub(super) fn has(&self, name: &str) -> bool {
        self.names.is_written(name)
    }

    /// Returns whether `skip` is the only argument.
    pub(super) fn is_only_skip(&self) -> bool {
        self.names.is_only("skip")
    }
}

impl TaskOptions {
    fn inherit(self, block: &Self) -> Self {
        let inherited = block.0.iter().filter(|(name, _)| !self.0.iter().any(|(own, _)| own == name));
        Self(inherited.chain(&self.0).cloned().collect())
    }

    /// Keeps the options whose value satisfies the predicate.
    pub(super) fn filter(mut self, predicate: impl Fn(&Expr) -> bool) -> Self {
        self.0.retain(|(_, value)| predicate(value));
        self
    }

    /// Returns methods of `ObserveOptions` and their arguments, in a fixed order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&'static str, &Expr)> {
        OPTIONS
            .iter()
            .filter_map(|option| self.0.iter().find(|(name, _)| name == option))
            .map(|(method, value)| (*method, value))
    }
}

impl Parse for ArgumentPath {
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

impl ToTokens for ArgumentPath {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Self { argument, fields } = self;
        tokens.extend(quote!(#argument #(.#fields)*));
    }
}

impl Parse for Callable {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        match input.parse()? {
            Expr::Lit(literal) => Err(Error::new_spanned(literal, "expected a function")),
            expression => Ok(Self(expression)),
        }
    }
}

impl ToTokens for Callable {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.0.to_tokens(tokens);
    }
}
