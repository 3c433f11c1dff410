//! Whether a function can be traced as its annotation says.

use syn::{Attribute, Error};

use super::args::Args;
use super::item::Function;
use super::kind::Kind;
use super::returned::{self, Returned, Wrapping};
use crate::mistakes::Mistakes;

/// An annotated function, ready to be expanded.
pub(super) struct Traced {
    pub(super) function: Function,
    pub(super) args: Args,
    pub(super) returned: Returned,
}

/// Holds a function against its annotation.
pub(super) fn function(
    kind: &Kind,
    (args, mut mistakes): (Args, Mistakes),
    function: Function,
) -> syn::Result<Traced> {
    if let Some(constness) = &function.sig.constness {
        mistakes.push(Error::new_spanned(
            constness,
            "a `const fn` cannot be traced, as it may run while compiling; remove `const`, or the attribute",
        ));
    }
    for another in function.attrs.iter().filter(|attribute| is_one_of_ours(attribute)) {
        mistakes.push(Error::new_spanned(
            another,
            format!("one function does one thing: it is `#[{}]` already; remove one", kind.attribute),
        ));
    }
    let mut returned = returned::read(&function.sig.output);
    if let Some(at) = args.stream
        && let Err(mistake) = mark_as_stream(&mut returned, at)
    {
        mistakes.push(mistake);
    }
    mistakes.into_result()?;
    Ok(Traced { function, args, returned })
}

/// What is returned is a boxed stream by another name.
fn mark_as_stream(returned: &mut Returned, at: proc_macro2::Span) -> syn::Result<()> {
    match returned {
        Returned::Value => {
            *returned = Returned::Stream(Wrapping::Boxed);
            Ok(())
        }
        Returned::Future(_, output) => mark_as_stream(output, at),
        Returned::Stream(_) | Returned::ResultOfStream(_) => {
            Err(Error::new(at, "the return type shows that this is a stream; remove `stream`"))
        }
    }
}

fn is_one_of_ours(attribute: &Attribute) -> bool {
    let name = attribute.path().segments.last().map(|last| last.ident.to_string());
    matches!(name.as_deref(), Some("traced_stt" | "traced_llm" | "traced_tts"))
}
