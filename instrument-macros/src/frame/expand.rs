//! Expands a checked frame type to its `impl ObservedFrame`.
//!
//! ```text
//! // #[frame(transcription(text, user_id = speaker))] Heard { text: String, speaker: String },
//! fn kind(&self) -> FrameKind {
//!     match self { Self::Heard { .. } => FrameKind::Transcription, … }
//! }
//! fn view(&self) -> Frame<'_> {
//!     match self {
//!         Self::Heard { text: field_text, speaker: field_speaker, .. } => Frame::Transcription(Transcript {
//!             text: Text::text(field_text),
//!             user_id: OptionalText::optional_text(field_speaker),
//!             language: Default::default(),
//!         }),
//!         …
//!     }
//! }
//! ```

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Member, Path};

use super::attr::binding;
use super::kinds::{FrameArgument, FrameKind, Requirement, Shape};
use super::{BoundValue, FrameType, Variant, View};
use crate::arguments::runtime_path;

/// Returns `impl ObservedFrame for …`.
pub(super) fn implementation(checked: &FrameType) -> TokenStream {
    let FrameType { name, generics, krate, variants } = checked;
    let v1 = runtime_path(krate.as_ref());
    let kinds = variants.iter().map(|variant| kind_arm(&v1, variant));
    let views = variants.iter().map(|variant| view_arm(&v1, variant));
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    // A match without arms needs the enum itself: a reference to an enum without variants counts as inhabited.
    let subject = if variants.is_empty() { quote!(*self) } else { quote!(self) };
    quote! {
        #[automatically_derived]
        impl #impl_generics #v1::frame::ObservedFrame for #name #type_generics #where_clause {
            #[inline]
            fn kind(&self) -> #v1::frame::FrameKind {
                match #subject { #(#kinds)* }
            }

            fn view(&self) -> #v1::frame::Frame<'_> {
                match #subject { #(#views)* }
            }
        }
    }
}

fn kind_arm(v1: &Path, variant: &Variant) -> TokenStream {
    let path = path(variant);
    let kind = match &variant.view {
        View::Ignored => format_ident!("Other"),
        View::Frame { kind, .. } => format_ident!("{}", kind.variant),
    };
    quote!(#path { .. } => #v1::frame::FrameKind::#kind,)
}

fn view_arm(v1: &Path, variant: &Variant) -> TokenStream {
    let path = path(variant);
    match &variant.view {
        View::Ignored => {
            let class = &variant.class;
            quote!(#path { .. } => #v1::frame::Frame::Other { class: #class },)
        }
        View::Frame { kind, values } => {
            let bindings = unique(values.iter().flat_map(|value| &value.fields)).map(|member| {
                let name = binding(member);
                quote!(#member: #name,)
            });
            // Expressions mention fields by their own names.
            let mut named = unique(values.iter().flat_map(|value| &value.named))
                .map(|name| {
                    let bound = binding(&Member::Named(name.clone()));
                    quote!(let #name = #bound;)
                })
                .peekable();
            let view = view(v1, kind, values);
            let body = if named.peek().is_none() { quote!(#view,) } else { quote!({ #(#named)* #view }) };
            quote!(#path { #(#bindings)* .. } => #body)
        }
    }
}

fn path(variant: &Variant) -> TokenStream {
    let name = variant.name.iter();
    quote!(Self #(::#name)*)
}

fn unique<'a, T: PartialEq + 'a>(items: impl Iterator<Item = &'a T>) -> impl Iterator<Item = &'a T> {
    let mut unique: Vec<&T> = Vec::new();
    for item in items {
        if !unique.contains(&item) {
            unique.push(item);
        }
    }
    unique.into_iter()
}

fn view(v1: &Path, kind: &FrameKind, values: &[BoundValue]) -> TokenStream {
    let variant = format_ident!("{}", kind.variant);
    let frame = quote!(#v1::frame::Frame::#variant);
    let value_of = |argument: &FrameArgument| {
        values
            .iter()
            .find(|bound| bound.argument.name == argument.name)
            .map_or_else(|| missing(argument), |bound| bound.argument.value_type.convert(v1, &bound.value))
    };
    let fields = kind.arguments.iter().map(|argument| {
        let name = format_ident!("{}", argument.name);
        let value = value_of(argument);
        quote!(#name: #value)
    });
    match kind.shape {
        Shape::Unit => frame,
        Shape::Value => {
            let values = kind.arguments.iter().map(value_of);
            quote!(#frame(#(#values),*))
        }
        Shape::Fields => quote!(#frame { #(#fields,)* }),
        Shape::Struct(name) => {
            let name = format_ident!("{name}");
            quote!(#frame(#v1::frame::#name { #(#fields,)* }))
        }
    }
}

fn missing(argument: &FrameArgument) -> TokenStream {
    match argument.requirement {
        Requirement::DefaultsTo(number) => quote!(#number),
        Requirement::DefaultsToTrue => quote!(true),
        Requirement::Required | Requirement::Optional => quote!(::core::default::Default::default()),
    }
}
