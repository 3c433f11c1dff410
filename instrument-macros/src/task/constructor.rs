//! A constructor: the task it builds, and the destination of its observer. Checks for a single annotated function.

use proc_macro2::Ident;
use syn::visit::Visit;
use syn::{Attribute, Error, FnArg, PatIdent, Path, ReturnType, Signature, Type, parse_quote};

use super::args::{Args, ArgumentPath, Callable, TaskOptions};
use super::wrap::Wrapping;
use crate::diagnostics::{Diagnostics, join_names, suggest, zip_errors};
use crate::item::{Function, source_text};
use crate::return_type::{Boxing, TaskType, future_boxing, task_type};

/// A constructor, ready to be expanded.
pub(super) struct Constructor {
    /// The type for which constructors that call each other make one observer.
    pub(super) task: Type,
    /// The boxing of the future that the constructor returns, unless it is an `async fn` or returns the task at once.
    pub(super) future: Option<Boxing>,
    pub(super) options: TaskOptions,
    pub(super) destination: Destination,
}

/// The destination of a constructor's observer.
pub(super) enum Destination {
    /// Into the finished task.
    Task,
    /// Into a wrapper around the finished task.
    Wrapper(Box<Wrapping>),
    /// Into an argument of the constructor.
    Argument {
        path: ArgumentPath,
        /// Whether the argument is declared `mut`. Otherwise the expansion binds it again, as `mut`.
        mutability: Mutability,
        /// Converts the observer into the element type of the argument.
        via: Option<Box<Callable>>,
    },
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mutability {
    Mutable,
    Immutable,
}

/// The name under which an annotation is listed, and the path to the runtime.
pub(super) struct Registration {
    pub(super) name: String,
    pub(super) krate: Option<Path>,
}

/// An annotated function, ready to be expanded.
pub(super) struct AnnotatedFunction {
    pub(super) item: Function,
    pub(super) constructor: Constructor,
    pub(super) registration: Registration,
}

/// Checks a single annotated function.
pub(super) fn check(
    args: Args,
    mut diagnostics: Diagnostics,
    mut item: Function,
) -> syn::Result<AnnotatedFunction> {
    reject_repeated(&item.take_annotations(), &mut diagnostics);
    if let Some(skip) = args.skip {
        diagnostics.push(Error::new(
            skip,
            "`skip` is for functions in an annotated `impl` block; remove this attribute instead",
        ));
    }
    if let Some(via) = &args.via
        && !args.has("observers")
    {
        diagnostics.push(via_without_observers(via));
    }
    reject_receiver(&item.signature, &mut diagnostics);
    reject_const(&item.signature, &mut diagnostics);
    let checked = zip_errors(task_of(&item.signature, &args), Destination::new(&args, &item.signature));
    let ((), (task, destination)) = zip_errors(diagnostics.into_result(), checked)?;

    let name = args.name.map_or_else(|| listed_name(&task, &item.signature), |name| name.value());
    let constructor = Constructor::new(task, &item.signature, args.options, destination);
    Ok(AnnotatedFunction { item, constructor, registration: Registration { name, krate: args.krate } })
}

/// Returns the name under which a function is listed. For a function in an `impl` block, the macro cannot resolve
/// `Self`.
fn listed_name(task: &Type, signature: &Signature) -> String {
    match source_text(task) {
        name if name == "Self" => format!("fn {}", signature.ident),
        name => name,
    }
}

impl Constructor {
    /// Describes a constructor of `task`. With a wrapper, the wrapper is the task.
    pub(super) fn new(
        task: Type,
        signature: &Signature,
        options: TaskOptions,
        destination: Destination,
    ) -> Self {
        let task = match &destination {
            Destination::Wrapper(wrapping) => wrapping.wrapped_task.clone(),
            Destination::Task | Destination::Argument { .. } => task,
        };
        Self { task, future: future_boxing(signature), options, destination }
    }

    /// Returns the return type of the expansion, if it differs from the written one.
    pub(super) fn output(&self) -> Option<&ReturnType> {
        match &self.destination {
            Destination::Wrapper(wrapping) => Some(&wrapping.output),
            Destination::Task | Destination::Argument { .. } => None,
        }
    }
}

impl Destination {
    pub(super) fn new(args: &Args, signature: &Signature) -> syn::Result<Self> {
        if let Some(wrapper) = &args.wrap {
            reject_beside_wrap(args, wrapper)?;
            return Wrapping::new(signature, wrapper).map(|wrapping| Self::Wrapper(Box::new(wrapping)));
        }
        let Some(path) = &args.observers else { return Ok(Self::Task) };
        let arguments = bound_arguments(signature);
        match arguments.iter().find(|(name, _)| *name == path.argument) {
            Some((_, mutability)) => Ok(Self::Argument {
                path: path.clone(),
                mutability: *mutability,
                via: args.via.clone().map(Box::new),
            }),
            None => Err(no_such_argument(path, arguments.into_iter().map(|(name, _)| name))),
        }
    }
}

/// Returns the names that the arguments of a function bind, alone or in a pattern.
pub(super) fn bound_arguments(signature: &Signature) -> Vec<(Ident, Mutability)> {
    struct Names {
        is_mutable_reference: bool,
        names: Vec<(Ident, Mutability)>,
    }
    impl Visit<'_> for Names {
        fn visit_pat_ident(&mut self, bound: &PatIdent) {
            let is_mutable = bound.mutability.is_some() || self.is_mutable_reference;
            let mutability = if is_mutable { Mutability::Mutable } else { Mutability::Immutable };
            self.names.push((bound.ident.clone(), mutability));
            syn::visit::visit_pat_ident(self, bound);
        }
    }
    let mut names = Names { is_mutable_reference: false, names: Vec::new() };
    for input in &signature.inputs {
        let FnArg::Typed(typed) = input else { continue };
        names.is_mutable_reference =
            matches!(&*typed.ty, Type::Reference(reference) if reference.mutability.is_some());
        names.visit_pat(&typed.pat);
    }
    names.names
}

