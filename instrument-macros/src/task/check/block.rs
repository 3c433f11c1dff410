//! An annotated `impl` block: which of its functions are constructors, and what counts for each.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Attribute, Error, Expr, Meta, Signature, Type};

use super::function::{refuse_receiver, task_of};
use super::{Registration, destination, misplaced, no_such_argument, refuse_const, refuse_second, via_alone};
use crate::mistakes::Mistakes;
use crate::task::args::{self, Args};
use crate::task::constructor::{Constructor, arguments};
use crate::task::item::{Function, ImplBlock, ImplPart, is_annotation, take_annotations, written};
use crate::task::returned::{Returned, given, is_self, returned};

/// An annotated `impl` block, ready to be expanded.
pub(in crate::task) struct AnnotatedImpl {
    pub(in crate::task) item: ImplBlock,
    /// Which of its items are constructors, by their place in the block.
    pub(in crate::task) constructors: Vec<(usize, Constructor)>,
    pub(in crate::task) registration: Registration,
}

/// Finds the constructors of an `impl` block.
pub(in crate::task) fn impl_block(
    (args, mut mistakes): (Args, Mistakes),
    mut item: ImplBlock,
) -> syn::Result<AnnotatedImpl> {
    let again: Vec<Attribute> =
        item.attributes.iter().filter(|attribute| is_annotation(attribute)).cloned().collect();
    refuse_second(&again, &mut mistakes);
    refuse_in_impl_block(&args, &mut mistakes);

    let self_ty = item.self_ty.clone();
    let mut found = Vec::new();
    for (place, part) in item.items.iter_mut().enumerate() {
        let ImplPart::Function(function) = part else { continue };
        found.extend(Found::look(place, function, &self_ty, &args, &mut mistakes));
    }
    if found.is_empty() && mistakes.is_empty() {
        mistakes.push(no_constructor(&self_ty));
    }
    refuse_unused(&args, &found, &mut mistakes);

    let everywhere: Vec<Ident> = found.iter().flat_map(|found| found.arguments.clone()).collect();
    let constructors =
        found.into_iter().filter_map(|found| found.into_constructor(&everywhere, &mut mistakes)).collect();
    mistakes.into_result()?;
    let name = args.name.map_or_else(|| written(&self_ty), |name| name.value());
    Ok(AnnotatedImpl { item, constructors, registration: Registration { name, krate: args.krate } })
}

fn no_constructor(self_ty: &Type) -> Error {
    Error::new_spanned(
        self_ty,
        "no constructor in this `impl` block: none of its functions without `self` returns `Self`, plain or in a `Result`, \
         `Option`, `Arc`, `Box`, `Rc` or `Pin`; annotate the block or function that builds the task, or say of a function \
         that hides it `#[instrument_task(task = Self)]`",
    )
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
        function: &mut Function,
        self_ty: &Type,
        outer: &Args,
        mistakes: &mut Mistakes,
    ) -> Option<Self> {
        let own = own_args(function, outer, mistakes);
        if own.as_ref().is_some_and(|own| own.skip.is_some()) {
            return None;
        }
        let signature = &function.signature;
        let task = match &own {
            Some(own) => chosen(signature, own, mistakes)?,
            None => constructed(signature, self_ty)?,
        };
        refuse_const(signature, mistakes);
        let arguments = arguments(signature).into_iter().map(|argument| argument.name).collect();
        let args = own.unwrap_or_default().or(outer);
        Some(Self { place, task, args, arguments, signature: signature.clone() })
    }

    fn has_argument(&self, name: &Ident) -> bool {
        self.arguments.contains(name)
    }

    /// `None` for one that has no argument to take the observer: it calls one that has.
    fn into_constructor(self, everywhere: &[Ident], mistakes: &mut Mistakes) -> Option<(usize, Constructor)> {
        if self.args.observers.as_ref().is_some_and(|place| !self.has_argument(&place.argument)) {
            return None;
        }
        let destination = mistakes.take(destination(&self.args, &self.signature))?;
        let is_known_here = |expression: &Expr| {
            names_in(expression.to_token_stream())
                .iter()
                .all(|name| !everywhere.contains(name) || self.arguments.contains(name))
        };
        let told = self.args.told.filter(is_known_here);
        let given = given(&self.signature);
        Some((self.place, Constructor::new(self.task, given, told, destination)))
    }
}

