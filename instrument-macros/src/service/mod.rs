//! `#[derive(ObservedService)]`, in three steps: parse the attributes, check them against the fields, expand the view.

mod attr;
mod expand;
#[cfg(test)]
mod tests;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Error, Fields, Generics, Ident, Member, Path};

use self::attr::{ServiceField, Source};
use crate::diagnostics::Diagnostics;
use crate::fields::{borrow_field, unknown_field};

/// A processor type, ready to be expanded.
struct ServiceType {
    name: Ident,
    generics: Generics,
    krate: Option<Path>,
    /// The variant of `Role`.
    role: &'static str,
    /// Fields of the view, each with the expression that reads it.
    values: Vec<(&'static ServiceField, TokenStream)>,
}

/// Expands the derive, or its errors.
pub(crate) fn observed_service(input: TokenStream) -> TokenStream {
    syn::parse2(input)
        .and_then(check)
        .map_or_else(Error::into_compile_error, |checked| expand::implementation(&checked))
}

fn check(input: DeriveInput) -> syn::Result<ServiceType> {
    let mut diagnostics = Diagnostics::default();
    let attr = attr::parse(&input.attrs, input.ident.span(), &mut diagnostics);
    let fields: Vec<Member> = match &input.data {
        Data::Struct(data) => Fields::members(&data.fields).collect(),
        Data::Enum(_) | Data::Union(_) => Vec::new(),
    };
    let values = attr
        .values
        .into_iter()
        .filter_map(|(field, source)| Some((field, diagnostics.handle(resolve(field, source, &fields))?)))
        .collect();
    diagnostics.into_result()?;
    // A missing role is an error, returned above.
    let role = attr.role.unwrap_or("Other");
    Ok(ServiceType { name: input.ident, generics: input.generics, krate: attr.krate, role, values })
}

/// Returns the expression that reads a value: a reference to a field, or the expression of the attribute.
fn resolve(field: &ServiceField, source: Source, fields: &[Member]) -> syn::Result<TokenStream> {
    let member = match source {
        Source::Field(member) => member,
        Source::Expression(expression) => return Ok(borrow_field(&expression)),
    };
    if fields.contains(&member) {
        // `self` must resolve to the `self` of the generated method around the expression.
        let span = Span::call_site().located_at(member.span());
        return Ok(quote_spanned!(span=> &self.#member));
    }
    match &member {
        // An identifier that is not a field: a constant.
        Member::Named(name) if name != field.name => Ok(name.to_token_stream()),
        Member::Named(name) => {
            let message =
                format!("no field `{name}`; write `{name} = …` with another field or an expression");
            Err(Error::new(name.span(), message))
        }
        Member::Unnamed(_) => Err(unknown_field(&member, fields)),
    }
}
