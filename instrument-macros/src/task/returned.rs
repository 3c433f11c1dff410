//! The task in what a function returns, as far as its signature shows.

use proc_macro2::Ident;
use syn::{GenericArgument, PathArguments, PathSegment, ReturnType, Signature, Type, TypeParamBound};

/// What constructors wrap tasks in, by the last segment of its path.
pub(super) enum Wrapper<'a> {
    /// There may be none in it.
    Outcome { inside: &'a Type },
    /// It holds the task, and may not give it back.
    Pointer { name: &'a Ident, inside: &'a Type },
}

/// What `ty` wraps tasks in, if it is something of the kind.
pub(super) fn wrapper(ty: &Type) -> Option<Wrapper<'_>> {
    let Type::Path(path) = bare(ty) else { return None };
    let last = path.path.segments.last()?;
    let inside = first_type(last)?;
    let is_one_of = |names: &[&str]| names.iter().any(|name| last.ident == name);
    if is_one_of(&["Result", "Option"]) {
        return Some(Wrapper::Outcome { inside });
    }
    is_one_of(&["Arc", "Box", "Rc", "Pin"]).then_some(Wrapper::Pointer { name: &last.ident, inside })
}

/// What a function returns.
pub(super) enum Returned<'a> {
    Nothing,
    /// A task, out of what it is wrapped in.
    Task(&'a Type),
    /// `impl Trait`, or another type that cannot be a task's own.
    Opaque(&'a Type),
}

/// How a function gives what it builds to who called.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Given {
    /// At its end; an `async fn` at the end of its future.
    Directly,
    /// `-> impl Future<Output = Task>`.
    AsFuture,
    /// `-> Pin<Box<dyn Future<Output = Task>>>`, as `async_trait` makes of an `async fn`; `-> BoxFuture<'_, Task>`.
    AsBoxedFuture,
}

/// Reads a return type: `Result<Arc<Self>, Error>` is `Self`.
pub(super) fn returned(signature: &Signature) -> Returned<'_> {
    let Some(made) = made(signature) else { return Returned::Nothing };
    match unwrapped(made) {
        task @ Type::Path(_) => Returned::Task(task),
        Type::Tuple(tuple) if tuple.elems.is_empty() => Returned::Nothing,
        Type::Never(_) => Returned::Nothing,
        opaque => Returned::Opaque(opaque),
    }
}

/// What a function comes to, now or in its future: `Result<Arc<Self>, Error>`.
pub(super) fn made(signature: &Signature) -> Option<&Type> {
    let ReturnType::Type(_, written) = &signature.output else { return None };
    match future(written) {
        Some((output, _)) if signature.asyncness.is_none() => Some(output),
        _ => Some(written),
    }
}

/// How a return type gives its task, whatever that is.
pub(super) fn given(signature: &Signature) -> Given {
    match &signature.output {
        ReturnType::Type(_, written) if signature.asyncness.is_none() => {
            future(written).map_or(Given::Directly, |(_, given)| given)
        }
        _ => Given::Directly,
    }
}

/// What a future that is written out resolves to.
fn future(ty: &Type) -> Option<(&Type, Given)> {
    match bare(ty) {
        Type::ImplTrait(future) => {
            future.bounds.iter().find_map(output).map(|output| (output, Given::AsFuture))
        }
        Type::Path(path) => {
            let last = path.path.segments.last()?;
            let inside = first_type(last)?;
            if last.ident == "BoxFuture" || last.ident == "LocalBoxFuture" {
                return Some((inside, Given::AsBoxedFuture));
            }
            let Type::Path(pointer) = bare(inside) else { return None };
            let pointer = pointer.path.segments.last()?;
            if last.ident != "Pin" || pointer.ident != "Box" {
                return None;
            }
            let Type::TraitObject(future) = bare(first_type(pointer)?) else { return None };
            future.bounds.iter().find_map(output).map(|output| (output, Given::AsBoxedFuture))
        }
        _ => None,
    }
}

/// `T` of `Future<Output = T>`.
fn output(bound: &TypeParamBound) -> Option<&Type> {
    let TypeParamBound::Trait(bound) = bound else { return None };
    let last = bound.path.segments.last()?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    if last.ident != "Future" {
        return None;
    }
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::AssocType(assigned) if assigned.ident == "Output" => Some(&assigned.ty),
        _ => None,
    })
}

fn unwrapped(ty: &Type) -> &Type {
    if let Some(Wrapper::Outcome { inside } | Wrapper::Pointer { inside, .. }) = wrapper(ty) {
        return unwrapped(inside);
    }
    match bare(ty) {
        // The task comes first, and something to reach it by second.
        Type::Tuple(tuple) if matches!(tuple.elems.len(), 2 | 3) => match unwrapped(&tuple.elems[0]) {
            task @ Type::Path(_)
                if !tuple.elems.iter().skip(1).any(|other| is_same(unwrapped(other), task)) =>
            {
                task
            }
            _ => bare(ty),
        },
        _ => bare(ty),
    }
}

/// A type out of parentheses, and out of the invisible ones that a macro by example puts around it.
pub(super) fn bare(ty: &Type) -> &Type {
    match ty {
        Type::Paren(inner) => bare(&inner.elem),
        Type::Group(inner) => bare(&inner.elem),
        _ => ty,
    }
}

/// The type that a wrapper is first given: `T` of `Result<T, E>`.
fn first_type(segment: &PathSegment) -> Option<&Type> {
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return None };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}

/// Whether `ty` is the type that an `impl` block is for.
pub(super) fn is_self(ty: &Type, self_ty: &Type) -> bool {
    last_segment(ty).is_some_and(|name| name == "Self") || is_same(ty, self_ty)
}

fn is_same(one: &Type, other: &Type) -> bool {
    matches!((last_segment(one), last_segment(other)), (Some(one), Some(other)) if one == other)
}

fn last_segment(ty: &Type) -> Option<&Ident> {
    match bare(ty) {
        Type::Path(path) => path.path.segments.last().map(|segment| &segment.ident),
        _ => None,
    }
}
