//! An annotated `impl` block: its constructors, and the arguments that apply to each.

use std::collections::BTreeMap;

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Attribute, Error, Expr, Meta, Signature, Type};

use super::args::{self, Args};
use super::constructor::{
    Constructor, Destination, Registration, bound_arguments, no_such_argument, reject_const, reject_receiver,
    reject_repeated, task_of, via_without_observers,
};
use crate::diagnostics::Diagnostics;
use crate::item::{Function, ImplBlock, ImplPart, is_annotation, source_text};
use crate::return_type::{TaskType, is_self, task_type};

/// An annotated `impl` block, ready to be expanded.
pub(super) struct AnnotatedImpl {
    pub(super) item: ImplBlock,
    /// The constructors, by their index in the items of the block.
    pub(super) constructors: BTreeMap<usize, Constructor>,
    pub(super) registration: Registration,
}

/// Finds and checks the constructors of an `impl` block.
pub(super) fn check(
    args: Args,
    mut diagnostics: Diagnostics,
    mut item: ImplBlock,
) -> syn::Result<AnnotatedImpl> {
    let repeated: Vec<Attribute> =
        item.attributes.iter().filter(|attribute| is_annotation(attribute)).cloned().collect();
    reject_repeated(&repeated, &mut diagnostics);
    reject_function_arguments(&args, &mut diagnostics);

    let self_ty = item.self_ty.clone();
    let mut candidates = Vec::new();
    for (index, part) in item.items.iter_mut().enumerate() {
        if let ImplPart::Function(function) = part {
            candidates.extend(Candidate::new(index, function, &self_ty, &args, &mut diagnostics));
        }
    }
    if candidates.is_empty() && diagnostics.is_empty() {
        diagnostics.push(no_constructor(&self_ty));
    }
    reject_unused(&args, &candidates, &mut diagnostics);

    let all_arguments: Vec<Ident> = candidates.iter().flat_map(|one| one.arguments.clone()).collect();
    let constructors = candidates
        .into_iter()
        .filter_map(|candidate| candidate.into_constructor(&all_arguments, &mut diagnostics))
        .collect();
    diagnostics.into_result()?;
    let name = args.name.map_or_else(|| source_text(&self_ty), |name| name.value());
    Ok(AnnotatedImpl { item, constructors, registration: Registration { name, krate: args.krate } })
}

fn no_constructor(self_ty: &Type) -> Error {
    Error::new_spanned(
        self_ty,
        "no constructor in this `impl` block: none of its functions without `self` returns `Self`, directly or in \
         `Result`, `Option`, `Arc`, `Box`, `Rc` or `Pin`; annotate the block or function that builds the task, or, if a \
         return type hides the task, write `#[instrument_task(task = Self)]` above that function",
    )
}

/// A constructor in an `impl` block, before the arguments of the block are checked against it.
struct Candidate {
    index: usize,
    task: Type,
    args: Args,
    arguments: Vec<Ident>,
    signature: Signature,
}

impl Candidate {
    /// Returns `None` if the function is not a constructor, or is skipped.
    fn new(
        index: usize,
        function: &mut Function,
        self_ty: &Type,
        block: &Args,
        diagnostics: &mut Diagnostics,
    ) -> Option<Self> {
        let own = own_args(function, block, diagnostics);
        if own.as_ref().is_some_and(|own| own.skip.is_some()) {
            return None;
        }
        let signature = &function.signature;
        let task = match &own {
            Some(own) => {
                reject_receiver(signature, diagnostics);
                diagnostics.handle(task_of(signature, own))?
            }
            None => constructed_task(signature, self_ty)?,
        };
        reject_const(signature, diagnostics);
        let arguments = bound_arguments(signature).into_iter().map(|(name, _)| name).collect();
        let args = own.unwrap_or_default().inherit(block);
        Some(Self { index, task, args, arguments, signature: signature.clone() })
    }

    fn has_argument(&self, name: &Ident) -> bool {
        self.arguments.contains(name)
    }

    /// Returns `None` for a constructor without the argument that takes the observer: it calls one that has it.
    fn into_constructor(
        self,
        all_arguments: &[Ident],
        diagnostics: &mut Diagnostics,
    ) -> Option<(usize, Constructor)> {
        if self.args.observers.as_ref().is_some_and(|path| !self.has_argument(&path.argument)) {
            return None;
        }
        let destination = diagnostics.handle(Destination::new(&self.args, &self.signature))?;
        // An option that names an argument of other constructors applies only to those.
        let applies = |value: &Expr| {
            let names = mentioned_names(value.to_token_stream());
            names.iter().all(|name| !all_arguments.contains(name) || self.arguments.contains(name))
        };
        let options = self.args.options.filter(applies);
        Some((self.index, Constructor::new(self.task, &self.signature, options, destination)))
    }
}

