//! What a processor type says of itself, held against its fields.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Error, Expr, Fields, Generics, Ident, Member, Path};

use super::attr::{self, FACTS, Fact, Value};
use crate::mistakes::{Mistakes, listed};

/// A processor type, ready to be expanded.
pub(super) struct ServiceType {
    pub(super) name: Ident,
    pub(super) generics: Generics,
    pub(super) krate: Option<Path>,
    /// The variant of `Role`.
    pub(super) role: &'static str,
    pub(super) facts: Vec<Told>,
}

/// A fact, and the expression that tells it.
pub(super) struct Told {
    pub(super) fact: &'static Fact,
    pub(super) value: TokenStream,
}

/// Reads a processor type, all mistakes in one go.
pub(super) fn service_type(input: DeriveInput) -> syn::Result<ServiceType> {
    let mut mistakes = Mistakes::default();
    let read = attr::read(&input.attrs, input.ident.span(), &mut mistakes);
    let fields = match &input.data {
        Data::Struct(data) => Some(&data.fields),
        Data::Enum(_) | Data::Union(_) => None,
    };
    let facts = read
        .facts
        .into_iter()
        .filter_map(|(name, value)| {
            let fact = FACTS.iter().find(|fact| name == fact.name)?;
            let value = mistakes.take(resolve(&name, value, fields))?;
            Some(Told { fact, value })
        })
        .collect();
    mistakes.into_result()?;
    // Without a role there was a mistake.
    let role = read.role.unwrap_or("Other");
    Ok(ServiceType { name: input.ident, generics: input.generics, krate: read.krate, role, facts })
}

/// The expression that tells a fact: a reference to a field, or what is written.
fn resolve(fact: &Ident, value: Value, fields: Option<&Fields>) -> syn::Result<TokenStream> {
    let member = match value {
        Value::Field(member) => member,
        Value::Expression(expression) => {
            return Ok(match *expression {
                // A field of a field can be borrowed as it is.
                Expr::Field(field) => quote_spanned!(at(&field)=> &#field),
                other => other.into_token_stream(),
            });
        }
    };
    let there: Vec<Member> = fields.into_iter().flat_map(Fields::members).collect();
    if there.contains(&member) {
        return Ok(quote_spanned!(at(&member)=> &self.#member));
    }
    match &member {
        // A constant, as far as can be told.
        Member::Named(name) if name != fact => Ok(name.to_token_stream()),
        _ => {
            let fields = listed(there.iter().map(written));
            let message =
                format!("no such field here; its fields: {fields}. Or give an expression: `{fact} = …`");
            Err(Error::new_spanned(&member, message))
        }
    }
}

/// Where it is written; `self` is that of the function around it.
fn at(written: &impl Spanned) -> Span {
    Span::call_site().located_at(written.span())
}

fn written(member: &Member) -> String {
    match member {
        Member::Named(name) => name.to_string(),
        Member::Unnamed(index) => format!(".{}", index.index),
    }
}
