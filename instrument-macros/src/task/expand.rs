//! Expands a checked annotation. The expansion calls helpers in `pipecat_instrument_runtime::__private::v1`, and holds no
//! logic of its own.
//!
//! ```text
//! // The observer goes into the finished task.
//! // fn new(pipeline: Pipeline, params: Params) -> Self { BODY }
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
//! // The observer goes into an argument.
//! // fn build(observers: Vec<Arc<dyn FrameObserver>>) -> Task { BODY }
//! fn build(observers: Vec<Arc<dyn FrameObserver>>) -> Task {
//!     let construction = v1::begin::<Task>("Task", |options| options);
//!     let mut observers = observers;
//!     if let Some(observer) = construction.observer() {
//!         observers.push((VIA)(observer));
//!     }
//!     construction.run(move || -> Task { BODY })
//! }
//!
//! // The observer goes into a wrapper around the task, which the function returns.
//! // fn build(processors: Vec<Processor>) -> Result<Task, Error> { BODY }
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
use syn::{Expr, Path, ReturnType};

use super::args::{ArgumentPath, Callable};
use super::constructor::{AnnotatedFunction, Constructor, Destination, Mutability, Registration};
use super::impl_block::AnnotatedImpl;
use crate::arguments::runtime_path;
use crate::diagnostics::{hygienic_ident, mixed_site_at};
use crate::item::{Function, ImplPart};
use crate::return_type::{Boxing, inferred_output};

/// Expands the constructors of an `impl` block, and registers its type beside it.
pub(super) fn impl_block(annotated: &AnnotatedImpl) -> TokenStream {
    let AnnotatedImpl { item, constructors, registration: Registration { name, krate } } = annotated;
    let v1 = runtime_path(krate.as_ref());
    let items = item.items.iter().enumerate().map(|(index, part)| match (part, constructors.get(&index)) {
        (ImplPart::Other(tokens), _) => tokens.clone(),
        (ImplPart::Function(function), None) => function.as_written(),
        (ImplPart::Function(function), Some(constructor)) => {
            let body = Expansion { v1: &v1, name, constructor, function }.body();
            function.with_body(&body, constructor.output())
        }
    });
    let block = item.with_items(items.collect());
    let cfgs = item.attributes.iter().filter(|attribute| attribute.path().is_ident("cfg"));
    quote! {
        #block
        #(#cfgs)*
        #v1::register! { #name }
    }
}

/// Expands a function. It registers inside its body, because it may stand where no other item is allowed.
pub(super) fn function(annotated: &AnnotatedFunction) -> TokenStream {
    let AnnotatedFunction { item: function, constructor, registration: Registration { name, krate } } =
        annotated;
    let v1 = runtime_path(krate.as_ref());
    let body = Expansion { v1: &v1, name, constructor, function }.body();
    let registered = quote! {
        #v1::register! { #name }
        #body
    };
    function.with_body(&registered, constructor.output())
}

/// The expansion of one constructor's body.
struct Expansion<'a> {
    v1: &'a Path,
    name: &'a str,
    constructor: &'a Constructor,
    function: &'a Function,
}

/// The helper that runs the body: `attach`, `attach_wrapped` or `run`, and for a future its `_async` or `_boxed` form.
struct Helper {
    name: &'static str,
    /// The closure that wraps the task, for `attach_wrapped`.
    wrap: Option<TokenStream>,
}

