//! From a checked processor type to its `impl ObservedService`.
//!
//! ```text
//! // #[service(llm, name = label, model)] struct Llm { label: String, model: Option<String> }
//! impl ObservedService for Llm {
//!     fn id(&self) -> &str { Text::text(&self.label) }
//!     fn role(&self) -> Role { Role::Llm }
//!     fn view(&self) -> ServiceView<'_> {
//!         ServiceView {
//!             id: Text::text(&self.label),
//!             class: "Llm",
//!             name: Text::text(&self.label),
//!             role: Role::Llm,
//!             provider: None,
//!             model: OptionalText::optional_text(&self.model),
//!             …
//!         }
//!     }
//! }
//! ```

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Path, parse_quote};

use super::attr::{FACTS, Takes};
use super::check::ServiceType;

/// `impl ObservedService for …`.
pub(super) fn implementation(checked: &ServiceType) -> TokenStream {
    let ServiceType { name, generics, krate, role, .. } = checked;
    let v1: Path = match krate {
        Some(krate) => parse_quote!(#krate::__private::v1),
        None => parse_quote!(::pipecat_instrument::__private::v1),
    };
    let role = format_ident!("{role}");
    let id = told(&v1, checked, &["id", "name", "class"]);
    let facts = FACTS.iter().map(|fact| {
        let field = format_ident!("{}", fact.name);
        let value = match fact.name {
            "id" => told(&v1, checked, &["id", "name", "class"]),
            "name" => told(&v1, checked, &["name", "id", "class"]),
            only => told(&v1, checked, &[only]),
        };
        quote!(#field: #value,)
    });
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    quote! {
        #[automatically_derived]
        impl #impl_generics #v1::frame::ObservedService for #name #type_generics #where_clause {
            #[inline]
            fn id(&self) -> &str {
                #id
            }

            #[inline]
            fn role(&self) -> #v1::frame::Role {
                #v1::frame::Role::#role
            }

            fn view(&self) -> #v1::frame::ServiceView<'_> {
                #v1::frame::ServiceView {
                    role: #v1::frame::Role::#role,
                    #(#facts)*
                }
            }
        }
    }
}

/// The value of the first of some facts that is told; else the type's name, or nothing.
fn told(v1: &Path, checked: &ServiceType, names: &[&str]) -> TokenStream {
    let found = names.iter().find_map(|name| checked.facts.iter().find(|told| told.fact.name == *name));
    let Some(told) = found else {
        let class = checked.name.to_string();
        return match names {
            [.., "class"] => quote!(#class),
            ["settings"] => quote!(&[]),
            _ => quote!(::core::option::Option::None),
        };
    };
    let value = &told.value;
    let at = value.span().resolved_at(Span::mixed_site());
    match told.fact.takes {
        Takes::Text => quote_spanned!(at=> #v1::Text::text(#value)),
        Takes::OptionalText => quote_spanned!(at=> #v1::OptionalText::optional_text(#value)),
        Takes::Count => quote_spanned!(at=> ::core::option::Option::Some(#v1::Count::count(#value))),
        Takes::Settings => quote!(#value),
    }
}
