//! From a checked annotation to code. What it calls is in `pipecat_instrument_runtime::__private::v1`.
//!
//! ```text
//! // #[traced_llm(model = self.model, input = prompt, output = |reply| &reply.text)]
//! // async fn complete(&self, prompt: &str) -> Result<Reply, Error> { BODY }
//! async fn complete(&self, prompt: &str) -> Result<Reply, Error> {
//!     v1::traced_llm(
//!         "complete",
//!         |service| service.of::<Self>(),
//!         |metadata| metadata.model(v1::OptionalText::optional_text(&(self.model))).input(&(prompt)),
//!     )
//!     .start_async(async move {
//!         if false { return v1::never::<Result<Reply, Error>>(); }
//!         { BODY }
//!     })
//!     .wait()
//!     .await
//!     .finish(|value, outcome| v1::ReturnValue::new(value).record(outcome, |value, outcome| {
//!         { let reply = value; outcome.output(&(&reply.text)); }
//!     }))
//! }
//!
//! // fn say(&self, text: &str) -> BoxStream<'_, Vec<u8>> { BODY }
//! fn say(&self, text: &str) -> BoxStream<'_, Vec<u8>> {
//!     v1::traced_tts("say", …)
//!         .start(move || -> BoxStream<'_, Vec<u8>> { BODY })
//!         .boxed(|started| ::std::boxed::Box::pin(started.stream(|value, outcome| …)))
//! }
//! ```

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Expr, Ident, Path, ReturnType, Type, parse_quote};

use super::args::{Args, Look};
use super::check::Traced;
use super::item::Function;
use super::kind::Kind;
use super::returned::{Returned, Wrapping, hidden};
use crate::stated::stated;

