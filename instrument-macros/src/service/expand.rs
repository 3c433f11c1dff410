//! Expands a checked processor type to its `impl ObservedService`.
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

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::Path;

use super::ServiceType;
use super::attr::FIELDS;
use crate::arguments::runtime_path;

/// Returns `impl ObservedService for …`.
pub(super) fn implementation(checked: &ServiceType) -> TokenStream {
    let ServiceType { name, generics, krate, role, .. } = checked;
    let v1 = runtime_path(krate.as_ref());
    let role = format_ident!("{role}");
    let id = value(&v1, checked, &["id", "name", "class"]);
    let fields = FIELDS.iter().map(|field| {
        let name = format_ident!("{}", field.name);
        let value = match field.name {
            "id" => id.clone(),
            "name" => value(&v1, checked, &["name", "id", "class"]),
            other => value(&v1, checked, &[other]),
        };
        quote!(#name: #value,)
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
                    #(#fields)*
                }
            }
        }
    }
}

/// Returns the value of the first of these fields that is set; else the name of the type, or nothing.
fn value(v1: &Path, checked: &ServiceType, fields: &[&str]) -> TokenStream {
    let set = fields.iter().find_map(|name| checked.values.iter().find(|(field, _)| field.name == *name));
    match (set, fields) {
        (Some((field, value)), _) => field.value_type.convert(v1, value),
        (None, [.., "class"]) => {
            let class = checked.name.to_string();
            quote!(#class)
        }
        (None, ["settings"]) => quote!(&[]),
        (None, ["instruction_placement"]) => quote!(#v1::frame::InstructionPlacement::ByFamily),
        (None, _) => quote!(::core::option::Option::None),
    }
}
