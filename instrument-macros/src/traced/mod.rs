//! `#[traced_stt]`, `#[traced_llm]` and `#[traced_tts]`, in three steps: parse arguments and function, check them against
//! each other, expand the body.

mod args;
mod expand;
#[cfg(test)]
mod tests;

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{Attribute, Error};

use self::args::Args;
use crate::diagnostics::Diagnostics;
use crate::item::Function;
use crate::return_type::{Boxing, TracedReturn};

pub(crate) use self::args::{LLM, STT, ServiceKind, TTS};

/// An annotated function, ready to be expanded.
struct TracedFunction {
    function: Function,
    args: Args,
    returned: TracedReturn,
}

/// Expands an annotated function. If the annotation is wrong, the function stays, with the errors beside it.
pub(crate) fn traced(kind: &ServiceKind, args: TokenStream, item: &TokenStream) -> TokenStream {
    let (args, diagnostics) = args::parse(kind, args);
    let message = format!(
        "`#[{}]` works on a function or method: put it above the one that calls the service",
        kind.attribute
    );
    let checked = Function::parse_traced(item.clone(), &message)
        .and_then(|function| check(kind, args, diagnostics, function));
    match checked {
        Ok(checked) => expand::function(kind, &checked),
        Err(errors) => {
            let errors = errors.into_compile_error();
            quote!(#item #errors)
        }
    }
}

fn check(
    kind: &ServiceKind,
    args: Args,
    mut diagnostics: Diagnostics,
    function: Function,
) -> syn::Result<TracedFunction> {
    if let Some(constness) = &function.signature.constness {
        diagnostics.push(Error::new_spanned(
            constness,
            "a `const fn` cannot be traced because it may run at compile time; remove `const`, or the attribute",
        ));
    }
    for repeated in function.attributes.iter().filter(|attribute| is_traced(attribute)) {
        diagnostics.push(Error::new_spanned(
            repeated,
            format!("this function is already annotated with `#[{}]`; remove one attribute", kind.attribute),
        ));
    }
    let mut returned = TracedReturn::parse(&function.signature.output);
    if let Some(stream) = args.stream {
        diagnostics.handle(mark_as_stream(&mut returned, stream));
    }
    diagnostics.into_result()?;
    Ok(TracedFunction { function, args, returned })
}

/// Applies the `stream` argument: marks the returned type, an alias, as a boxed stream.
fn mark_as_stream(returned: &mut TracedReturn, stream: Span) -> syn::Result<()> {
    match returned {
        TracedReturn::Value => {
            *returned = TracedReturn::Stream(Boxing::Boxed);
            Ok(())
        }
        TracedReturn::Future(_, output) => mark_as_stream(output, stream),
        TracedReturn::Stream(_) | TracedReturn::ResultOfStream(_) => {
            Err(Error::new(stream, "the return type already shows a stream; remove `stream`"))
        }
    }
}

fn is_traced(attribute: &Attribute) -> bool {
    let name = attribute.path().segments.last().map(|last| last.ident.to_string());
    matches!(name.as_deref(), Some("traced_stt" | "traced_llm" | "traced_tts"))
}