/// The function, with its body wrapped.
pub(super) fn function(kind: &Kind, traced: Traced) -> TokenStream {
    let Traced { function, args, returned } = traced;
    let v1: Path = match &args.krate {
        Some(krate) => parse_quote!(#krate::__private::v1),
        None => parse_quote!(::pipecat_instrument::__private::v1),
    };
    let looked_at = hidden(&function.sig.output).map(stated);
    let read = read(&v1, kind, &args, looked_at.as_ref());
    let begin = begin(&v1, kind, &args, &function);
    let ran = run(&v1, &function);
    let ended = end(&v1, &returned, &quote!(#begin #ran), &read);
    let Function { attrs, vis, sig, body } = &function;
    let inner = &body.inner;
    quote! {
        #(#attrs)*
        #vis #sig {
            #(#inner)*
            #ended
        }
    }
}

/// `v1::traced_llm(…)`; its closures borrow the arguments, before the body takes them.
fn begin(v1: &Path, kind: &Kind, args: &Args, function: &Function) -> TokenStream {
    let traced = format_ident!("{}", kind.attribute);
    let name = function.sig.ident.unraw().to_string();
    let (service, metadata) = (ours("service"), ours("metadata"));
    // Only where there is a receiver is it certain that there is a `Self`.
    let of = function.sig.receiver().map(|_| quote!(.of::<Self>()));
    let service_options = [text(v1, "name", args.name.as_ref()), reference("context", args.context.as_ref())];
    let metadata_options = [
        text(v1, "provider", args.provider.as_ref()),
        text(v1, "model", args.model.as_ref()),
        text(v1, "voice", args.voice.as_ref()),
        text(v1, "language", args.language.as_ref()),
        reference("input", args.input.as_ref()),
    ];
    quote! {
        #v1::#traced(#name, |#service| #service #of #(#service_options)*, |#metadata| #metadata #(#metadata_options)*)
    }
}

/// `.method(text of value)`, if there is a value.
fn text(v1: &Path, method: &str, value: Option<&Expr>) -> Option<TokenStream> {
    value.map(|value| {
        let method = format_ident!("{method}", span = at(value));
        quote_spanned!(at(value)=> .#method(#v1::OptionalText::optional_text(&(#value))))
    })
}

/// `.method(&(value))`, if there is a value.
fn reference(method: &str, value: Option<&Expr>) -> Option<TokenStream> {
    value.map(|value| {
        let method = format_ident!("{method}", span = at(value));
        quote_spanned!(at(value)=> .#method(&(#value)))
    })
}

/// `.start(move || -> Ret { body })`, or its async form. The return type is stated, so that a type error lands on the
/// user's code, and `?` and `return` know what they return.
fn run(v1: &Path, function: &Function) -> TokenStream {
    let Function { sig, body, .. } = function;
    let returned = stated_type(&sig.output);
    if sig.asyncness.is_none() {
        // A closure with a stated type wants braces, and has those of the function.
        return quote!(.start(move || -> #returned #body));
    }
    quote!(.start_async(async move { if false { return #v1::never::<#returned>(); } #body }).wait().await)
}

/// What becomes of what the body made.
fn end(v1: &Path, returned: &Returned, started: &TokenStream, read: &TokenStream) -> TokenStream {
    let name = ours("started");
    match returned {
        Returned::Value => quote!(#started.finish(#read)),
        Returned::Stream(Wrapping::Opaque) => quote!(#started.stream(#read)),
        Returned::Stream(Wrapping::Boxed) => {
            quote!(#started.boxed(|#name| ::std::boxed::Box::pin(#name.stream(#read))))
        }
        Returned::ResultOfStream(wrapping) => {
            let stream = end(v1, &Returned::Stream(*wrapping), &quote!(#name), read);
            let look_at_error = looking(v1, Span::mixed_site(), None, &quote!(|_, _| {}));
            quote!(#started.result(#look_at_error).map(|#name| #stream))
        }
        Returned::Future(Wrapping::Opaque, output) => {
            let waited = end(v1, output, &quote!(#name.wait().await), read);
            quote!(let #name = #started; async move { #waited })
        }
        Returned::Future(Wrapping::Boxed, output) => {
            let waited = end(v1, output, &quote!(#name.wait().await), read);
            quote!(#started.boxed(|#name| ::std::boxed::Box::pin(async move { #waited })))
        }
    }
}

/// The closure that looks at what came of it.
fn read(v1: &Path, kind: &Kind, args: &Args, looked_at: Option<&Type>) -> TokenStream {
    let (mixed, value, outcome) = (Span::mixed_site(), ours("value"), ours("outcome"));
    let looks: Vec<TokenStream> = [("output", &args.output), (kind.usage, &args.usage)]
        .into_iter()
        .filter_map(|(method, look)| {
            let Look { value: pattern, expression } = look.as_ref()?;
            let method = format_ident!("{method}", span = at(expression));
            let told = quote_spanned!(at(expression)=> #outcome.#method(&(#expression)));
            Some(quote!({ let #pattern = #value; #told; }))
        })
        .collect();
    let first = args.output.as_ref().or(args.usage.as_ref());
    let Some(first) = first else { return looking(v1, mixed, looked_at, &quote!(|_, _| {})) };
    // What the expressions cannot borrow is reported where the closures stand.
    let span = at(&first.expression);
    looking(v1, span, looked_at, &quote_spanned!(span=> |#value, #outcome| { #(#looks)* }))
}

/// The closure that tells an error, or has `look` look at what came of it.
fn looking(v1: &Path, span: Span, looked_at: Option<&Type>, look: &TokenStream) -> TokenStream {
    let (value, outcome) = (ours("value"), ours("outcome"));
    let stated = looked_at.map(|ty| quote!(: &#ty));
    quote_spanned!(span=> |#value #stated, #outcome| #v1::ReturnValue::new(#value).record(#outcome, #look))
}

/// A return type as it can be stated inside the function.
fn stated_type(output: &ReturnType) -> Type {
    match output {
        ReturnType::Default => parse_quote!(()),
        ReturnType::Type(_, written) => stated(written),
    }
}

/// A name that meets none of the user's.
fn ours(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

/// Where the user wrote it, with names that are ours.
fn at(written: &impl Spanned) -> Span {
    written.span().resolved_at(Span::mixed_site())
}
