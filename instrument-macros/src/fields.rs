//! The fields of a derived type, and the values that attributes read from them.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote_spanned};
use syn::spanned::Spanned;
use syn::{Error, Expr, Member, Path};

use crate::diagnostics::{mixed_site_at, suggest};

/// The type of a value that a derived view holds. Each has a conversion trait in the runtime.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum ValueType {
    Text,
    OptionalText,
    OptionalTranscript,
    OptionalJson,
    OptionalSeconds,
    Bool,
    Bytes,
    Count,
    OptionalCount,
    /// A value that the view copies.
    Copied,
    /// A value that the view borrows.
    Borrowed,
    /// A borrowed value, in an `Option`.
    OptionalBorrowed,
}

impl ValueType {
    /// Returns whether a number literal is a value of this type. Otherwise it is the position of a field.
    pub(crate) const fn is_numeric(self) -> bool {
        matches!(self, Self::OptionalSeconds | Self::Bytes | Self::Count | Self::OptionalCount)
    }

    /// Returns the call that converts `value`. The call is located at the value, where the compiler reports a wrong type.
    pub(crate) fn convert(self, v1: &Path, value: &TokenStream) -> TokenStream {
        let span = mixed_site_at(value);
        match self {
            Self::Text => quote_spanned!(span=> #v1::Text::text(#value)),
            Self::OptionalText => quote_spanned!(span=> #v1::OptionalText::optional_text(#value)),
            Self::OptionalTranscript => quote_spanned! {span=>
                #v1::OptionalText::optional_text(#value).map(#v1::frame::Transcript::from)
            },
            Self::OptionalJson => quote_spanned!(span=> #v1::OptionalJson::optional_json(#value)),
            Self::OptionalSeconds => quote_spanned!(span=> #v1::Seconds::seconds(&(#value))),
            Self::Bool => quote_spanned!(span=> #v1::Truth::truth(#value)),
            Self::Bytes => quote_spanned!(span=> #v1::ByteCount::byte_count(#value)),
            Self::Count => quote_spanned!(span=> #v1::Count::count(#value)),
            Self::OptionalCount => {
                quote_spanned!(span=> ::core::option::Option::Some(#v1::Count::count(#value)))
            }
            Self::Copied | Self::Borrowed => value.clone(),
            Self::OptionalBorrowed => quote_spanned!(span=> ::core::option::Option::Some(#value)),
        }
    }
}

/// Returns the field that an expression may name: a single identifier.
pub(crate) fn as_field(expression: &Expr) -> Option<Member> {
    match expression {
        Expr::Path(path) if path.attrs.is_empty() => path.path.get_ident().cloned().map(Member::Named),
        _ => None,
    }
}

/// Returns the error about a `member` that is not among `fields`.
pub(crate) fn unknown_field(member: &Member, fields: &[Member]) -> Error {
    let name = field_name(member);
    let names: Vec<String> = fields.iter().map(field_name).collect();
    let hint = if names.is_empty() {
        "there are no fields here".to_owned()
    } else {
        suggest(&name, names.iter().map(String::as_str))
    };
    Error::new(member.span(), format!("no field `{name}`; {hint}"))
}

/// Returns the name of a field as attributes write it: `text`, `.0`.
fn field_name(member: &Member) -> String {
    match member {
        Member::Named(name) => name.to_string(),
        Member::Unnamed(index) => format!(".{}", index.index),
    }
}

/// Returns an expression with a field of a field borrowed, as a field itself is.
pub(crate) fn borrow_field(expression: &Expr) -> TokenStream {
    match expression {
        Expr::Field(_) => quote_spanned!(expression.span()=> &#expression),
        other => other.to_token_stream(),
    }
}
