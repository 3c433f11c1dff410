//! Compile errors: collected, so that one compile reports every mistake, and placed on the user's tokens.

use proc_macro2::{Ident, Span};
use quote::format_ident;
use syn::Error;
use syn::spanned::Spanned;

/// The errors of one annotation.
#[derive(Default)]
pub(crate) struct Diagnostics(Option<Error>);

impl Diagnostics {
    /// Adds an error.
    pub(crate) fn push(&mut self, error: Error) {
        match &mut self.0 {
            Some(errors) => errors.combine(error),
            none => *none = Some(error),
        }
    }

    /// Returns the value of `result`, or adds its error.
    pub(crate) fn handle<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.push(error)).ok()
    }

    /// Returns whether there is no error so far.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Returns all errors as one, if there are any.
    pub(crate) fn into_result(self) -> syn::Result<()> {
        self.0.map_or(Ok(()), Err)
    }
}

/// Returns both values, or the errors of both.
pub(crate) fn zip_errors<A, B>(first: syn::Result<A>, second: syn::Result<B>) -> syn::Result<(A, B)> {
    match (first, second) {
        (Ok(first), Ok(second)) => Ok((first, second)),
        (Err(mut errors), Err(more)) => {
            errors.combine(more);
            Err(errors)
        }
        (Err(errors), Ok(_)) | (Ok(_), Err(errors)) => Err(errors),
    }
}

/// Lists names for a message: `` `a`, `b`, `c` ``.
pub(crate) fn join_names<T: ToString>(names: impl IntoIterator<Item = T>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("`{}`", name.to_string())).collect();
    names.join(", ")
}

/// Completes the message about an unknown `name`: the allowed name that is most like it, or all of them.
pub(crate) fn suggest<'a>(name: &str, allowed: impl IntoIterator<Item = &'a str>) -> String {
    let allowed: Vec<&str> = allowed.into_iter().collect();
    let name = name.to_lowercase();
    // A name that differs in more than half of its letters is not a typing error.
    let max_distance = name.len() / 2;
    let nearest = allowed
        .iter()
        .map(|candidate| (edit_distance(&name, candidate), candidate))
        .filter(|(distance, _)| *distance <= max_distance)
        .min_by_key(|(distance, _)| *distance);
    match (nearest, allowed.as_slice()) {
        (Some((_, nearest)), _) => format!("did you mean `{nearest}`?"),
        (None, [only]) => format!("expected `{only}`"),
        (None, _) => format!("expected one of {}", join_names(&allowed)),
    }
}

/// Returns the number of letters to insert, remove or replace to turn one text into the other (Levenshtein).
fn edit_distance(first: &str, second: &str) -> usize {
    let mut row: Vec<usize> = (0..=second.len()).collect();
    for (i, a) in first.bytes().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, b) in second.bytes().enumerate() {
            let replaced = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[second.len()]
}

/// An identifier of the expansion that cannot clash with one of the user's.
pub(crate) fn hygienic_ident(name: &str) -> Ident {
    format_ident!("{name}", span = Span::mixed_site())
}

/// The location of `written`, for generated tokens: the compiler reports what does not fit where the user wrote it, while
/// the names in those tokens stay hygienic.
pub(crate) fn mixed_site_at(written: &impl Spanned) -> Span {
    written.span().resolved_at(Span::mixed_site())
}

#[cfg(test)]
mod tests {
    use super::suggest;

    #[test]
    fn suggest_corrects_a_typo_and_else_lists_all_names() {
        let allowed = ["llm_text", "tts_text", "start"];
        assert_eq!(suggest("llm_token", allowed), "did you mean `llm_text`?");
        assert_eq!(suggest("strat", allowed), "did you mean `start`?");
        assert_eq!(suggest("LLMText", allowed), "did you mean `llm_text`?");
        assert_eq!(suggest("audio", allowed), "expected one of `llm_text`, `tts_text`, `start`");
        assert_eq!(suggest("audio", ["text"]), "expected `text`");
    }
}
