//! A task that goes into a wrapper: what its constructor returns then, and how the one becomes the other.
//!
//! ```text
//! fn build() -> Result<(PipelineTask, Events), Error>                 as it was written, and as its body is typed
//! fn build() -> Result<(Observed<PipelineTask>, Events), Error>       as it is then
//! |made, construction| made.map(|made| (construction.wrapped::<Observed<PipelineTask>, PipelineTask>(made.0), made.1))
//! ```

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::visit::Visit;
use syn::visit_mut::VisitMut;
use syn::{Error, Index, Path, PathArguments, ReturnType, Signature, Type};

use super::returned::{Wrapper, bare, made, wrapper};

/// A return type that holds the wrapper where the task was.
pub(super) struct Wrapped {
    pub(super) output: ReturnType,
    /// The wrapper with the task in it.
    pub(super) task: Type,
    bare: Type,
    place: Place,
}

/// Where the task is in what the body makes.
enum Place {
    /// It is that.
    Here,
    /// In a `Result` or an `Option`.
    Inside(Box<Place>),
    /// First in a tuple, with so many beside it.
    First(Box<Place>, usize),
}

impl Wrapped {
    /// The task of a signature that shows one, in `wrapper`.
    pub(super) fn new(signature: &Signature, wrapper: &Path) -> syn::Result<Self> {
        refuse_arguments(wrapper)?;
        let Some(made) = made(signature) else {
            return Err(Error::new_spanned(wrapper, "this function returns no task that could be wrapped"));
        };
        let (place, bare) = find(made)?;
        let task = Type::Verbatim(quote_spanned!(wrapper.span()=> #wrapper<#bare>));
        Ok(Self { output: replaced(&signature.output, bare, &task), task, bare: bare.clone(), place })
    }

    /// The function that makes the one of the other, with the construction that has an observer for it.
    pub(super) fn function(&self, names: Names<'_>) -> TokenStream {
        let Names { made, construction } = names;
        let Self { task, bare, place, .. } = self;
        let types = quote!(#task, #bare);
        let value = place.value(&made.to_token_stream(), &types, names);
        quote!(|#made, #construction| #value)
    }
}

/// What things are called that the user cannot mean.
#[derive(Clone, Copy)]
pub(super) struct Names<'a> {
    pub(super) made: &'a Ident,
    pub(super) construction: &'a Ident,
}

impl Place {
    /// What becomes of `whole`.
    fn value(&self, whole: &TokenStream, types: &TokenStream, names: Names<'_>) -> TokenStream {
        let Names { made, construction } = names;
        match self {
            Self::Here => quote!(#construction.wrapped::<#types>(#whole)),
            Self::Inside(place) => {
                let inside = place.value(&made.to_token_stream(), types, names);
                quote!(#whole.map(|#made| #inside))
            }
            Self::First(place, beside) => {
                let first = place.value(&quote!(#whole.0), types, names);
                let beside = (1..=*beside).map(Index::from);
                quote!((#first, #(#whole.#beside),*))
            }
        }
    }
}

/// The task in `ty`, and where.
fn find(ty: &Type) -> syn::Result<(Place, &Type)> {
    match (wrapper(ty), bare(ty)) {
        (Some(Wrapper::Pointer { name, .. }), _) => Err(Error::new(
            name.span(),
            format!(
                "`wrap` would have to take the task out of this `{name}`: return the task by itself, and put what this \
                 function then returns into one"
            ),
        )),
        (Some(Wrapper::Outcome { inside }), _) => {
            find(inside).map(|(place, task)| (Place::Inside(Box::new(place)), task))
        }
        (None, Type::Tuple(tuple)) if !tuple.elems.is_empty() => {
            let beside = tuple.elems.len() - 1;
            find(&tuple.elems[0]).map(|(place, task)| (Place::First(Box::new(place), beside), task))
        }
        (None, task) => Ok((Place::Here, task)),
    }
}

/// `output` with `new` for `old`, which is a part of it.
fn replaced(output: &ReturnType, old: &Type, new: &Type) -> ReturnType {
    /// Counts the types up to one.
    struct Before<'a> {
        one: &'a Type,
        count: usize,
        found: Option<usize>,
    }
    impl<'ast> Visit<'ast> for Before<'_> {
        fn visit_type(&mut self, ty: &'ast Type) {
            if std::ptr::eq(ty, self.one) {
                self.found = Some(self.count);
            }
            self.count += 1;
            syn::visit::visit_type(self, ty);
        }
    }
    /// Replaces the one that so many come before.
    struct Replace<'a> {
        left: Option<usize>,
        new: &'a Type,
    }
    impl VisitMut for Replace<'_> {
        fn visit_type_mut(&mut self, ty: &mut Type) {
            if self.left == Some(0) {
                *ty = self.new.clone();
            }
            self.left = self.left.and_then(|left| left.checked_sub(1));
            syn::visit_mut::visit_type_mut(self, ty);
        }
    }

    let mut before = Before { one: old, count: 0, found: None };
    before.visit_return_type(output);
    let mut replaced = output.clone();
    Replace { left: before.found, new }.visit_return_type_mut(&mut replaced);
    replaced
}

fn refuse_arguments(wrapper: &Path) -> syn::Result<()> {
    match wrapper.segments.last().map(|last| &last.arguments) {
        None | Some(PathArguments::None) => Ok(()),
        Some(arguments) => Err(Error::new_spanned(
            arguments,
            "`wrap` gives the wrapper the task that the function returns: name the wrapper alone; where it takes more \
             than that, an alias of it, `type Wrapped<T> = Wrapper<T, More>;`",
        )),
    }
}
