//! All mistakes of one annotation, so that one compile shows them all.

use syn::Error;

/// Mistakes found so far.
#[derive(Default)]
pub(crate) struct Mistakes(Option<Error>);

impl Mistakes {
    /// One more.
    pub(crate) fn push(&mut self, mistake: Error) {
        match &mut self.0 {
            Some(earlier) => earlier.combine(mistake),
            none => *none = Some(mistake),
        }
    }

    /// The value of `result`, or one more mistake.
    pub(crate) fn take<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|mistake| self.push(mistake)).ok()
    }

    /// Whether there are none so far.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// All of them, if there are any.
    pub(crate) fn into_result(self) -> syn::Result<()> {
        self.0.map_or(Ok(()), Err)
    }
}

/// Both values, or every mistake of both.
pub(crate) fn both<A, B>(one: syn::Result<A>, other: syn::Result<B>) -> syn::Result<(A, B)> {
    match (one, other) {
        (Ok(one), Ok(other)) => Ok((one, other)),
        (Err(mut mistakes), Err(more)) => {
            mistakes.combine(more);
            Err(mistakes)
        }
        (Err(mistakes), Ok(_)) | (Ok(_), Err(mistakes)) => Err(mistakes),
    }
}

/// `a`, `b` or `c`, each in backquotes; what a message lists.
pub(crate) fn listed<T: ToString>(names: impl IntoIterator<Item = T>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("`{}`", name.to_string())).collect();
    match names.as_slice() {
        [] => "none".to_owned(),
        [only] => only.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// What to say of a `name` that is not among `known`: the one that was probably meant, or all there are.
pub(crate) fn meant<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    let name = name.to_lowercase();
    // Further apart, it is a guess.
    let at_most = name.len() / 2;
    known
        .iter()
        .map(|candidate| (distance(&name, candidate), candidate))
        .filter(|(distance, _)| *distance <= at_most)
        .min_by_key(|(distance, _)| *distance)
        .map_or_else(
            || format!("there are {}", listed(&known)),
            |(_, nearest)| format!("did you mean `{nearest}`?"),
        )
}

/// How many letters must change to make one of the other (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.bytes().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, b) in other.bytes().enumerate() {
            let changed = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::meant;

    #[test]
    fn a_near_miss_is_corrected_and_a_far_one_answered_with_all() {
        let known = ["llm_text", "tts_text", "start"];
        assert_eq!(meant("llm_token", known), "did you mean `llm_text`?");
        assert_eq!(meant("strat", known), "did you mean `start`?");
        assert_eq!(meant("LLMText", known), "did you mean `llm_text`?");
        assert_eq!(meant("audio", known), "there are `llm_text`, `tts_text` and `start`");
    }
}
