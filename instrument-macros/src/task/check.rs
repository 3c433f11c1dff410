//! What an annotation means for the item that it stands above, and whether it can.

mod block;
mod function;

pub(super) use self::block::{AnnotatedImpl, impl_block};
pub(super) use self::function::{AnnotatedFunction, function};

use proc_macro2::{Ident, Span};
use syn::{Attribute, Error, Path, Signature};

use super::args::{Args, Place};
use super::constructor::{Destination, arguments};
use super::wrapped::Wrapped;
use crate::mistakes::{Mistakes, listed, meant};

/// What an annotation is known by, and where the runtime is.
pub(super) struct Registration {
    pub(super) name: String,
    pub(super) krate: Option<Path>,
}

/// Where the observer of one constructor goes.
fn destination(args: &Args, signature: &Signature) -> syn::Result<Destination> {
    if let Some(wrapper) = &args.wrap {
        refuse_beside_wrap(args, wrapper)?;
        return Wrapped::new(signature, wrapper).map(|wrapped| Destination::Wrapper(Box::new(wrapped)));
    }
    let Some(place) = &args.observers else { return Ok(Destination::Task) };
    let there = arguments(signature);
    match there.iter().find(|argument| argument.name == place.argument) {
        Some(argument) => Ok(Destination::Argument {
            place: place.clone(),
            mutability: argument.mutability,
            via: args.via.clone().map(Box::new),
        }),
        None => Err(no_such_argument(place, there.into_iter().map(|argument| argument.name))),
    }
}

/// What says another thing than `wrap` does.
fn refuse_beside_wrap(args: &Args, wrapper: &Path) -> syn::Result<()> {
    let mut mistakes = Mistakes::default();
    if args.has("observers") || args.has("via") {
        mistakes.push(Error::new_spanned(
            wrapper,
            "the observer goes into an argument (`observers`, `via`) or into a wrapper around the task (`wrap`): keep one \
             of them",
        ));
    }
    if let Some(task) = &args.task {
        mistakes.push(Error::new_spanned(
            task,
            "`wrap` changes the return type, and has to see the task in it: write the return type out (`PipelineTask`, \
             `Result<PipelineTask, Error>`), and leave `task` out",
        ));
    }
    mistakes.into_result()
}

fn no_such_argument(place: &Place, there: impl IntoIterator<Item = Ident>) -> Error {
    let name = &place.argument;
    let mut there: Vec<String> = there.into_iter().map(|name| name.to_string()).collect();
    there.sort_unstable();
    there.dedup();
    let message = if there.is_empty() {
        format!("there is no argument `{name}` that the observer could be pushed into: this takes none")
    } else if *name == "self" {
        format!("`observers` names the argument that the observer is pushed into: {}", listed(there))
    } else {
        let meant = meant(&name.to_string(), there.iter().map(String::as_str));
        format!("there is no argument `{name}` that the observer could be pushed into; {meant}")
    };
    Error::new(name.span(), message)
}

fn refuse_const(signature: &Signature, mistakes: &mut Mistakes) {
    if let Some(constness) = &signature.constness {
        mistakes.push(Error::new_spanned(
            constness,
            "a `const fn` cannot be observed, as it may run while compiling; remove `const`, or leave it out with \
             `#[instrument_task(skip)]`",
        ));
    }
}

fn refuse_second(annotations: &[Attribute], mistakes: &mut Mistakes) {
    for another in annotations {
        mistakes.push(Error::new_spanned(another, "annotated twice; write all arguments into one attribute"));
    }
}

fn via_alone(via: &impl quote::ToTokens) -> Error {
    Error::new_spanned(
        via,
        "`via` makes of the observer what an argument takes: name that argument as well, `observers = …`",
    )
}

fn misplaced(span: Span, message: &str) -> Error {
    Error::new(span, message)
}
