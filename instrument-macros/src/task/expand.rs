//! From a checked annotation to code. What it calls is in `pipecat_instrument_runtime::__private::v1`.
//!
//! ```text
//! // fn new(pipeline: Pipeline, params: Params) -> Self { BODY }
//! //                                                               observer into the finished task
//! fn new(pipeline: Pipeline, params: Params) -> Self {
//!     v1::begin::<Self>("Task", |options| options.conversation_id(&(params.id)))
//!         .attach(move || -> Self { BODY })
//! }
//!
//! // async fn connect(url: &str) -> Result<Arc<Self>, Error> { BODY }
//! async fn connect(url: &str) -> Result<Arc<Self>, Error> {
//!     v1::begin::<Self>("Task", |options| options)
//!         .attach_async(async move {
//!             if false { return v1::never::<Result<Arc<Self>, Error>>(); }
//!             { BODY }
//!         })
//!         .await
//! }
//!
//! // fn connect(url: &str) -> Pin<Box<dyn Future<Output = Self> + '_>> { BODY }
//! fn connect(url: &str) -> Pin<Box<dyn Future<Output = Self> + '_>> {
//!     let construction = v1::begin::<Self>("Task", |options| options);
//!     let future = construction.run(move || -> Pin<Box<dyn Future<Output = Self> + '_>> { BODY });
//!     construction.attach_boxed(future, |future| v1::Box::pin(future))
//! }
//!
//! // fn build(observers: Vec<Arc<dyn FrameObserver>>) -> Task { BODY }
//! //                                                               observer into an argument
//! fn build(observers: Vec<Arc<dyn FrameObserver>>) -> Task {
//!     let construction = v1::begin::<Task>("Task", |options| options);
//!     let mut observers = observers;
//!     if let Some(observer) = construction.observer() {
//!         observers.push((VIA)(observer));
//!     }
//!     construction.run(move || -> Task { BODY })
//! }
//!
//! // fn build(processors: Vec<Processor>) -> Result<Task, Error> { BODY }
//! //                                                               observer into a wrapper, which is what is returned
//! fn build(processors: Vec<Processor>) -> Result<Observed<Task>, Error> {
//!     v1::begin::<Observed<Task>>("Task", |options| options)
//!         .attach_wrapped(
//!             move || -> Result<Task, Error> { BODY },
//!             |made, construction| made.map(|made| construction.wrapped::<Observed<Task>, Task>(made)),
//!         )
//! }
//! ```

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Expr, Path, ReturnType, Type, parse_quote};

use super::args::Place;
use super::check::{AnnotatedFunction, AnnotatedImpl, Registration};
use super::constructor::{Constructor, Destination, Mutability};
use super::item::{Function, ImplPart};
use super::returned::Given;
use super::wrapped::{Names, Wrapped};
use crate::stated::stated;

/// An `impl` block with its constructors wrapped, and its type registered beside it.
pub(super) fn impl_block(annotated: &AnnotatedImpl) -> TokenStream {
    let AnnotatedImpl { item, constructors, registration } = annotated;
    let v1 = v1(registration);
    let name = &registration.name;
    let mut items = TokenStream::new();
    for (place, part) in item.items.iter().enumerate() {
        let constructor =
            constructors.iter().find(|(at, _)| *at == place).map(|(_, constructor)| constructor);
        items.extend(match (part, constructor) {
            (ImplPart::Other(tokens), _) => tokens.clone(),
            (ImplPart::Function(function), None) => function.as_written(),
            (ImplPart::Function(function), Some(constructor)) => {
                let body = Expansion { v1: &v1, name, constructor, function }.body();
                function.with_body(&body, constructor.output())
            }
        });
    }
    let block = item.with_items(items);
    let only_if = item.attributes.iter().filter(|attribute| attribute.path().is_ident("cfg"));
    quote! {
        #block
        #(#only_if)*
        #v1::register! { #name }
    }
}

/// A function, wrapped. It registers in its own body, as it may stand where no item can.
pub(super) fn function(annotated: &AnnotatedFunction) -> TokenStream {
    let AnnotatedFunction { item: function, constructor, registration } = annotated;
    let v1 = v1(registration);
    let name = &registration.name;
    let body = Expansion { v1: &v1, name, constructor, function }.body();
    let registered = quote! {
        #v1::register! { #name }
        #body
    };
    function.with_body(&registered, constructor.output())
}

fn v1(registration: &Registration) -> Path {
    match &registration.krate {
        Some(krate) => parse_quote!(#krate::__private::v1),
        None => parse_quote!(::pipecat_instrument::__private::v1),
    }
}

/// What one constructor's body becomes.
struct Expansion<'a> {
    v1: &'a Path,
    name: &'a str,
    constructor: &'a Constructor,
    function: &'a Function,
}

/// What the helpers that put the observer into a task are called, and those that do not.
enum Helpers {
    Attach,
    Run,
}

impl Helpers {
    fn spanned(&self, suffix: &str, at: Span) -> Ident {
        let name = match self {
            Self::Attach => "attach",
            Self::Run => "run",
        };
        format_ident!("{name}{suffix}", span = at)
    }
}

