//! What is to be done with one constructor, and how its signature is read.

use syn::{
    Expr, FnArg, GenericArgument, Ident, Pat, PatIdent, PathArguments, ReturnType, Signature, Type, TypePath,
};

use super::args::Told;

/// What constructors wrap tasks in, by the last segment of its path.
const WRAPPERS: [&str; 6] = ["Result", "Option", "Arc", "Box", "Rc", "Pin"];

/// What is to be done with one constructor.
pub(super) struct Constructor {
    /// The type whose constructors make one observer between them.
    pub(super) task: Type,
    pub(super) told: Told,
    pub(super) destination: Destination,
}

/// Where the observer goes.
pub(super) enum Destination {
    /// Into what the constructor made.
    Task,
    /// Into one of its arguments.
    Argument {
        argument: Argument,
        /// What makes of the observer what the argument takes; the observer itself without it.
        via: Option<Expr>,
    },
}

/// An argument that can be pushed into.
pub(super) struct Argument {
    pub(super) name: Ident,
    /// Whether it can be as it stands; else it is bound anew.
    pub(super) mutability: Mutability,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mutability {
    Mutable,
    Immutable,
}

/// The arguments that have a name, in order.
pub(super) fn arguments(signature: &Signature) -> impl Iterator<Item = Argument> + '_ {
    signature.inputs.iter().filter_map(|input| {
        let FnArg::Typed(typed) = input else { return None };
        let Pat::Ident(PatIdent { ident, mutability, .. }) = &*typed.pat else { return None };
        let by_mutable_reference =
            matches!(&*typed.ty, Type::Reference(reference) if reference.mutability.is_some());
        let mutability = if mutability.is_some() || by_mutable_reference {
            Mutability::Mutable
        } else {
            Mutability::Immutable
        };
        Some(Argument { name: ident.clone(), mutability })
    })
}

/// What a function returns, as far as its signature shows.
pub(super) enum Returned<'a> {
    Nothing,
    /// A type, out of its wrappers.
    Type(&'a Type),
    /// `impl Trait`, or another type that cannot be a task's own.
    Opaque(&'a Type),
}

/// Reads a return type: `Result<Arc<Self>, Error>` is `Self`.
pub(super) fn returned(signature: &Signature) -> Returned<'_> {
    match &signature.output {
        ReturnType::Default => Returned::Nothing,
        ReturnType::Type(_, written) => match unwrapped(written) {
            leaf @ Type::Path(_) => Returned::Type(leaf),
            Type::Tuple(tuple) if tuple.elems.is_empty() => Returned::Nothing,
            leaf => Returned::Opaque(leaf),
        },
    }
}

fn unwrapped(ty: &Type) -> &Type {
    match ty {
        Type::Paren(inner) => unwrapped(&inner.elem),
        Type::Group(inner) => unwrapped(&inner.elem),
        Type::Path(path) => wrapped(path).map_or(ty, unwrapped),
        _ => ty,
    }
}

/// The type that a wrapper is first given: `T` of `Result<T, E>`.
fn wrapped(path: &TypePath) -> Option<&Type> {
    let last = path.path.segments.last()?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    if !WRAPPERS.iter().any(|wrapper| last.ident == wrapper) {
        return None;
    }
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}

/// Whether `ty` is the type that an `impl` block is for.
pub(super) fn is_self(ty: &Type, self_ty: &Type) -> bool {
    let Some(name) = last_segment(ty) else { return false };
    name == "Self" || last_segment(self_ty).is_some_and(|self_name| self_name == name)
}

fn last_segment(ty: &Type) -> Option<&Ident> {
    match ty {
        Type::Path(path) => path.path.segments.last().map(|segment| &segment.ident),
        _ => None,
    }
}
