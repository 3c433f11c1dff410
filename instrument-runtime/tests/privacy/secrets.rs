//! Markers that stand in records and frames, searched in spans and logs.

use std::collections::BTreeSet;

use crate::TestResult;
use crate::options::Hidden;

/// A marker in one field of a record or frame, and the options that each hide this field.
pub(crate) type Secret = (&'static str, &'static [Hidden]);

/// Fails if `text` contains a marker that is hidden, or lacks one that is not.
pub(crate) fn check(text: &str, secrets: &[Secret], hidden: &[Hidden]) -> TestResult<()> {
    let wrong: Vec<String> = secrets
        .iter()
        .filter_map(|(marker, hidden_by)| {
            let is_hidden = hidden_by.iter().any(|option| hidden.contains(option));
            let is_found = text.contains(marker);
            (is_found == is_hidden).then(|| format!("{marker} found: {is_found}"))
        })
        .collect();
    if wrong.is_empty() { Ok(()) } else { Err(format!("hiding {hidden:?}: {}", wrong.join(", ")).into()) }
}

/// Returns the markers in `text`.
pub(crate) fn markers_in(text: &str, secrets: &[Secret]) -> BTreeSet<&'static str> {
    secrets.iter().map(|(marker, _)| *marker).filter(|marker| text.contains(marker)).collect()
}
