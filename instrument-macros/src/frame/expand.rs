//! From a checked frame type to its `impl ObservedFrame`.
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

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Member, Path, parse_quote};

use super::attr::binding;
use super::check::{Arm, Bound, FrameType, Says};
use super::kinds::{Argument, Kind, Need, Shape, Takes};

/// `impl ObservedFrame for …`.
pub(super) fn implementation(checked: &FrameType) -> TokenStream {
    let FrameType { name, generics, krate, arms } = checked;
    let v1: Path = match krate {
        Some(krate) => parse_quote!(#krate::__private::v1),
        None => parse_quote!(::pipecat_instrument::__private::v1),
    };
    let kinds = arms.iter().map(|arm| kind_arm(&v1, arm));
    let views = arms.iter().map(|arm| view_arm(&v1, arm));
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    // A reference to an enum without variants can be matched only by what it points to.
    let subject = if arms.is_empty() { quote!(*self) } else { quote!(self) };
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

fn kind_arm(v1: &Path, arm: &Arm) -> TokenStream {
    let path = path(arm);
    let kind = match &arm.says {
        Says::Nothing => format_ident!("Other"),
        Says::Kind { kind, .. } => format_ident!("{}", kind.variant),
    };
    quote!(#path { .. } => #v1::frame::FrameKind::#kind,)
}

fn view_arm(v1: &Path, arm: &Arm) -> TokenStream {
    let path = path(arm);
    match &arm.says {
        Says::Nothing => {
            let class = &arm.class;
            quote!(#path { .. } => #v1::frame::Frame::Other { class: #class },)
        }
        Says::Kind { kind, values } => {
            let bindings = bindings(values);
            let view = view(v1, kind, values);
            let named = named(values);
            if named.is_empty() {
                quote!(#path { #(#bindings,)* .. } => #view,)
            } else {
                quote!(#path { #(#bindings,)* .. } => { #(#named)* #view })
            }
        }
    }
}

fn path(arm: &Arm) -> TokenStream {
    let variant = arm.variant.iter();
    quote!(Self #(::#variant)*)
}

/// Each field that some value mentions, once.
fn bindings(values: &[Bound]) -> Vec<TokenStream> {
    each_once(values.iter().flat_map(|value| &value.fields))
        .map(|member| {
            let name = binding(member);
            quote!(#member: #name)
        })
        .collect()
}

/// The names of fields that expressions mention, each once.
fn named(values: &[Bound]) -> Vec<TokenStream> {
    each_once(values.iter().flat_map(|value| &value.named))
        .map(|name| {
            let bound = binding(&Member::Named(name.clone()));
            quote!(let #name = #bound;)
        })
        .collect()
}

fn each_once<'a, T: PartialEq + 'a>(mentioned: impl Iterator<Item = &'a T>) -> impl Iterator<Item = &'a T> {
    let mut seen: Vec<&T> = Vec::new();
    for one in mentioned {
        if !seen.contains(&one) {
            seen.push(one);
        }
    }
    seen.into_iter()
}

fn view(v1: &Path, kind: &Kind, values: &[Bound]) -> TokenStream {
    let variant = format_ident!("{}", kind.variant);
    let frame = quote!(#v1::frame::Frame::#variant);
    let value_of = |argument: &Argument| {
        values
            .iter()
            .find(|bound| bound.argument.name == argument.name)
            .map_or_else(|| missing(argument), |bound| given(v1, bound))
    };
    let fields = kind.arguments.iter().map(|argument| {
        let name = Ident::new(argument.name, Span::call_site());
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

/// The call that turns a value into what the view holds. It stands where the value was written, so that a value of
/// a wrong type is reported there.
fn given(v1: &Path, bound: &Bound) -> TokenStream {
    let value = &bound.value;
    let at = value.span().resolved_at(Span::mixed_site());
    match bound.argument.takes {
        Takes::Text => quote_spanned!(at=> #v1::Text::text(#value)),
        Takes::OptionalText => quote_spanned!(at=> #v1::OptionalText::optional_text(#value)),
        Takes::OptionalTranscript => quote_spanned! {at=>
            #v1::OptionalText::optional_text(#value).map(#v1::frame::Transcript::from)
        },
        Takes::OptionalJson => quote_spanned!(at=> #v1::OptionalJson::optional_json(#value)),
        Takes::OptionalSeconds => quote_spanned!(at=> #v1::Seconds::seconds(&(#value))),
        Takes::Truth => quote_spanned!(at=> #v1::Truth::truth(#value)),
        Takes::Bytes => quote_spanned!(at=> #v1::ByteCount::byte_count(#value)),
        Takes::Count => quote_spanned!(at=> #v1::Count::count(#value)),
        Takes::Copied | Takes::Borrowed => value.clone(),
        Takes::OptionalBorrowed => quote_spanned!(at=> ::core::option::Option::Some(#value)),
    }
}

fn missing(argument: &Argument) -> TokenStream {
    match argument.need {
        Need::Else(number) => quote!(#number),
        Need::Required | Need::Optional => quote!(::core::default::Default::default()),
    }
}
