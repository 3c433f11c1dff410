//! One annotated function.

use syn::{Error, Signature, Type, parse_quote};

use super::{Registration, destination, misplaced, refuse_const, refuse_second, via_alone};
use crate::mistakes::{Mistakes, both};
use crate::task::args::Args;
use crate::task::constructor::Constructor;
use crate::task::item::{Function, take_annotations, written};
use crate::task::returned::{Returned, given, returned};

/// An annotated function, ready to be expanded.
pub(in crate::task) struct AnnotatedFunction {
    pub(in crate::task) item: Function,
    pub(in crate::task) constructor: Constructor,
    pub(in crate::task) registration: Registration,
}

/// Reads one annotated function.
pub(in crate::task) fn function(
    (args, mut mistakes): (Args, Mistakes),
    mut item: Function,
) -> syn::Result<AnnotatedFunction> {
    refuse_second(&take_annotations(&mut item), &mut mistakes);
    if let Some(skip) = args.skip {
        mistakes.push(misplaced(
            skip,
            "nothing to skip here: `skip` belongs on a function inside an annotated `impl` block; remove the attribute",
        ));
    }
    if let Some(via) = &args.via
        && !args.has("observers")
    {
        mistakes.push(via_alone(via));
    }
    refuse_receiver(&item.signature, &mut mistakes);
    refuse_const(&item.signature, &mut mistakes);
    let read = both(task_of(&item.signature, &args), destination(&args, &item.signature));
    let ((), (task, destination)) = both(mistakes.into_result(), read)?;

    let name = args.name.map_or_else(|| name_of(&task, &item.signature), |name| name.value());
    let given = given(&item.signature);
    let constructor = Constructor::new(task, given, args.told, destination);
    Ok(AnnotatedFunction { item, constructor, registration: Registration { name, krate: args.krate } })
}

/// A method is no constructor, whether it stands alone or in an annotated block.
pub(super) fn refuse_receiver(signature: &Signature, mistakes: &mut Mistakes) {
    if let Some(receiver) = signature.receiver() {
        mistakes.push(Error::new_spanned(
            receiver,
            "a method is called on something that exists already; annotate the function without `self` that builds the \
             task, or call `PipecatInstrumentor::observe` in this one",
        ));
    }
}

/// The task that an annotated function builds.
pub(super) fn task_of(signature: &Signature, args: &Args) -> syn::Result<Type> {
    if let Some(task) = &args.task {
        return Ok(task.clone());
    }
    if args.has("task") {
        // What is wrong with it has been said.
        return Ok(parse_quote!(_));
    }
    match returned(signature) {
        Returned::Task(task) => Ok(task.clone()),
        Returned::Opaque(Type::Reference(reference)) => Err(Error::new_spanned(
            reference,
            "this returns a task that somebody else holds; annotate the function that builds it",
        )),
        Returned::Opaque(Type::Tuple(tuple)) => Err(Error::new_spanned(
            tuple,
            "a task in a tuple must come first, and be the only one; annotate the function that builds one task, or name \
             the argument that takes the observer: `#[instrument_task(task = YourTask, observers = …)]`",
        )),
        Returned::Opaque(leaf) if args.has("wrap") => Err(Error::new_spanned(
            leaf,
            "`wrap` has to see the task in the return type: write it out, `PipelineTask` or `Result<PipelineTask, Error>`",
        )),
        Returned::Opaque(leaf) => Err(Error::new_spanned(
            leaf,
            "this return type does not show the task; name it: `#[instrument_task(task = YourTask)]`",
        )),
        Returned::Nothing if signature.ident == "main" => Err(Error::new_spanned(
            &signature.ident,
            "`main` builds no task: put `#[instrument_task]` above the function or `impl` block that does, and call \
             `PipecatInstrumentor::instrument(provider)` in here",
        )),
        Returned::Nothing => Err(Error::new_spanned(
            &signature.ident,
            "this function returns no task; annotate the one that does, or name the task that it builds: \
             `#[instrument_task(task = YourTask, observers = …)]`",
        )),
    }
}

/// What an annotated function is known by: inside an `impl` block, it cannot tell what `Self` is.
fn name_of(task: &Type, signature: &Signature) -> String {
    match written(task) {
        own if own == "Self" => format!("fn {}", signature.ident),
        name => name,
    }
}
