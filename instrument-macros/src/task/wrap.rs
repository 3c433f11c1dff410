//! `wrap = Wrapper`: the return type of the constructor, and the closure that wraps the task in it.
//!
//! ```text
//! fn build() -> Result<(PipelineTask, Events), Error>                 as written, and the type of the body
//! fn build() -> Result<(Observed<PipelineTask>, Events), Error>       as expanded
//! |made, construction| made.map(|made| (construction.wrapped::<Observed<PipelineTask>, PipelineTask>(made.0), made.1))
//! ```

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::visit::Visit;
use syn::visit_mut::VisitMut;
use syn::{Error, Index, Path, PathArguments, ReturnType, Signature, Type};

use crate::diagnostics::hygienic_ident;
use crate::return_type::{Container, bare, result_type};

/// A return type in which a wrapper takes the place of the task.
pub(super) struct Wrapping {
    pub(super) output: ReturnType,
    /// `Wrapper<Task>`.
    pub(super) wrapped_task: Type,
    task: Type,
    position: Position,
}

/// The position of the task in the value that the body returns.
enum Position {
    /// The task is the value.
    Whole,
    /// In a `Result` or an `Option`.
    Inside(Box<Position>),
    /// The first element of a tuple, with this many others.
    First(Box<Position>, usize),
}

impl Wrapping {
    /// Finds the task in a return type, and puts `wrapper` around it.
    pub(super) fn new(signature: &Signature, wrapper: &Path) -> syn::Result<Self> {
        reject_generic_arguments(wrapper)?;
        let Some(result) = result_type(signature) else {
            return Err(Error::new_spanned(wrapper, "this function returns no task to wrap"));
        };
        let (position, task) = find_task(result)?;
        let wrapped_task = Type::Verbatim(quote_spanned!(wrapper.span()=> #wrapper<#task>));
        let output = replace_type(&signature.output, task, &wrapped_task);
        Ok(Self { output, wrapped_task, task: task.clone(), position })
    }

    /// Returns the closure that wraps the task in the value of the body, and attaches the observer.
    pub(super) fn closure(&self, construction: &Ident) -> TokenStream {
        let made = hygienic_ident("made");
        let wrapped = self.wrap(&self.position, &made.to_token_stream(), &made, construction);
        quote!(|#made, #construction| #wrapped)
    }

    fn wrap(
        &self,
        position: &Position,
        value: &TokenStream,
        made: &Ident,
        construction: &Ident,
    ) -> TokenStream {
        let Self { wrapped_task, task, .. } = self;
        match position {
            Position::Whole => quote!(#construction.wrapped::<#wrapped_task, #task>(#value)),
            Position::Inside(inner) => {
                let inner = self.wrap(inner, &made.to_token_stream(), made, construction);
                quote!(#value.map(|#made| #inner))
            }
            Position::First(inner, others) => {
                let first = self.wrap(inner, &quote!(#value.0), made, construction);
                let others = (1..=*others).map(Index::from);
                quote!((#first, #(#value.#others),*))
            }
        }
    }
}

fn find_task(ty: &Type) -> syn::Result<(Position, &Type)> {
    match (Container::parse(ty), bare(ty)) {
        (Some(Container::Pointer { name, .. }), _) => Err(Error::new(
            name.span(),
            format!(
                "`wrap` cannot take the task out of this `{name}`: return the task itself, and let the caller put the \
                 wrapped task into `{name}`"
            ),
        )),
        (Some(Container::Outcome { inner }), _) => {
            find_task(inner).map(|(position, task)| (Position::Inside(Box::new(position)), task))
        }
        (None, Type::Tuple(tuple)) if !tuple.elems.is_empty() => {
            let others = tuple.elems.len() - 1;
            find_task(&tuple.elems[0])
                .map(|(position, task)| (Position::First(Box::new(position), others), task))
        }
        (None, task) => Ok((Position::Whole, task)),
    }
}

/// Returns `output` with `new` in place of `old`, which is a part of it.
fn replace_type(output: &ReturnType, old: &Type, new: &Type) -> ReturnType {
    /// Counts the types before `old`.
    struct Find<'a> {
        old: &'a Type,
        count: usize,
        index: Option<usize>,
    }
    impl<'ast> Visit<'ast> for Find<'_> {
        fn visit_type(&mut self, ty: &'ast Type) {
            if std::ptr::eq(ty, self.old) {
                self.index = Some(self.count);
            }
            self.count += 1;
            syn::visit::visit_type(self, ty);
        }
    }
    /// Replaces the type that comes after `remaining` others.
    struct Replace<'a> {
        remaining: Option<usize>,
        new: &'a Type,
    }
    impl VisitMut for Replace<'_> {
        fn visit_type_mut(&mut self, ty: &mut Type) {
            if self.remaining == Some(0) {
                *ty = self.new.clone();
            }
            self.remaining = self.remaining.and_then(|remaining| remaining.checked_sub(1));
            syn::visit_mut::visit_type_mut(self, ty);
        }
    }

    let mut find = Find { old, count: 0, index: None };
    find.visit_return_type(output);
    let mut replaced = output.clone();
    Replace { remaining: find.index, new }.visit_return_type_mut(&mut replaced);
    replaced
}

fn reject_generic_arguments(wrapper: &Path) -> syn::Result<()> {
    match wrapper.segments.last().map(|last| &last.arguments) {
        None | Some(PathArguments::None) => Ok(()),
        Some(arguments) => Err(Error::new_spanned(
            arguments,
            "`wrap` fills in the generic argument: write the name of the wrapper alone; if it has more parameters, define an \
             alias: `type Wrapped<T> = Wrapper<T, Other>;`",
        )),
    }
}