/// The task that a function of an `impl` block builds; `None` if it builds none, which is nothing wrong.
fn constructed(signature: &Signature, self_ty: &Type) -> Option<Type> {
    match returned(signature) {
        Returned::Task(task) if signature.receiver().is_none() && is_self(task, self_ty) => {
            Some(task.clone())
        }
        _ => None,
    }
}

/// The task of a function that is said to be a constructor.
fn chosen(signature: &Signature, own: &Args, mistakes: &mut Mistakes) -> Option<Type> {
    refuse_receiver(signature, mistakes);
    mistakes.take(task_of(signature, own))
}

/// The arguments of a function's own annotation inside an annotated block.
fn own_args(function: &mut Function, outer: &Args, mistakes: &mut Mistakes) -> Option<Args> {
    let mut annotations = take_annotations(function).into_iter();
    let (args, own_mistakes) = args::parse(tokens_of(annotations.next()?));
    refuse_second(annotations.as_slice(), mistakes);
    mistakes.take(own_mistakes.into_result());
    refuse_in_function_of_block(&args, outer, mistakes);
    Some(args)
}

fn tokens_of(annotation: Attribute) -> TokenStream {
    match annotation.meta {
        Meta::List(list) => list.tokens,
        Meta::Path(_) | Meta::NameValue(_) => TokenStream::new(),
    }
}

fn refuse_in_function_of_block(args: &Args, outer: &Args, mistakes: &mut Mistakes) {
    if let Some(skip) = args.skip
        && args.say_more_than_skip()
    {
        mistakes.push(misplaced(
            skip,
            "`skip` leaves this function alone, so nothing else counts; remove the rest, or `skip`",
        ));
    }
    if let Some(krate) = &args.krate {
        mistakes.push(Error::new_spanned(krate, "write `crate = …` into the attribute of the whole block"));
    }
    if let Some(name) = &args.name {
        mistakes.push(Error::new_spanned(
            name,
            "the block is listed as one; write `name = …` into its attribute",
        ));
    }
    if let Some(via) = &args.via
        && !args.has("observers")
        && !outer.has("observers")
    {
        mistakes.push(via_alone(via));
    }
}

fn refuse_in_impl_block(args: &Args, mistakes: &mut Mistakes) {
    if let Some(task) = &args.task {
        mistakes.push(Error::new_spanned(
            task,
            "the task of an `impl` block is the type that it is for; write `task = …` above one of its functions",
        ));
    }
    if let Some(wrapper) = &args.wrap {
        mistakes.push(Error::new_spanned(
            wrapper,
            "`wrap` is for a task that is somebody else's: write it above the function that builds that one; for a type \
             of your own, implement `ObservedTask`",
        ));
    }
    if let Some(skip) = args.skip {
        mistakes.push(misplaced(
            skip,
            "`skip` belongs on a function inside this block; to skip the whole block, remove the attribute",
        ));
    }
}

/// What is said of the block and counts for none of its constructors.
fn refuse_unused(args: &Args, found: &[Found], mistakes: &mut Mistakes) {
    if found.is_empty() {
        return;
    }
    match (&args.observers, &args.via) {
        (Some(place), _) if !found.iter().any(|found| found.has_argument(&place.argument)) => {
            mistakes.push(no_such_argument(place, found.iter().flat_map(|found| found.arguments.clone())));
        }
        (None, Some(via))
            if !args.has("observers") && found.iter().all(|found| found.args.observers.is_none()) =>
        {
            mistakes.push(via_alone(via));
        }
        _ => {}
    }
}

/// The names that an expression mentions by themselves, as `params` in `params.id.clone()`: not those of fields, methods,
/// functions and modules. What a macro does with its tokens is unknown, but that it names an argument shows.
fn names_in(expression: TokenStream) -> Vec<Ident> {
    let mut names = Vec::new();
    let mut tokens = expression.into_iter().peekable();
    let mut follows_dot_or_colon = false;
    while let Some(token) = tokens.next() {
        let joins = |token: Option<&TokenTree>| matches!(token, Some(TokenTree::Punct(p)) if matches!(p.as_char(), '.' | ':'));
        match &token {
            TokenTree::Ident(name) => {
                let is_path = matches!(tokens.peek(), Some(TokenTree::Punct(p)) if p.as_char() == ':');
                if !follows_dot_or_colon && !is_path {
                    names.push(name.clone());
                }
            }
            TokenTree::Group(group) => names.extend(names_in(group.stream())),
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
        follows_dot_or_colon = joins(Some(&token));
    }
    names
}
