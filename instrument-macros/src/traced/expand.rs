//! Expands a checked annotation. The expansion calls helpers in `pipecat_instrument_runtime::__private::v1`, and holds no
//! logic of its own.
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
//! // #[traced_tts]
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
use syn::{Expr, Path, Type, parse_quote};

use super::TracedFunction;
use super::args::{Args, Extractor, ServiceKind};
use crate::arguments::runtime_path;
use crate::diagnostics::{hygienic_ident, mixed_site_at};
use crate::item::Function;
use crate::return_type::{Boxing, TracedReturn, infer_opaque_types, inferred_output, opaque_value_type};

/// Expands an annotated function.
pub(super) fn function(kind: &ServiceKind, traced: &TracedFunction) -> TokenStream {
    let TracedFunction { function, args, returned } = traced;
    let v1 = runtime_path(args.krate.as_ref());
    let value_type = opaque_value_type(&function.signature.output).map(infer_opaque_types);
    let begin = begin(&v1, kind, args, function);
    let start = start(&v1, function);
    let record = record(&v1, kind, args, value_type.as_ref());
    let body = finish(&v1, returned, &quote!(#begin #start), &record);
    function.with_body(&body, None)
}

/// `v1::traced_llm(…)`. Its closures borrow the arguments, before the body takes them.
fn begin(v1: &Path, kind: &ServiceKind, args: &Args, function: &Function) -> TokenStream {
    let traced = format_ident!("{}", kind.attribute);
    let name = function.signature.ident.unraw().to_string();
    let (service, metadata) = (hygienic_ident("service"), hygienic_ident("metadata"));
    // A function without a receiver may stand outside an `impl` block, where there is no `Self`.
    let of_self = function.signature.receiver().map(|_| quote!(.of::<Self>()));
    let service_calls = [text_call(v1, "name", args.name.as_ref()), call("context", args.context.as_ref())];
    let metadata_calls = [
        text_call(v1, "provider", args.provider.as_ref()),
        text_call(v1, "model", args.model.as_ref()),
        text_call(v1, "voice", args.voice.as_ref()),
        text_call(v1, "language", args.language.as_ref()),
        call("input", args.input.as_ref()),
    ];
    quote! {
        #v1::#traced(
            #name,
            |#service| #service #of_self #(#service_calls)*,
            |#metadata| #metadata #(#metadata_calls)*
        )
    }
}

/// `.method(&(value))`, if there is a value.
fn call(method: &str, value: Option<&Expr>) -> Option<TokenStream> {
    value.map(|value| {
        let span = mixed_site_at(value);
        let method = format_ident!("{method}", span = span);
        quote_spanned!(span=> .#method(&(#value)))
    })
}

/// `.method(v1::OptionalText::optional_text(&(value)))`, if there is a value.
fn text_call(v1: &Path, method: &str, value: Option<&Expr>) -> Option<TokenStream> {
    value.map(|value| {
        let span = mixed_site_at(value);
        let method = format_ident!("{method}", span = span);
        quote_spanned!(span=> .#method(#v1::OptionalText::optional_text(&(#value))))
    })
}

/// `.start(move || -> Ret { body })`, or its async form. The expansion states the return type, so that the compiler reports
/// a type error in the user's code, and infers the types of `?` and `return`.
fn start(v1: &Path, function: &Function) -> TokenStream {
    let Function { signature, body, .. } = function;
    let returned = inferred_output(&signature.output).unwrap_or_else(|| parse_quote!(()));
    if signature.asyncness.is_none() {
        return quote!(.start(move || -> #returned #body));
    }
    quote!(.start_async(async move { if false { return #v1::never::<#returned>(); } #body }).wait().await)
}

/// Passes the value that the body returned through the span. A stream ends the span when it ends itself, any other
/// value at once.
fn finish(v1: &Path, returned: &TracedReturn, started: &TokenStream, record: &TokenStream) -> TokenStream {
    let name = hygienic_ident("started");
    match returned {
        TracedReturn::Value => quote!(#started.finish(#record)),
        TracedReturn::Stream(Boxing::Unboxed) => quote!(#started.stream(#record)),
        TracedReturn::Stream(Boxing::Boxed) => {
            quote!(#started.boxed(|#name| ::std::boxed::Box::pin(#name.stream(#record))))
        }
        TracedReturn::ResultOfStream(boxing) => {
            let stream = finish(v1, &TracedReturn::Stream(*boxing), &quote!(#name), record);
            let record_error = recording_closure(v1, Span::mixed_site(), None, &quote!(|_, _| {}));
            quote!(#started.result(#record_error).map(|#name| #stream))
        }
        TracedReturn::Future(boxing, output) => {
            let awaited = finish(v1, output, &quote!(#name.wait().await), record);
            match boxing {
                Boxing::Unboxed => quote!(let #name = #started; async move { #awaited }),
                Boxing::Boxed => {
                    quote!(#started.boxed(|#name| ::std::boxed::Box::pin(async move { #awaited })))
                }
            }
        }
    }
}

/// The closure that records the error, or the output and usage, of the returned value.
fn record(v1: &Path, kind: &ServiceKind, args: &Args, value_type: Option<&Type>) -> TokenStream {
    let (value, outcome) = (hygienic_ident("value"), hygienic_ident("outcome"));
    let calls: Vec<TokenStream> = [("output", &args.output), (kind.usage_method, &args.usage)]
        .into_iter()
        .filter_map(|(method, extractor)| {
            let Extractor { pattern, expression } = extractor.as_ref()?;
            let span = mixed_site_at(expression);
            let method = format_ident!("{method}", span = span);
            let call = quote_spanned!(span=> #outcome.#method(&(#expression)));
            Some(quote!({ let #pattern = #value; #call; }))
        })
        .collect();
    let Some(first) = args.output.as_ref().or(args.usage.as_ref()) else {
        return recording_closure(v1, Span::mixed_site(), value_type, &quote!(|_, _| {}));
    };
    // If an expression cannot borrow a value, the compiler reports the error at the closure around it.
    let span = mixed_site_at(&first.expression);
    recording_closure(v1, span, value_type, &quote_spanned!(span=> |#value, #outcome| { #(#calls)* }))
}

/// The closure that records an error, or calls `record_value` for any other value.
fn recording_closure(
    v1: &Path,
    span: Span,
    value_type: Option<&Type>,
    record_value: &TokenStream,
) -> TokenStream {
    let (value, outcome) = (hygienic_ident("value"), hygienic_ident("outcome"));
    let annotation = value_type.map(|ty| quote!(: &#ty));
    quote_spanned! {span=>
        |#value #annotation, #outcome| #v1::ReturnValue::new(#value).record(#outcome, #record_value)
    }
}
