//! What an annotation means for the item that it stands above, and whether it can.

use proc_macro2::{TokenStream, TokenTree};
use syn::visit_mut::VisitMut;
use syn::{
    Attribute, Error, Expr, Ident, ImplItem, ImplItemFn, ItemFn, ItemImpl, Meta, Path, Signature, Type,
};

use super::args::{self, Args};
use super::constructor::{self, Argument, Constructor, Destination, Returned};
use super::item::{take_annotations, written};
use crate::mistakes::{Mistakes, both, listed};

/// An annotated `impl` block, ready to be expanded.
pub(super) struct AnnotatedImpl {
    pub(super) item: ItemImpl,
    /// Which of its items are constructors, by their place in the block.
    pub(super) constructors: Vec<(usize, Constructor)>,
    pub(super) registration: Registration,
}

/// An annotated function, ready to be expanded.
pub(super) struct AnnotatedFunction {
    pub(super) item: ItemFn,
    pub(super) constructor: Constructor,
    pub(super) registration: Registration,
}

/// What an annotation is known by, and where the runtime is.
pub(super) struct Registration {
    pub(super) name: String,
    pub(super) krate: Option<Path>,
}

/// Finds the constructors of an `impl` block.
pub(super) fn impl_block(
    (args, mut mistakes): (Args, Mistakes),
    mut item: ItemImpl,
) -> syn::Result<AnnotatedImpl> {
    refuse_in_impl_block(&args, &mut mistakes);

    let self_ty = (*item.self_ty).clone();
    let found: Vec<Found> = item
        .items
        .iter_mut()
        .enumerate()
        .filter_map(|(place, item)| Found::look(place, item, &self_ty, &args, &mut mistakes))
        .collect();
    if found.is_empty() {
        mistakes.push(Error::new_spanned(
            &item.self_ty,
            "no constructor in this `impl` block: none of its functions without `self` returns `Self`, plain or in a \
             `Result`, `Option`, `Arc`, `Box`, `Rc` or `Pin`; annotate the block or function that builds the task",
        ));
    }
    if let Some(observers) = &args.observers
        && !found.iter().any(|found| found.has_argument(observers))
        && !found.is_empty()
    {
        mistakes.push(no_such_argument(observers, found.iter().flat_map(|found| found.arguments.clone())));
    }

    let everywhere: Vec<Ident> = found.iter().flat_map(|found| found.arguments.clone()).collect();
    let constructors =
        found.into_iter().filter_map(|found| found.into_constructor(&everywhere, &mut mistakes)).collect();
    mistakes.into_result()?;
    let name = args.name.map_or_else(|| written(&self_ty), |name| name.value());
    Ok(AnnotatedImpl { item, constructors, registration: Registration { name, krate: args.krate } })
}

/// Reads one annotated function.
pub(super) fn function(
    (args, mut mistakes): (Args, Mistakes),
    item: ItemFn,
) -> syn::Result<AnnotatedFunction> {
    if let Some(skip) = args.skip {
        mistakes.push(Error::new(
            skip,
            "nothing to skip here: `skip` belongs on a function inside an annotated `impl` block; remove the attribute",
        ));
    }
    if let Some(receiver) = item.sig.receiver() {
        mistakes.push(Error::new_spanned(
            receiver,
            "a method is called on something that exists already; annotate the function without `self` that builds the \
             task, or call `PipecatInstrumentor::observe` in this one",
        ));
    }
    mistakes.take(refuse_const(&item.sig));
    let read = both(task_of(&item.sig, args.task.as_ref()), destination(&args, &item.sig));
    let ((), (task, destination)) = both(mistakes.into_result(), read)?;

    let name = args.name.map_or_else(|| name_of(&task, &item.sig), |name| name.value());
    let constructor = Constructor { task, told: args.told, destination };
    Ok(AnnotatedFunction { item, constructor, registration: Registration { name, krate: args.krate } })
}

/// A constructor in an `impl` block, before what the block says is held against it.
struct Found {
    place: usize,
    task: Type,
    args: Args,
    arguments: Vec<Ident>,
    signature: Signature,
}

impl Found {
    fn look(
        place: usize,
        item: &mut ImplItem,
        self_ty: &Type,
        outer: &Args,
        mistakes: &mut Mistakes,
    ) -> Option<Self> {
        let ImplItem::Fn(function) = item else { return None };
        let own = own_args(function, mistakes);
        if own.as_ref().is_some_and(|own| own.skip.is_some()) {
            return None;
        }
        let task = constructed(&function.sig, self_ty, own.as_ref())?;
        if let Err(mistake) = refuse_const(&function.sig) {
            mistakes.push(mistake);
        }
        let arguments = constructor::arguments(&function.sig).map(|argument| argument.name).collect();
        let args = own.unwrap_or_default().or(outer);
        Some(Self { place, task, args, arguments, signature: function.sig.clone() })
    }

    fn has_argument(&self, name: &Ident) -> bool {
        self.arguments.contains(name)
    }

