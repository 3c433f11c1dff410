//! The arguments of `#[traced_stt(…)]`, `#[traced_llm(…)]` and `#[traced_tts(…)]`.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::parse::{Parse, ParseStream};
use syn::{Error, Expr, ExprClosure, Pat, Path};

use crate::arguments::{Argument, Names, parse_arguments};
use crate::diagnostics::Diagnostics;

/// The arguments that the attributes of all services accept.
const COMMON: [&str; 8] = ["name", "context", "model", "provider", "output", "usage", "stream", "crate"];

/// A kind of service.
pub(crate) struct ServiceKind {
    /// The name of the attribute, and of the helper that begins the span.
    pub(super) attribute: &'static str,
    /// The arguments besides the common ones.
    own: &'static [&'static str],
    /// Arguments of other kinds, each with what to write instead.
    foreign: &'static [(&'static str, &'static str)],
    /// The method of the outcome that takes the value of `usage`.
    pub(super) usage_method: &'static str,
}

pub(crate) const STT: ServiceKind = ServiceKind {
    attribute: "traced_stt",
    own: &["language"],
    foreign: &[
        ("input", "the input of the span is the transcript: write `output = |value| …`"),
        ("voice", "it belongs to `#[traced_tts]`"),
    ],
    usage_method: "audio",
};

pub(crate) const LLM: ServiceKind = ServiceKind {
    attribute: "traced_llm",
    own: &["input"],
    foreign: &[("voice", "it belongs to `#[traced_tts]`"), ("language", "it belongs to `#[traced_stt]`")],
    usage_method: "tokens",
};

pub(crate) const TTS: ServiceKind = ServiceKind {
    attribute: "traced_tts",
    own: &["input", "voice"],
    foreign: &[("language", "it belongs to `#[traced_stt]`")],
    usage_method: "characters",
};

/// Parsed arguments.
#[derive(Default)]
pub(super) struct Args {
    pub(super) name: Option<Expr>,
    pub(super) context: Option<Expr>,
    pub(super) model: Option<Expr>,
    pub(super) provider: Option<Expr>,
    pub(super) voice: Option<Expr>,
    pub(super) language: Option<Expr>,
    pub(super) input: Option<Expr>,
    pub(super) output: Option<Extractor>,
    pub(super) usage: Option<Extractor>,
    pub(super) stream: Option<Span>,
    pub(super) krate: Option<Path>,
}

/// `|value| expression`: reads the output or the usage from the returned value.
pub(super) struct Extractor {
    pub(super) pattern: Pat,
    pub(super) expression: Expr,
}

impl Parse for Extractor {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let error = |tokens: &dyn ToTokens| {
            Error::new_spanned(
                tokens,
                "expected a closure with one argument, the returned value: `|value| …`",
            )
        };
        match input.parse()? {
            Expr::Closure(ExprClosure { inputs, body, asyncness: None, .. }) if inputs.len() == 1 => {
                let pattern = inputs.into_iter().next().ok_or_else(|| error(&body))?;
                Ok(Self { pattern, expression: *body })
            }
            other => Err(error(&other)),
        }
    }
}

/// Parses the arguments, and collects every error in them.
pub(super) fn parse(kind: &ServiceKind, tokens: TokenStream) -> (Args, Diagnostics) {
    let mut args = Args::default();
    let mut diagnostics = Diagnostics::default();
    let allowed = COMMON.into_iter().chain(kind.own.iter().copied());
    let mut names = Names::new(allowed).with_foreign(kind.foreign.iter().copied());
    parse_arguments(tokens, &mut names, &mut diagnostics, |argument| args.set(&argument));
    (args, diagnostics)
}

impl Args {
    fn set(&mut self, argument: &Argument<'_>) -> syn::Result<()> {
        match argument.name {
            "output" => self.output = Some(argument.value("a closure")?),
            "usage" => self.usage = Some(argument.value("a closure")?),
            "stream" => self.stream = Some(argument.flag()?),
            "crate" => self.krate = Some(argument.value("a path")?),
            expression => {
                let value = Some(argument.value("an expression")?);
                match expression {
                    "name" => self.name = value,
                    "context" => self.context = value,
                    "model" => self.model = value,
                    "provider" => self.provider = value,
                    "voice" => self.voice = value,
                    "language" => self.language = value,
                    _ => self.input = value,
                }
            }
        }
        Ok(())
    }
}
