//! Settings by their names: what a command line or a configuration file says.

use std::fmt;

/// A name that stands for nothing. Its message tells the names that do.
///
/// ```
/// use pipecat_instrument_runtime::emit::TraceLayout;
///
/// let error = "per-call".parse::<TraceLayout>().unwrap_err();
/// assert_eq!(error.to_string(), "no layout is called `per-call`: choose from per-turn, per-conversation");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no {what} is called `{given}`: choose from {choices}")]
pub struct UnknownNameError {
    what: &'static str,
    given: String,
    choices: String,
}

/// Values by their names. What they are: `layout`, `convention`, ….
pub(super) struct NameTable<T: 'static> {
    pub(super) what: &'static str,
    pub(super) named: &'static [(&'static str, T)],
}

impl<T: Copy + PartialEq> NameTable<T> {
    /// The value that is called `name`.
    pub(super) fn find(&self, name: &str) -> Result<T, UnknownNameError> {
        let found = self.named.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| *value).ok_or_else(|| UnknownNameError {
            what: self.what,
            given: name.to_owned(),
            choices: self.named.iter().map(|(known, _)| *known).collect::<Vec<_>>().join(", "),
        })
    }

    /// Writes the name of `value`.
    pub(super) fn write(&self, value: T, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let found = self.named.iter().find(|(_, known)| *known == value);
        f.write_str(found.map_or("", |(name, _)| name))
    }
}