impl Expansion<'_> {
    fn body(&self) -> TokenStream {
        let begin = self.begin();
        let construction = hygienic_ident("construction");
        let mut push = None;
        let helper = match &self.constructor.destination {
            Destination::Task => Helper { name: "attach", wrap: None },
            Destination::Wrapper(wrapping) => {
                Helper { name: "attach_wrapped", wrap: Some(wrapping.closure(&construction)) }
            }
            Destination::Argument { path, mutability, via } => {
                push = Some(push_observer(&construction, path, *mutability, via.as_deref()));
                Helper { name: "run", wrap: None }
            }
        };
        let run = match (self.constructor.future, &push) {
            (None, None) => return self.run(&begin, &helper),
            (None, Some(_)) => self.run(&construction.to_token_stream(), &helper),
            (Some(boxing), _) => self.run_future(&construction, &helper, boxing),
        };
        quote! {
            let #construction = #begin;
            #push
            #run
        }
    }

    /// `v1::begin::<Task>("name", |options| options.…)`. The options borrow the arguments, before the body takes them.
    fn begin(&self) -> TokenStream {
        let Self { v1, name, constructor: Constructor { task, options, .. }, .. } = self;
        let calls = options.iter().map(|(method, value)| option_call(method, value));
        let options = hygienic_ident("options");
        quote!(#v1::begin::<#task>(#name, |#options| #options #(#calls)*))
    }

    /// `.attach(move || -> Ret { body })`, or its async form. The expansion states the return type, so that the compiler
    /// reports a type error in the user's code, and infers the types of `?` and `return`.
    fn run(&self, construction: &TokenStream, helper: &Helper) -> TokenStream {
        let wrap = helper.wrap.iter();
        if self.function.signature.asyncness.is_none() {
            let method = self.method(helper, "");
            let closure = self.closure();
            return quote!(#construction.#method(#closure #(, #wrap)*));
        }
        let method = self.method(helper, "_async");
        let Self { v1, function: Function { signature, body, .. }, .. } = self;
        let never = inferred_output(&signature.output)
            .map(|returned| quote!(if false { return #v1::never::<#returned>(); }));
        quote!(#construction.#method(async move { #never #body } #(, #wrap)*).await)
    }

    /// For a function that returns a future without being an `async fn`: the body runs at once, and the future is
    /// passed to the helper.
    fn run_future(&self, construction: &Ident, helper: &Helper, boxing: Boxing) -> TokenStream {
        let v1 = self.v1;
        let future = hygienic_ident("future");
        let closure = self.closure();
        let returned = match (boxing, &helper.wrap) {
            (Boxing::Boxed, None) => {
                let method = self.method(helper, "_boxed");
                quote!(#construction.#method(#future, |#future| #v1::Box::pin(#future)))
            }
            (_, wrap) => {
                let method = self.method(helper, "_async");
                let wrap = wrap.iter();
                let wrapped = quote!(#construction.#method(#future #(, #wrap)*));
                if boxing == Boxing::Boxed { quote!(#v1::Box::pin(#wrapped)) } else { wrapped }
            }
        };
        quote! {
            let #future = #construction.run(#closure);
            #returned
        }
    }

    fn closure(&self) -> TokenStream {
        let Function { signature, body, .. } = self.function;
        let arrow = inferred_output(&signature.output).map(|returned| quote!(-> #returned));
        quote!(move || #arrow #body)
    }

    /// The name of a helper, at the return type: there the compiler reports a type without `ObservedTask`.
    fn method(&self, helper: &Helper, suffix: &str) -> Ident {
        let span = match &self.function.signature.output {
            ReturnType::Type(_, written) => mixed_site_at(written),
            ReturnType::Default => Span::mixed_site(),
        };
        format_ident!("{}{suffix}", helper.name, span = span)
    }
}

/// Generates the code that pushes the observer into the argument. Each token has the location of the code that the user
/// wrote for it, so that the compiler reports a type error there.
fn push_observer(
    construction: &Ident,
    path: &ArgumentPath,
    mutability: Mutability,
    via: Option<&Callable>,
) -> TokenStream {
    let observer = hygienic_ident("observer");
    let argument = &path.argument;
    let rebound = (mutability == Mutability::Immutable).then(|| quote!(let mut #argument = #argument;));
    let span = mixed_site_at(path);
    let value = match via {
        Some(via) => quote_spanned!(mixed_site_at(via)=> (#via)(#observer)),
        None => format_ident!("observer", span = span).into_token_stream(),
    };
    let push = quote_spanned!(span=> #path.push(#value););
    quote! {
        #rebound
        if let ::core::option::Option::Some(#observer) = #construction.observer() {
            #push
        }
    }
}

/// `.method(&(value))`.
fn option_call(method: &str, value: &Expr) -> TokenStream {
    let span = mixed_site_at(value);
    let method = format_ident!("{method}", span = span);
    quote_spanned!(span=> .#method(&(#value)))
}