/// Returns the task of a function without an annotation of its own, if the function is a constructor.
fn constructed_task(signature: &Signature, self_ty: &Type) -> Option<Type> {
    match task_type(signature) {
        TaskType::Named(task) if signature.receiver().is_none() && is_self(task, self_ty) => {
            Some(task.clone())
        }
        _ => None,
    }
}

/// Takes the annotation off a function, and parses its arguments.
fn own_args(function: &mut Function, block: &Args, diagnostics: &mut Diagnostics) -> Option<Args> {
    let mut annotations = function.take_annotations().into_iter();
    let tokens = match annotations.next()?.meta {
        Meta::List(list) => list.tokens,
        Meta::Path(_) | Meta::NameValue(_) => TokenStream::new(),
    };
    let (args, errors) = args::parse(tokens);
    reject_repeated(annotations.as_slice(), diagnostics);
    diagnostics.handle(errors.into_result());
    reject_block_arguments(&args, block, diagnostics);
    Some(args)
}

/// Rejects arguments of a function that belong to its block, or have no effect.
fn reject_block_arguments(args: &Args, block: &Args, diagnostics: &mut Diagnostics) {
    if let Some(skip) = args.skip
        && !args.is_only_skip()
    {
        diagnostics.push(Error::new(
            skip,
            "`skip` excludes this function, so its other arguments have no effect; remove them, or `skip`",
        ));
    }
    if let Some(krate) = &args.krate {
        diagnostics.push(Error::new_spanned(krate, "move `crate = …` to the attribute of the `impl` block"));
    }
    if let Some(name) = &args.name {
        diagnostics.push(Error::new_spanned(
            name,
            "an `impl` block is listed under one name; move `name = …` to the attribute of the block",
        ));
    }
    if let Some(via) = &args.via
        && !args.has("observers")
        && !block.has("observers")
    {
        diagnostics.push(via_without_observers(via));
    }
}

/// Rejects arguments of a block that belong to its functions.
fn reject_function_arguments(args: &Args, diagnostics: &mut Diagnostics) {
    if let Some(task) = &args.task {
        diagnostics.push(Error::new_spanned(
            task,
            "the task of an `impl` block is its own type; write `task = …` above a function in it",
        ));
    }
    if let Some(wrapper) = &args.wrap {
        diagnostics.push(Error::new_spanned(
            wrapper,
            "`wrap` is for functions that build a task of another crate: write it above such a function; for a task of \
             your own, implement `ObservedTask`",
        ));
    }
    if let Some(skip) = args.skip {
        diagnostics.push(Error::new(
            skip,
            "`skip` is for a function in the block; to exclude the whole block, remove this attribute",
        ));
    }
}

/// Rejects arguments of a block that apply to none of its constructors.
fn reject_unused(args: &Args, candidates: &[Candidate], diagnostics: &mut Diagnostics) {
    if candidates.is_empty() {
        return;
    }
    match (&args.observers, &args.via) {
        (Some(path), _) if !candidates.iter().any(|one| one.has_argument(&path.argument)) => {
            let arguments = candidates.iter().flat_map(|one| one.arguments.clone());
            diagnostics.push(no_such_argument(path, arguments));
        }
        (None, Some(via))
            if !args.has("observers") && candidates.iter().all(|one| one.args.observers.is_none()) =>
        {
            diagnostics.push(via_without_observers(via));
        }
        _ => {}
    }
}

/// Returns the names that an expression uses as variables, such as `params` in `params.id.clone()`. Names of fields,
/// methods, functions and modules are left out. The tokens of a macro call are searched in the same way.
fn mentioned_names(expression: TokenStream) -> Vec<Ident> {
    let mut names = Vec::new();
    let mut tokens = expression.into_iter().peekable();
    let mut follows_dot_or_colon = false;
    while let Some(token) = tokens.next() {
        match &token {
            TokenTree::Ident(name) => {
                let is_path = tokens.peek().is_some_and(|next| is_punct(next, &[':']));
                if !follows_dot_or_colon && !is_path {
                    names.push(name.clone());
                }
            }
            TokenTree::Group(group) => names.extend(mentioned_names(group.stream())),
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
        follows_dot_or_colon = is_punct(&token, &['.', ':']);
    }
    names
}

fn is_punct(token: &TokenTree, any_of: &[char]) -> bool {
    matches!(token, TokenTree::Punct(punct) if any_of.contains(&punct.as_char()))
}
