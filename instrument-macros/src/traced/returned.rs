//! What a function returns, as far as its signature shows.

use syn::{GenericArgument, PathArguments, PathSegment, ReturnType, Type, TypeParamBound, TypePath};

/// What a function returns.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Returned {
    /// What it made.
    Value,
    /// Pieces, one by one.
    Stream(Wrapping),
    /// The same, if nothing goes wrong before the first.
    ResultOfStream(Wrapping),
    /// The promise of one of these.
    Future(Wrapping, Box<Self>),
}

/// How it is hidden what something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrapping {
    /// `impl Trait`.
    Opaque,
    /// `Pin<Box<dyn Trait>>`.
    Boxed,
}

/// Reads a return type.
pub(super) fn read(output: &ReturnType) -> Returned {
    match output {
        ReturnType::Default => Returned::Value,
        ReturnType::Type(_, written) => read_type(written),
    }
}

fn read_type(written: &Type) -> Returned {
    match without_parentheses(written) {
        Type::ImplTrait(hidden) => read_bounds(hidden.bounds.iter(), Wrapping::Opaque),
        Type::Path(path) => read_path(path),
        _ => Returned::Value,
    }
}

fn read_path(path: &TypePath) -> Returned {
    let Some(last) = path.path.segments.last() else { return Returned::Value };
    match last.ident.to_string().as_str() {
        "BoxStream" | "LocalBoxStream" => Returned::Stream(Wrapping::Boxed),
        "BoxFuture" | "LocalBoxFuture" => promise(Wrapping::Boxed, first_type(last)),
        "Pin" => first_type(last)
            .and_then(boxed)
            .map_or(Returned::Value, |bounds| read_bounds(bounds, Wrapping::Boxed)),
        "Result" => match first_type(last).map(read_type) {
            Some(Returned::Stream(wrapping)) => Returned::ResultOfStream(wrapping),
            _ => Returned::Value,
        },
        _ => Returned::Value,
    }
}

/// What is looked at of something that is hidden: the items of an `impl Stream`, the output of an `impl Future`. Inside the
/// function nobody else says what it is; of anything else, the return type does.
pub(super) fn hidden(output: &ReturnType) -> Option<&Type> {
    match output {
        ReturnType::Default => None,
        ReturnType::Type(_, written) => hidden_in(written),
    }
}

fn hidden_in(written: &Type) -> Option<&Type> {
    match without_parentheses(written) {
        Type::ImplTrait(hidden) => hidden.bounds.iter().find_map(|bound| match bound {
            TypeParamBound::Trait(bound) => told_of(bound.path.segments.last()?),
            _ => None,
        }),
        Type::Path(path) => {
            let last = path.path.segments.last().filter(|last| last.ident == "Result")?;
            first_type(last).filter(|ok| matches!(read_type(ok), Returned::Stream(_))).and_then(hidden_in)
        }
        _ => None,
    }
}

fn told_of(name: &PathSegment) -> Option<&Type> {
    match name.ident.to_string().as_str() {
        "Stream" => told(name, "Item"),
        "Future" => {
            let output = told(name, "Output")?;
            match read_type(output) {
                Returned::Value => Some(output),
                _ => hidden_in(output),
            }
        }
        _ => None,
    }
}

/// The bounds of `Box<dyn …>`.
fn boxed(ty: &Type) -> Option<impl Iterator<Item = &TypeParamBound>> {
    let Type::Path(path) = without_parentheses(ty) else { return None };
    let last = path.path.segments.last().filter(|last| last.ident == "Box")?;
    match without_parentheses(first_type(last)?) {
        Type::TraitObject(object) => Some(object.bounds.iter()),
        _ => None,
    }
}

fn read_bounds<'a>(bounds: impl Iterator<Item = &'a TypeParamBound>, wrapping: Wrapping) -> Returned {
    let mut traits = bounds.filter_map(|bound| match bound {
        TypeParamBound::Trait(bound) => bound.path.segments.last(),
        _ => None,
    });
    traits
        .find_map(|name| match name.ident.to_string().as_str() {
            "Stream" => Some(Returned::Stream(wrapping)),
            "Future" => Some(promise(wrapping, told(name, "Output"))),
            _ => None,
        })
        .unwrap_or(Returned::Value)
}

fn promise(wrapping: Wrapping, output: Option<&Type>) -> Returned {
    Returned::Future(wrapping, Box::new(output.map_or(Returned::Value, read_type)))
}

/// `T` of `Future<Output = T>`.
fn told<'a>(name: &'a PathSegment, what: &str) -> Option<&'a Type> {
    arguments(name).find_map(|argument| match argument {
        GenericArgument::AssocType(told) if told.ident == what => Some(&told.ty),
        _ => None,
    })
}

fn first_type(name: &PathSegment) -> Option<&Type> {
    arguments(name).find_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}

fn arguments(name: &PathSegment) -> impl Iterator<Item = &GenericArgument> {
    let angled = match &name.arguments {
        PathArguments::AngleBracketed(angled) => Some(angled.args.iter()),
        _ => None,
    };
    angled.into_iter().flatten()
}

fn without_parentheses(ty: &Type) -> &Type {
    match ty {
        Type::Paren(inner) => without_parentheses(&inner.elem),
        Type::Group(inner) => without_parentheses(&inner.elem),
        _ => ty,
    }
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::Returned::{Future, ResultOfStream, Stream, Value};
    use super::Wrapping::{Boxed, Opaque};
    use super::{Returned, read};

    #[test]
    fn what_a_signature_shows_is_seen_however_it_is_spelt() {
        let future = |wrapping, of: Returned| Future(wrapping, Box::new(of));
        for (output, returned) in [
            (parse_quote!(), Value),
            (parse_quote!(-> Result<Reply, Error>), Value),
            (parse_quote!(-> Pin<Box<dyn Speaker>>), Value),
            (parse_quote!(-> impl Stream<Item = u8> + Send + use<>), Stream(Opaque)),
            (parse_quote!(-> (impl Send + futures_core::Stream<Item = u8>)), Stream(Opaque)),
            (parse_quote!(-> BoxStream<'_, u8>), Stream(Boxed)),
            (
                parse_quote!(-> std::pin::Pin<std::boxed::Box<dyn Stream<Item = u8> + Send + 'a>>),
                Stream(Boxed),
            ),
            (parse_quote!(-> Result<impl Stream<Item = u8>, Error>), ResultOfStream(Opaque)),
            (parse_quote!(-> anyhow::Result<BoxStream<'static, u8>>), ResultOfStream(Boxed)),
            (parse_quote!(-> impl Future<Output = u8> + Send), future(Opaque, Value)),
            (
                parse_quote!(-> BoxFuture<'a, Result<BoxStream<'a, u8>, E>>),
                future(Boxed, ResultOfStream(Boxed)),
            ),
            (
                parse_quote!(-> ::core::pin::Pin<Box<dyn ::core::future::Future<Output = BoxStream<'a, u8>> + 'a>>),
                future(Boxed, Stream(Boxed)),
            ),
        ] {
            assert_eq!(read(&output), returned, "{}", quote::quote!(#output));
        }
    }
}
