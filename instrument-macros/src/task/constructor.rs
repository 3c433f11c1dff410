//! What is to be done with one constructor, and how its arguments are read.

use syn::visit::Visit;
use syn::{Expr, FnArg, Ident, PatIdent, ReturnType, Signature, Type};

use super::args::{Place, Told};
use super::returned::Given;
use super::wrapped::Wrapped;

/// What is to be done with one constructor.
pub(super) struct Constructor {
    /// The type whose constructors make one observer between them.
    pub(super) task: Type,
    /// How the task is given to who called.
    pub(super) given: Given,
    pub(super) told: Told,
    pub(super) destination: Destination,
}

impl Constructor {
    /// One that builds a `task`, which goes by the name of its wrapper where it is put into one.
    pub(super) fn new(task: Type, given: Given, told: Told, destination: Destination) -> Self {
        let task = match &destination {
            Destination::Wrapper(wrapped) => wrapped.task.clone(),
            Destination::Task | Destination::Argument { .. } => task,
        };
        Self { task, given, told, destination }
    }

    /// What the constructor returns, if it is not what was written.
    pub(super) fn output(&self) -> Option<&ReturnType> {
        match &self.destination {
            Destination::Wrapper(wrapped) => Some(&wrapped.output),
            Destination::Task | Destination::Argument { .. } => None,
        }
    }
}

/// Where the observer goes.
pub(super) enum Destination {
    /// Into what the constructor made.
    Task,
    /// Into a wrapper around what the constructor made.
    Wrapper(Box<Wrapped>),
    /// Into one of its arguments.
    Argument {
        place: Place,
        /// Whether it can be pushed into as it stands; else the argument is bound anew.
        mutability: Mutability,
        /// What makes of the observer what the argument takes; the observer itself without it.
        via: Option<Box<Expr>>,
    },
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mutability {
    Mutable,
    Immutable,
}

/// A name that a function's arguments bind, alone or in a pattern.
pub(super) struct Argument {
    pub(super) name: Ident,
    pub(super) mutability: Mutability,
}

/// What the arguments of a function are called, in order.
pub(super) fn arguments(signature: &Signature) -> Vec<Argument> {
    let mut arguments = Vec::new();
    for input in &signature.inputs {
        let FnArg::Typed(typed) = input else { continue };
        let by_mutable_reference =
            matches!(&*typed.ty, Type::Reference(reference) if reference.mutability.is_some());
        let mut names = Names { by_mutable_reference, found: &mut arguments };
        names.visit_pat(&typed.pat);
    }
    arguments
}

struct Names<'a> {
    by_mutable_reference: bool,
    found: &'a mut Vec<Argument>,
}

impl Visit<'_> for Names<'_> {
    fn visit_pat_ident(&mut self, bound: &PatIdent) {
        let mutable = bound.mutability.is_some() || self.by_mutable_reference;
        let mutability = if mutable { Mutability::Mutable } else { Mutability::Immutable };
        self.found.push(Argument { name: bound.ident.clone(), mutability });
        syn::visit::visit_pat_ident(self, bound);
    }
}