impl Expansion<'_> {
    fn body(&self) -> TokenStream {
        let begin = self.begin();
        match &self.constructor.destination {
            Destination::Task if self.constructor.given == Given::Directly => {
                self.direct(&begin, &Helpers::Attach)
            }
            Destination::Task => {
                let construction = ours("construction");
                let given = self.future(&construction, &Helpers::Attach);
                quote!(let #construction = #begin; #given)
            }
            Destination::Wrapper(wrapped) => self.wrapped(&begin, wrapped),
            Destination::Argument { place, mutability, via } => {
                let construction = ours("construction");
                let pushed = push(&construction, place, *mutability, via.as_deref());
                let given = match self.constructor.given {
                    Given::Directly => self.direct(&quote!(#construction), &Helpers::Run),
                    Given::AsFuture | Given::AsBoxedFuture => self.future(&construction, &Helpers::Run),
                };
                quote! {
                    let #construction = #begin;
                    #pushed
                    #given
                }
            }
        }
    }

    /// `v1::begin::<Task>("name", |options| options.…)`; what is said borrows the arguments, before the body takes them.
    fn begin(&self) -> TokenStream {
        let Self { v1, name, constructor: Constructor { task, told, .. }, .. } = self;
        let told = told.iter().map(|(method, value)| option(method, value));
        let options = ours("options");
        quote!(#v1::begin::<#task>(#name, |#options| #options #(#told)*))
    }

    /// `.attach(move || -> Ret { body })`, or its async form. The return type is stated, so that a type error lands on the
    /// user's code, and `?` and `return` know what they return.
    fn direct(&self, construction: &TokenStream, helpers: &Helpers) -> TokenStream {
        if self.function.signature.asyncness.is_none() {
            let method = helpers.spanned("", self.return_span());
            let closure = self.closure();
            return quote!(#construction.#method(#closure));
        }
        let method = helpers.spanned("_async", self.return_span());
        let body = self.async_body();
        quote!(#construction.#method(#body).await)
    }

    fn async_body(&self) -> TokenStream {
        let Self { v1, function: Function { signature, body, .. }, .. } = self;
        let stated = stated_type(&signature.output)
            .map(|returned| quote!(if false { return #v1::never::<#returned>(); }));
        quote!(async move { #stated #body })
    }

    /// A function that returns its own future: what it does before that is done at once.
    fn future(&self, construction: &Ident, helpers: &Helpers) -> TokenStream {
        let v1 = self.v1;
        let future = ours("future");
        let closure = self.closure();
        let wrapped = match self.constructor.given {
            Given::AsBoxedFuture => {
                let method = helpers.spanned("_boxed", self.return_span());
                quote!(#construction.#method(#future, |#future| #v1::Box::pin(#future)))
            }
            Given::Directly | Given::AsFuture => {
                let method = helpers.spanned("_async", self.return_span());
                quote!(#construction.#method(#future))
            }
        };
        quote! {
            let #future = #construction.run(#closure);
            #wrapped
        }
    }

    /// What the body makes goes into a wrapper, and the observer into that.
    fn wrapped(&self, begin: &TokenStream, wrapped: &Wrapped) -> TokenStream {
        let Self { v1, function: Function { signature, .. }, constructor: Constructor { given, .. }, .. } =
            self;
        let (made, construction, future) = (ours("made"), ours("construction"), ours("future"));
        let into = wrapped.function(Names { made: &made, construction: &construction });
        match given {
            Given::Directly if signature.asyncness.is_none() => {
                let closure = self.closure();
                quote!(#begin.attach_wrapped(#closure, #into))
            }
            Given::Directly => {
                let body = self.async_body();
                quote!(#begin.attach_wrapped_async(#body, #into).await)
            }
            Given::AsFuture | Given::AsBoxedFuture => {
                let closure = self.closure();
                let wrapped = quote!(#construction.attach_wrapped_async(#future, #into));
                let given = match given {
                    Given::AsBoxedFuture => quote!(#v1::Box::pin(#wrapped)),
                    Given::Directly | Given::AsFuture => wrapped,
                };
                quote! {
                    let #construction = #begin;
                    let #future = #construction.run(#closure);
                    #given
                }
            }
        }
    }

    fn closure(&self) -> TokenStream {
        let Function { signature, body, .. } = self.function;
        let arrow = stated_type(&signature.output).map(|returned| quote!(-> #returned));
        quote!(move || #arrow #body)
    }

    fn return_span(&self) -> Span {
        match &self.function.signature.output {
            ReturnType::Type(_, written) => at(written),
            ReturnType::Default => Span::mixed_site(),
        }
    }
}

fn push(construction: &Ident, place: &Place, mutability: Mutability, via: Option<&Expr>) -> TokenStream {
    let observer = ours("observer");
    let argument = &place.argument;
    let rebound = (mutability == Mutability::Immutable).then(|| quote!(let mut #argument = #argument;));
    // Each stands where the user wrote what it may not fit to.
    let value = match via {
        Some(via) => quote_spanned!(at(via)=> (#via)(#observer)),
        None => format_ident!("observer", span = at(place)).into_token_stream(),
    };
    let push = quote_spanned!(at(place)=> #place.push(#value););
    quote! {
        #rebound
        if let ::core::option::Option::Some(#observer) = #construction.observer() {
            #push
        }
    }
}

/// `.method(&(value))`.
fn option(method: &str, value: &Expr) -> TokenStream {
    let method = format_ident!("{method}", span = at(value));
    quote_spanned!(at(value)=> .#method(&(#value)))
}

/// A return type as it can be stated inside the function.
fn stated_type(output: &ReturnType) -> Option<Type> {
    let ReturnType::Type(_, written) = output else { return None };
    Some(stated(written))
}

/// A name that does not meet those of the user.
fn ours(name: &str) -> Ident {
    format_ident!("{name}", span = Span::mixed_site())
}

/// Where the user wrote it, with names that are ours.
fn at(written: &impl Spanned) -> Span {
    written.span().resolved_at(Span::mixed_site())
}
