//! Words that are looked for in what leaves.

use std::collections::BTreeSet;

use crate::Outcome;
use crate::options::Hidden;

/// A word that stands in one place of a record or frame, and the options each of which hides it there.
pub(crate) type Secret = (&'static str, &'static [Hidden]);

/// Fails if `text` holds a word that is hidden, or lacks one that is not.
pub(crate) fn check(text: &str, secrets: &[Secret], hidden: &[Hidden]) -> Outcome<()> {
    let wrong: Vec<String> = secrets
        .iter()
        .filter_map(|(word, hidden_by)| {
            let is_hidden = hidden_by.iter().any(|option| hidden.contains(option));
            let is_there = text.contains(word);
            (is_there == is_hidden).then(|| format!("{word} is there: {is_there}"))
        })
        .collect();
    if wrong.is_empty() { Ok(()) } else { Err(format!("hiding {hidden:?}: {}", wrong.join(", ")).into()) }
}

/// The words that stand in `text`.
pub(crate) fn found(text: &str, secrets: &[Secret]) -> BTreeSet<&'static str> {
    secrets.iter().map(|(word, _)| *word).filter(|word| text.contains(word)).collect()
}