    /// `None` for one that has no argument to take the observer: it calls one that has.
    fn into_constructor(self, everywhere: &[Ident], mistakes: &mut Mistakes) -> Option<(usize, Constructor)> {
        if self.args.observers.as_ref().is_some_and(|observers| !self.has_argument(observers)) {
            return None;
        }
        let destination = mistakes.take(destination(&self.args, &self.signature))?;
        let is_known_here = |expression: &Expr| {
            names_in(expression)
                .iter()
                .all(|name| !everywhere.contains(name) || self.arguments.contains(name))
        };
        let told = self.args.told.filter(is_known_here);
        let constructor = Constructor { told, task: self.task, destination };
        Some((self.place, constructor))
    }
}

/// The arguments of a function's own annotation inside an annotated block.
fn own_args(function: &mut ImplItemFn, mistakes: &mut Mistakes) -> Option<Args> {
    let mut own = None;
    for annotation in take_annotations(function) {
        if own.is_some() {
            mistakes.push(Error::new_spanned(
                &annotation,
                "annotated twice; write all arguments into one attribute",
            ));
        }
        let (args, own_mistakes) = args::parse(tokens_of(annotation));
        mistakes.take(own_mistakes.into_result());
        own = Some(args);
    }
    own
}

fn tokens_of(annotation: Attribute) -> TokenStream {
    match annotation.meta {
        Meta::List(list) => list.tokens,
        Meta::Path(_) | Meta::NameValue(_) => TokenStream::new(),
    }
}

/// The task that a function of an `impl` block builds; `None` if it builds none, which is nothing wrong.
fn constructed(signature: &Signature, self_ty: &Type, own: Option<&Args>) -> Option<Type> {
    if signature.receiver().is_some() {
        return None;
    }
    if let Some(task) = own.and_then(|own| own.task.clone()) {
        return Some(task);
    }
    match constructor::returned(signature) {
        Returned::Type(leaf) if constructor::is_self(leaf, self_ty) => Some(leaf.clone()),
        _ => None,
    }
}

/// The task that an annotated function builds.
fn task_of(signature: &Signature, told: Option<&Type>) -> syn::Result<Type> {
    if let Some(task) = told {
        return Ok(task.clone());
    }
    match constructor::returned(signature) {
        Returned::Type(leaf) => Ok(leaf.clone()),
        Returned::Opaque(leaf) => Err(Error::new_spanned(
            leaf,
            "this return type does not show the task; name it: `#[instrument_task(task = YourTask)]`",
        )),
        Returned::Nothing => Err(Error::new_spanned(
            &signature.ident,
            "this function returns no task; annotate the one that does, or name the task that it builds: \
             `#[instrument_task(task = YourTask, observers = …)]`",
        )),
    }
}

fn destination(args: &Args, signature: &Signature) -> syn::Result<Destination> {
    let Some(name) = &args.observers else { return Ok(Destination::Task) };
    let there = |argument: &Argument| argument.name == *name;
    let argument = constructor::arguments(signature).find(there).ok_or_else(|| {
        no_such_argument(name, constructor::arguments(signature).map(|argument| argument.name))
    })?;
    Ok(Destination::Argument { argument, via: args.via.clone() })
}

fn no_such_argument(name: &Ident, there: impl IntoIterator<Item = Ident>) -> Error {
    let mut there: Vec<String> = there.into_iter().map(|name| name.to_string()).collect();
    there.sort_unstable();
    there.dedup();
    let message = format!(
        "no argument is called `{name}`; `observers` names the argument that the observer is pushed into, of {}",
        listed(there)
    );
    Error::new(name.span(), message)
}

fn refuse_const(signature: &Signature) -> syn::Result<()> {
    match &signature.constness {
        Some(constness) => Err(Error::new_spanned(
            constness,
            "a `const fn` cannot be observed, as it may run while compiling; remove `const`, or leave it out with \
             `#[instrument_task(skip)]`",
        )),
        None => Ok(()),
    }
}

fn refuse_in_impl_block(args: &Args, mistakes: &mut Mistakes) {
    if let Some(task) = &args.task {
        mistakes.push(Error::new_spanned(
            task,
            "the task of an `impl` block is the type that it is for; write `task = …` above one of its functions",
        ));
    }
    if let Some(skip) = args.skip {
        mistakes.push(Error::new(
            skip,
            "`skip` belongs on a function inside this block; to skip the whole block, remove the attribute",
        ));
    }
}

/// What an annotated function is known by: inside an `impl` block, it cannot tell what `Self` is.
fn name_of(task: &Type, signature: &Signature) -> String {
    match written(task) {
        own if own == "Self" => format!("fn {}", signature.ident),
        name => name,
    }
}

/// The names that an expression mentions by themselves, as `params` in `params.id.clone()`.
fn names_in(expression: &Expr) -> Vec<Ident> {
    struct Names(Vec<Ident>);
    impl VisitMut for Names {
        fn visit_expr_path_mut(&mut self, path: &mut syn::ExprPath) {
            self.0.extend(path.path.get_ident().cloned());
        }

        fn visit_macro_mut(&mut self, called: &mut syn::Macro) {
            // What a macro does with its tokens is unknown, but that it names an argument shows.
            self.0.extend(called.tokens.clone().into_iter().filter_map(|token| match token {
                TokenTree::Ident(name) => Some(name),
                _ => None,
            }));
        }
    }
    let mut names = Names(Vec::new());
    names.visit_expr_mut(&mut expression.clone());
    names.0
}
