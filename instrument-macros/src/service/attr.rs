//! `#[service(…)]`: the role of a processor, and the values of its view.

use proc_macro2::Span;
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Error, Expr, Member, Meta, Path, Token};

use crate::arguments::{Argument, Names, parse_arguments};
use crate::diagnostics::{Diagnostics, join_names};
use crate::fields::{ValueType, as_field};

/// The roles, as attributes name them, and the variants of `Role`.
const ROLES: [(&str, &str); 7] = [
    ("stt", "Stt"),
    ("llm", "Llm"),
    ("tts", "Tts"),
    ("input_transport", "InputTransport"),
    ("output_transport", "OutputTransport"),
    ("sink", "Sink"),
    ("other", "Other"),
];

/// The fields of a service's view, in its order.
pub(super) const FIELDS: [ServiceField; 11] = [
    ServiceField { name: "id", value_type: ValueType::Text },
    ServiceField { name: "class", value_type: ValueType::Text },
    ServiceField { name: "name", value_type: ValueType::Text },
    ServiceField { name: "provider", value_type: ValueType::OptionalText },
    ServiceField { name: "model", value_type: ValueType::OptionalText },
    ServiceField { name: "voice", value_type: ValueType::OptionalText },
    ServiceField { name: "language", value_type: ValueType::OptionalText },
    ServiceField { name: "sample_rate", value_type: ValueType::OptionalCount },
    ServiceField { name: "system_instruction", value_type: ValueType::OptionalText },
    ServiceField { name: "instruction_placement", value_type: ValueType::Copied },
    ServiceField { name: "settings", value_type: ValueType::Borrowed },
];

/// A field of a service's view, which an argument of the same name sets.
pub(super) struct ServiceField {
    pub(super) name: &'static str,
    pub(super) value_type: ValueType,
}

/// The attributes of a type, parsed.
#[derive(Default)]
pub(super) struct ServiceAttr {
    /// The variant of `Role`.
    pub(super) role: Option<&'static str>,
    pub(super) values: Vec<(&'static ServiceField, Source)>,
    pub(super) krate: Option<Path>,
}

/// The source of a value.
pub(super) enum Source {
    /// `.0`, or an identifier that may be a field.
    Field(Member),
    /// An expression over `self`.
    Expression(Expr),
}

impl Parse for Source {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.peek(Token![.]) {
            input.parse::<Token![.]>()?;
            return input.parse().map(Self::Field);
        }
        let expression: Expr = input.parse()?;
        Ok(as_field(&expression).map_or(Self::Expression(expression), Self::Field))
    }
}

/// Parses the attributes of the type named at `name`, and reports every error in them.
pub(super) fn parse(attributes: &[Attribute], name: Span, diagnostics: &mut Diagnostics) -> ServiceAttr {
    let mut parsed = ServiceAttr::default();
    let allowed = ROLES.map(|(role, _)| role).into_iter().chain(FIELDS.map(|field| field.name));
    let mut names = Names::new(allowed.chain(["crate"]));
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("service")) {
        match &attribute.meta {
            Meta::List(list) => {
                parse_arguments(list.tokens.clone(), &mut names, diagnostics, |argument| {
                    parsed.set(argument)
                });
            }
            other => {
                diagnostics
                    .push(Error::new_spanned(other, "expected the role in parentheses: `#[service(llm)]`"));
            }
        }
    }
    if parsed.role.is_none() && diagnostics.is_empty() {
        let roles = join_names(ROLES.map(|(role, _)| role));
        let message = format!("missing role: write `#[service(role)]`, where `role` is one of {roles}");
        diagnostics.push(Error::new(name, message));
    }
    parsed
}

impl ServiceAttr {
    fn set(&mut self, argument: Argument<'_>) -> syn::Result<()> {
        if let Some((_, role)) = ROLES.iter().find(|(role, _)| *role == argument.name) {
            let span = argument.flag()?;
            return match self.role.replace(role) {
                Some(_) => Err(Error::new(span, "a processor has one role; remove one")),
                None => Ok(()),
            };
        }
        match FIELDS.iter().find(|field| field.name == argument.name) {
            Some(field) => {
                // An argument without a value is the field of its name.
                let source = if argument.has_value() {
                    argument.value("a field or an expression")?
                } else {
                    Source::Field(Member::Named(argument.ident))
                };
                self.values.push((field, source));
            }
            None => self.krate = Some(argument.value("a path")?),
        }
        Ok(())
    }
}
