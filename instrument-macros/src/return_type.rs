//! Return types: the task, future or stream that the signature of a function shows.

use proc_macro2::Ident;
use syn::visit_mut::VisitMut;
use syn::{
    GenericArgument, PathArguments, PathSegment, ReturnType, Signature, Type, TypeParamBound, TypePath,
    parse_quote,
};

/// The type in which a function returns a future or a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Boxing {
    /// `impl Trait`.
    Unboxed,
    /// `Pin<Box<dyn Trait>>`, `BoxFuture` or `BoxStream`.
    Boxed,
}

/// A future or a stream, written as `impl Trait` or boxed.
enum AsyncType<'a> {
    Future { boxing: Boxing, output: Option<&'a Type> },
    Stream { boxing: Boxing, item: Option<&'a Type> },
}

impl<'a> AsyncType<'a> {
    fn parse(ty: &'a Type) -> Option<Self> {
        match bare(ty) {
            Type::ImplTrait(opaque) => Self::from_bounds(&opaque.bounds, Boxing::Unboxed),
            Type::Path(path) => {
                let last = path.path.segments.last()?;
                match last.ident.to_string().as_str() {
                    "BoxFuture" | "LocalBoxFuture" => {
                        Some(Self::Future { boxing: Boxing::Boxed, output: first_type(last) })
                    }
                    "BoxStream" | "LocalBoxStream" => {
                        Some(Self::Stream { boxing: Boxing::Boxed, item: first_type(last) })
                    }
                    "Pin" => {
                        let Type::Path(pointer) = bare(first_type(last)?) else { return None };
                        let pointer = pointer.path.segments.last().filter(|last| last.ident == "Box")?;
                        let Type::TraitObject(object) = bare(first_type(pointer)?) else { return None };
                        Self::from_bounds(&object.bounds, Boxing::Boxed)
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }

    fn from_bounds(bounds: impl IntoIterator<Item = &'a TypeParamBound>, boxing: Boxing) -> Option<Self> {
        bounds.into_iter().find_map(|bound| {
            let TypeParamBound::Trait(bound) = bound else { return None };
            let last = bound.path.segments.last()?;
            match last.ident.to_string().as_str() {
                "Future" => Some(Self::Future { boxing, output: associated_type(last, "Output") }),
                "Stream" => Some(Self::Stream { boxing, item: associated_type(last, "Item") }),
                _ => None,
            }
        })
    }
}

/// The task in the return type of a constructor.
pub(crate) enum TaskType<'a> {
    /// The function returns nothing.
    None,
    /// The task, without the containers around it.
    Named(&'a Type),
    /// `impl Trait`, a reference, or another type that cannot be a task's own.
    Opaque(&'a Type),
}

/// Finds the task in a return type: `Self` in `Result<Arc<Self>, Error>`.
pub(crate) fn task_type(signature: &Signature) -> TaskType<'_> {
    let Some(result) = result_type(signature) else { return TaskType::None };
    match innermost(result) {
        task @ Type::Path(_) => TaskType::Named(task),
        Type::Tuple(tuple) if tuple.elems.is_empty() => TaskType::None,
        Type::Never(_) => TaskType::None,
        opaque => TaskType::Opaque(opaque),
    }
}

/// Returns the type that a function returns in the end: the output of its future, or its return type.
pub(crate) fn result_type(signature: &Signature) -> Option<&Type> {
    let ReturnType::Type(_, written) = &signature.output else { return None };
    Some(future_output(signature).map_or(written, |(_, output)| output))
}

/// Returns the boxing of the future that a function returns, unless the function is an `async fn` or returns no future.
pub(crate) fn future_boxing(signature: &Signature) -> Option<Boxing> {
    future_output(signature).map(|(boxing, _)| boxing)
}

fn future_output(signature: &Signature) -> Option<(Boxing, &Type)> {
    match &signature.output {
        ReturnType::Type(_, written) if signature.asyncness.is_none() => match AsyncType::parse(written)? {
            AsyncType::Future { boxing, output } => Some((boxing, output?)),
            AsyncType::Stream { .. } => None,
        },
        _ => None,
    }
}

/// A standard type that constructors return their task in, recognized by the last segment of its path.
///
/// Another container of one type is another name here, and an `ObservedTask` implementation in the runtime.
pub(crate) enum Container<'a> {
    /// `Result` or `Option`, which may contain no task.
    Outcome { inner: &'a Type },
    /// A pointer, from which the task may be impossible to move out.
    Pointer { name: &'a Ident, inner: &'a Type },
}

impl<'a> Container<'a> {
    pub(crate) fn parse(ty: &'a Type) -> Option<Self> {
        let Type::Path(path) = bare(ty) else { return None };
        let last = path.path.segments.last()?;
        let inner = first_type(last)?;
        match last.ident.to_string().as_str() {
            "Result" | "Option" => Some(Self::Outcome { inner }),
            "Arc" | "Box" | "Rc" | "Pin" => Some(Self::Pointer { name: &last.ident, inner }),
            _ => None,
        }
    }
}

fn innermost(ty: &Type) -> &Type {
    if let Some(Container::Outcome { inner } | Container::Pointer { inner, .. }) = Container::parse(ty) {
        return innermost(inner);
    }
    match bare(ty) {
        // `(Task, Handle)`: the task comes first, and is the only one.
        Type::Tuple(tuple) if matches!(tuple.elems.len(), 2 | 3) => match innermost(&tuple.elems[0]) {
            task @ Type::Path(_)
                if !tuple.elems.iter().skip(1).any(|other| has_same_name(innermost(other), task)) =>
            {
                task
            }
            _ => bare(ty),
        },
        _ => bare(ty),
    }
}

/// Returns whether `ty` is the type of the `impl` block for `self_ty`.
pub(crate) fn is_self(ty: &Type, self_ty: &Type) -> bool {
    last_ident(ty).is_some_and(|name| name == "Self") || has_same_name(ty, self_ty)
}

fn has_same_name(first: &Type, second: &Type) -> bool {
    matches!((last_ident(first), last_ident(second)), (Some(first), Some(second)) if first == second)
}

fn last_ident(ty: &Type) -> Option<&Ident> {
    match bare(ty) {
        Type::Path(path) => path.path.segments.last().map(|segment| &segment.ident),
        _ => None,
    }
}

/// The return type of a traced function.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum TracedReturn {
    Value,
    Stream(Boxing),
    /// A `Result` with a stream in its `Ok`.
    ResultOfStream(Boxing),
    /// A future of one of these.
    Future(Boxing, Box<Self>),
}

impl TracedReturn {
    pub(crate) fn parse(output: &ReturnType) -> Self {
        match output {
            ReturnType::Default => Self::Value,
            ReturnType::Type(_, written) => Self::of_type(written),
        }
    }

    fn of_type(ty: &Type) -> Self {
        match AsyncType::parse(ty) {
            Some(AsyncType::Stream { boxing, .. }) => Self::Stream(boxing),
            Some(AsyncType::Future { boxing, output }) => {
                Self::Future(boxing, Box::new(output.map_or(Self::Value, Self::of_type)))
            }
            None => match ok_type(ty).map(Self::of_type) {
                Some(Self::Stream(boxing)) => Self::ResultOfStream(boxing),
                _ => Self::Value,
            },
        }
    }
}

/// Returns the type of the value that `output` and `usage` read, if `impl Trait` hides it: the item of an `impl Stream`, the
/// output of an `impl Future`. The compiler cannot infer it from the body alone; any other return type states it.
pub(crate) fn opaque_value_type(output: &ReturnType) -> Option<&Type> {
    match output {
        ReturnType::Default => None,
        ReturnType::Type(_, written) => opaque_value(written),
    }
}

fn opaque_value(ty: &Type) -> Option<&Type> {
    match AsyncType::parse(ty) {
        Some(AsyncType::Stream { boxing: Boxing::Unboxed, item }) => item,
        Some(AsyncType::Future { boxing: Boxing::Unboxed, output }) => match TracedReturn::of_type(output?) {
            TracedReturn::Value => output,
            _ => opaque_value(output?),
        },
        Some(AsyncType::Future { .. } | AsyncType::Stream { .. }) => None,
        None => ok_type(ty)
            .filter(|ok| matches!(TracedReturn::of_type(ok), TracedReturn::Stream(_)))
            .and_then(opaque_value),
    }
}

/// Returns `T` of `Result<T, E>`.
fn ok_type(ty: &Type) -> Option<&Type> {
    let Type::Path(TypePath { path, .. }) = bare(ty) else { return None };
    path.segments.last().filter(|last| last.ident == "Result").and_then(first_type)
}

/// Returns a return type as the expansion can write it inside the function, where `impl Trait` is not allowed: each is left
/// to inference, as `_`.
pub(crate) fn inferred_output(output: &ReturnType) -> Option<Type> {
    match output {
        ReturnType::Default => None,
        ReturnType::Type(_, written) => Some(infer_opaque_types(written)),
    }
}

/// Returns `ty` with `_` for each `impl Trait` in it.
pub(crate) fn infer_opaque_types(ty: &Type) -> Type {
    struct ReplaceOpaque;
    impl VisitMut for ReplaceOpaque {
        fn visit_type_mut(&mut self, ty: &mut Type) {
            if matches!(ty, Type::ImplTrait(_)) {
                *ty = parse_quote!(_);
            } else {
                syn::visit_mut::visit_type_mut(self, ty);
            }
        }
    }
    let mut inferred = ty.clone();
    ReplaceOpaque.visit_type_mut(&mut inferred);
    inferred
}

/// Returns a type without parentheses, and without the invisible ones that `macro_rules!` puts around it.
pub(crate) fn bare(ty: &Type) -> &Type {
    match ty {
        Type::Paren(inner) => bare(&inner.elem),
        Type::Group(inner) => bare(&inner.elem),
        _ => ty,
    }
}

/// Returns `T` of `Result<T, E>`.
fn first_type(segment: &PathSegment) -> Option<&Type> {
    generic_arguments(segment).find_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}

/// Returns `T` of `Future<Output = T>`.
fn associated_type<'a>(segment: &'a PathSegment, name: &str) -> Option<&'a Type> {
    generic_arguments(segment).find_map(|argument| match argument {
        GenericArgument::AssocType(assigned) if assigned.ident == name => Some(&assigned.ty),
        _ => None,
    })
}

fn generic_arguments(segment: &PathSegment) -> impl Iterator<Item = &GenericArgument> {
    let angled = match &segment.arguments {
        PathArguments::AngleBracketed(angled) => Some(angled.args.iter()),
        _ => None,
    };
    angled.into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::Boxing::{Boxed, Unboxed};
    use super::TracedReturn::{self, Future, ResultOfStream, Stream, Value};

    #[test]
    fn traced_return_is_recognized_in_every_notation() {
        let future = |boxing, output: TracedReturn| Future(boxing, Box::new(output));
        for (output, expected) in [
            (parse_quote!(), Value),
            (parse_quote!(-> Result<Reply, Error>), Value),
            (parse_quote!(-> Pin<Box<dyn Speaker>>), Value),
            (parse_quote!(-> impl Stream<Item = u8> + Send + use<>), Stream(Unboxed)),
            (parse_quote!(-> (impl Send + futures_core::Stream<Item = u8>)), Stream(Unboxed)),
            (parse_quote!(-> BoxStream<'_, u8>), Stream(Boxed)),
            (
                parse_quote!(-> std::pin::Pin<std::boxed::Box<dyn Stream<Item = u8> + Send + 'a>>),
                Stream(Boxed),
            ),
            (parse_quote!(-> Result<impl Stream<Item = u8>, Error>), ResultOfStream(Unboxed)),
            (parse_quote!(-> anyhow::Result<BoxStream<'static, u8>>), ResultOfStream(Boxed)),
            (parse_quote!(-> impl Future<Output = u8> + Send), future(Unboxed, Value)),
            (
                parse_quote!(-> BoxFuture<'a, Result<BoxStream<'a, u8>, E>>),
                future(Boxed, ResultOfStream(Boxed)),
            ),
            (
                parse_quote!(-> ::core::pin::Pin<Box<dyn ::core::future::Future<Output = BoxStream<'a, u8>> + 'a>>),
                future(Boxed, Stream(Boxed)),
            ),
        ] {
            assert_eq!(TracedReturn::parse(&output), expected, "{}", quote::quote!(#output));
        }
    }
}