/// Returns the task that an annotated function builds.
pub(super) fn task_of(signature: &Signature, args: &Args) -> syn::Result<Type> {
    if let Some(task) = &args.task {
        return Ok(task.clone());
    }
    if args.has("task") {
        // The parser has reported its wrong value.
        return Ok(parse_quote!(_));
    }
    match task_type(signature) {
        TaskType::Named(task) => Ok(task.clone()),
        TaskType::Opaque(Type::Reference(reference)) => Err(Error::new_spanned(
            reference,
            "a function that returns a reference does not build the task; annotate the one that builds it",
        )),
        TaskType::Opaque(Type::Tuple(tuple)) => Err(Error::new_spanned(
            tuple,
            "the task must be the first element of the tuple, and the only task in it; annotate the function that builds \
             one task, or name the argument that takes the observer: `#[instrument_task(task = YourTask, observers = …)]`",
        )),
        TaskType::Opaque(opaque) if args.has("wrap") => Err(Error::new_spanned(
            opaque,
            "`wrap` needs the task in the return type: write `PipelineTask` or `Result<PipelineTask, Error>`",
        )),
        TaskType::Opaque(opaque) => Err(Error::new_spanned(
            opaque,
            "this return type does not show the task; name it: `#[instrument_task(task = YourTask)]`",
        )),
        TaskType::None if signature.ident == "main" => Err(Error::new_spanned(
            &signature.ident,
            "`main` returns no task: put `#[instrument_task]` above the function or `impl` block that builds it, and call \
             `PipecatInstrumentor::instrument(provider)` in `main`",
        )),
        TaskType::None => Err(Error::new_spanned(
            &signature.ident,
            "this function returns no task; annotate the one that does, or name the task and the argument that takes the \
             observer: `#[instrument_task(task = YourTask, observers = …)]`",
        )),
    }
}

/// Rejects a method: it does not build a task.
pub(super) fn reject_receiver(signature: &Signature, diagnostics: &mut Diagnostics) {
    if let Some(receiver) = signature.receiver() {
        diagnostics.push(Error::new_spanned(
            receiver,
            "a method with `self` is not a constructor; annotate the function without `self` that builds the task, or \
             call `PipecatInstrumentor::observe` in this method",
        ));
    }
}

pub(super) fn reject_const(signature: &Signature, diagnostics: &mut Diagnostics) {
    if let Some(constness) = &signature.constness {
        diagnostics.push(Error::new_spanned(
            constness,
            "a `const fn` cannot be observed because it may run at compile time; remove `const`, or exclude the function \
             with `#[instrument_task(skip)]`",
        ));
    }
}

/// Rejects further `#[instrument_task]` attributes of the same item.
pub(super) fn reject_repeated(annotations: &[Attribute], diagnostics: &mut Diagnostics) {
    for repeated in annotations {
        diagnostics.push(Error::new_spanned(
            repeated,
            "`#[instrument_task]` appears twice here; write all arguments in one attribute",
        ));
    }
}

/// Rejects arguments that contradict `wrap`.
fn reject_beside_wrap(args: &Args, wrapper: &Path) -> syn::Result<()> {
    let mut diagnostics = Diagnostics::default();
    if args.has("observers") || args.has("via") {
        diagnostics.push(Error::new_spanned(
            wrapper,
            "the observer goes either into an argument (`observers`, `via`) or into a wrapper (`wrap`); remove one of them",
        ));
    }
    if let Some(task) = &args.task {
        diagnostics.push(Error::new_spanned(
            task,
            "`wrap` finds the task in the return type; write it there (`PipelineTask` or `Result<PipelineTask, Error>`) and \
             remove `task`",
        ));
    }
    diagnostics.into_result()
}

pub(super) fn via_without_observers(via: &Callable) -> Error {
    Error::new_spanned(
        via,
        "`via` requires `observers = <argument>`: it converts the observer before pushing it into that argument",
    )
}

pub(super) fn no_such_argument(path: &ArgumentPath, arguments: impl IntoIterator<Item = Ident>) -> Error {
    let name = &path.argument;
    let mut arguments: Vec<String> = arguments.into_iter().map(|name| name.to_string()).collect();
    arguments.sort_unstable();
    arguments.dedup();
    let message = if arguments.is_empty() {
        format!("no argument `{name}` to push the observer into; there are no arguments here")
    } else if *name == "self" {
        let arguments = join_names(arguments);
        format!("`observers` names the argument to push the observer into: {arguments}")
    } else {
        let hint = suggest(&name.to_string(), arguments.iter().map(String::as_str));
        format!("no argument `{name}` to push the observer into; {hint}")
    };
    Error::new(name.span(), message)
}
