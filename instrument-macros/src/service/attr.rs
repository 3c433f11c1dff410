//! `#[service(…)]`, as it is written.

use proc_macro2::Span;
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Error, Expr, Ident, Member, Meta, Path, Token};

use crate::arguments::{each, put, set};
use crate::mistakes::{Mistakes, listed, meant};

/// What a processor can be, and the role that this is.
pub(super) const ROLES: [(&str, &str); 7] = [
    ("stt", "Stt"),
    ("llm", "Llm"),
    ("tts", "Tts"),
    ("input_transport", "InputTransport"),
    ("output_transport", "OutputTransport"),
    ("sink", "Sink"),
    ("other", "Other"),
];

/// What can be said of it, in the order of the view's fields.
pub(super) const FACTS: [Fact; 10] = [
    Fact { name: "id", takes: Takes::Text },
    Fact { name: "class", takes: Takes::Text },
    Fact { name: "name", takes: Takes::Text },
    Fact { name: "provider", takes: Takes::OptionalText },
    Fact { name: "model", takes: Takes::OptionalText },
    Fact { name: "voice", takes: Takes::OptionalText },
    Fact { name: "language", takes: Takes::OptionalText },
    Fact { name: "sample_rate", takes: Takes::Count },
    Fact { name: "system_instruction", takes: Takes::OptionalText },
    Fact { name: "settings", takes: Takes::Settings },
];

/// Something that can be said of a processor.
pub(super) struct Fact {
    pub(super) name: &'static str,
    pub(super) takes: Takes,
}

/// What a fact is made of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Takes {
    Text,
    OptionalText,
    Count,
    Settings,
}

/// What stands in the parentheses.
#[derive(Default)]
pub(super) struct ServiceAttr {
    /// One of [`ROLES`].
    pub(super) role: Option<&'static str>,
    /// By their names, as they are written.
    pub(super) facts: Vec<(Ident, Value)>,
    pub(super) krate: Option<Path>,
}

/// What a fact is said to be.
pub(super) enum Value {
    /// A field: `.0`, or a name that may be one.
    Field(Member),
    /// Anything else, over `self`.
    Expression(Box<Expr>),
}

impl Parse for Value {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.peek(Token![.]) {
            input.parse::<Token![.]>()?;
            return input.parse().map(Self::Field);
        }
        let expression: Expr = input.parse()?;
        Ok(match &expression {
            Expr::Path(path) if path.attrs.is_empty() => match path.path.get_ident() {
                Some(field) => Self::Field(Member::Named(field.clone())),
                None => Self::Expression(Box::new(expression)),
            },
            _ => Self::Expression(Box::new(expression)),
        })
    }
}

/// What the attributes of a type say, and every mistake in them.
pub(super) fn read(attributes: &[Attribute], at: Span, mistakes: &mut Mistakes) -> ServiceAttr {
    let mut read = ServiceAttr::default();
    let mut ours = attributes.iter().filter(|attribute| attribute.path().is_ident("service")).peekable();
    if ours.peek().is_none() {
        mistakes.push(Error::new(at, "say what this is in its pipeline, as `#[service(llm)]`"));
        return read;
    }
    for attribute in ours {
        match &attribute.meta {
            Meta::List(list) => each(list.tokens.clone(), mistakes, |name, input| read.take(name, input)),
            other => mistakes.push(Error::new_spanned(other, "say what it is: `#[service(llm)]`")),
        }
    }
    if read.role.is_none() && mistakes.is_empty() {
        let roles = listed(ROLES.map(|(name, _)| name));
        mistakes.push(Error::new(at, format!("say what this is in its pipeline, one of {roles}")));
    }
    read
}

impl ServiceAttr {
    fn take(&mut self, name: &Ident, input: ParseStream<'_>) -> syn::Result<()> {
        let written = name.to_string();
        if let Some((_, role)) = ROLES.iter().find(|(role, _)| *role == written) {
            return match self.role.replace(role) {
                Some(_) => Err(Error::new(name.span(), "a processor is one thing; remove one")),
                None => Ok(()),
            };
        }
        if written == "crate" {
            return set(&mut self.krate, name, input);
        }
        if !FACTS.iter().any(|fact| fact.name == written) {
            let known = ROLES.map(|(name, _)| name).into_iter().chain(FACTS.map(|fact| fact.name));
            let message = format!("unknown argument `{written}`; {}", meant(&written, known));
            return Err(Error::new(name.span(), message));
        }
        let mut value = None;
        if input.peek(Token![=]) {
            set(&mut value, name, input)?;
        } else {
            // By itself, it is the field of this name.
            put(&mut value, name, Value::Field(Member::Named(name.clone())))?;
        }
        if self.facts.iter().any(|(known, _)| known == name) {
            return Err(Error::new(name.span(), format!("`{written}` is given twice; remove one")));
        }
        self.facts.extend(value.map(|value| (name.clone(), value)));
        Ok(())
    }
}
