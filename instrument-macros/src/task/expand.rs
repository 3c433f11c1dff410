//! From a checked annotation to code. What it calls is in `pipecat_instrument_runtime::__private::v1`.
//!
//! ```text
//! // fn new(pipeline: Pipeline, params: Params) -> Self { BODY }
//! //                                                               observer into the finished task
//! fn new(pipeline: Pipeline, params: Params) -> Self {
//!     v1::begin::<Self>(|| v1::ObserveOptions::new().conversation_id(&(params.id)))
//!         .attach(move || -> Self { BODY })
//! }
//!
//! // async fn connect(url: &str) -> Result<Arc<Self>, Error> { BODY }
//! async fn connect(url: &str) -> Result<Arc<Self>, Error> {
//!     v1::begin::<Self>(|| v1::ObserveOptions::new())
//!         .attach_async(async move {
//!             if false { return v1::never::<Result<Arc<Self>, Error>>(); }
//!             { BODY }
//!         })
//!         .await
//! }
//!
//! // fn build(observers: Vec<Arc<dyn FrameObserver>>) -> Task { BODY }
//! //                                                               observer into an argument
//! fn build(observers: Vec<Arc<dyn FrameObserver>>) -> Task {
//!     let construction = v1::begin::<Task>(|| v1::ObserveOptions::new());
//!     let mut observers = observers;
//!     if let Some(observer) = construction.observer() {
//!         observers.push((VIA)(observer));
//!     }
//!     construction.run(move || -> Task { BODY })
//! }
//! ```

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::visit_mut::VisitMut;
use syn::{Block, Expr, ImplItem, Path, ReturnType, Signature, Type, parse_quote};

use super::check::{AnnotatedFunction, AnnotatedImpl, Registration};
use super::constructor::{Constructor, Destination, Mutability};
use super::item::replace_body;

/// An `impl` block with its constructors wrapped, and its type registered beside it.
pub(super) fn impl_block(annotated: AnnotatedImpl) -> TokenStream {
    let AnnotatedImpl { mut item, constructors, registration } = annotated;
    let v1 = v1(&registration);
    for (place, constructor) in constructors {
        if let ImplItem::Fn(function) = &mut item.items[place] {
            let signature = &function.sig;
            replace_body(&mut function.block, |body| wrap(&v1, &constructor, signature, body));
        }
    }
    let registered = register(&v1, &registration.name);
    quote! {
        #item
        const _: () = { #registered };
    }
}

/// A function, wrapped. It registers in its own body, as it may stand where no item can.
pub(super) fn function(annotated: AnnotatedFunction) -> TokenStream {
    let AnnotatedFunction { mut item, constructor, registration } = annotated;
    let v1 = v1(&registration);
    let registered = register(&v1, &registration.name);
    let signature = &item.sig;
    replace_body(&mut item.block, |body| {
        let wrapped = wrap(&v1, &constructor, signature, body);
        quote!(#registered #wrapped)
    });
    quote!(#item)
}

fn v1(registration: &Registration) -> Path {
    match &registration.krate {
        Some(krate) => parse_quote!(#krate::__private::v1),
        None => parse_quote!(::pipecat_instrument::__private::v1),
    }
}

fn register(v1: &Path, name: &str) -> TokenStream {
    quote! {
        #v1::inventory::submit! {
            #v1::AnnotatedType::new(#name, ::core::file!(), ::core::line!())
        }
    }
}

fn wrap(v1: &Path, constructor: &Constructor, signature: &Signature, body: &Block) -> TokenStream {
    let begin = begin(v1, constructor);
    match &constructor.destination {
        Destination::Task => {
            let ran = run("attach", v1, signature, body);
            quote!(#begin #ran)
        }
        Destination::Argument { argument, via } => {
            let name = &argument.name;
            let mixed = Span::mixed_site();
            let construction = format_ident!("construction", span = mixed);
            let observer = format_ident!("observer", span = mixed);
            let rebound =
                (argument.mutability == Mutability::Immutable).then(|| quote!(let mut #name = #name;));
            let value = via.as_ref().map_or_else(|| quote!(#observer), |via| quote!((#via)(#observer)));
            let ran = run("run", v1, signature, body);
            quote! {
                let #construction = #begin;
                #rebound
                if let ::core::option::Option::Some(#observer) = #construction.observer() {
                    #name.push(#value);
                }
                #construction #ran
            }
        }
    }
}

/// `v1::begin::<Task>(|| options)`; the options borrow the arguments, before the body takes them.
fn begin(v1: &Path, constructor: &Constructor) -> TokenStream {
    let Constructor { task, told, .. } = constructor;
    let options = [
        option("conversation_id", told.conversation_id.as_ref()),
        option("attributes", told.attributes.as_ref()),
        option("parent", told.parent.as_ref()),
        option("link", told.link.as_ref()),
    ];
    quote!(#v1::begin::<#task>(|| #v1::ObserveOptions::new() #(#options)*))
}

/// `.method(&(value))`, if there is a value.
fn option(method: &str, value: Option<&Expr>) -> Option<TokenStream> {
    value.map(|value| {
        let method = format_ident!("{method}", span = at(value));
        quote_spanned!(at(value)=> .#method(&(#value)))
    })
}

/// `.attach(move || -> Ret { body })`, or its async form. The return type is stated, so that a type error lands on the
/// user's code, and `?` and `return` know what they return.
fn run(method: &str, v1: &Path, signature: &Signature, body: &Block) -> TokenStream {
    let returned = stated_type(&signature.output);
    let at = match &signature.output {
        ReturnType::Type(_, written) => at(written),
        ReturnType::Default => Span::mixed_site(),
    };
    if signature.asyncness.is_none() {
        let method = format_ident!("{method}", span = at);
        let arrow = returned.map(|returned| quote!(-> #returned));
        return quote!(.#method(move || #arrow #body));
    }
    let method = format_ident!("{method}_async", span = at);
    let stated = returned.map(|returned| quote!(if false { return #v1::never::<#returned>(); }));
    quote!(.#method(async move { #stated #body }).await)
}

/// A return type as it can be stated inside the function: `impl Trait` is left to inference.
fn stated_type(output: &ReturnType) -> Option<Type> {
    struct Inferred;
    impl VisitMut for Inferred {
        fn visit_type_mut(&mut self, ty: &mut Type) {
            if matches!(ty, Type::ImplTrait(_)) {
                *ty = parse_quote!(_);
            } else {
                syn::visit_mut::visit_type_mut(self, ty);
            }
        }
    }
    let ReturnType::Type(_, written) = output else { return None };
    let mut stated = (**written).clone();
    Inferred.visit_type_mut(&mut stated);
    Some(stated)
}

/// Where the user wrote it, with names that are ours.
fn at(written: &impl Spanned) -> Span {
    written.span().resolved_at(Span::mixed_site())
}
