//! Names of spooled requests, which order them by age and count their spans without opening them.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

const EXTENSION: &str = ".request";

/// The name of a request's file: `01764315841000000000-3f2a9c1b-12.request`. Names sort by age.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FileName {
    /// When it was spooled.
    pub(super) unix_nanos: u64,
    pub(super) spool_id: SpoolId,
    pub(super) spans: u64,
}

/// Identifies the [`Spool`](super::Spool) that wrote a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SpoolId(u32);

/// The error of a name that is not that of a spooled request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileNameError;

impl SpoolId {
    /// Creates an id that differs from those of other processes.
    pub(super) fn random() -> Self {
        Self(Uuid::new_v4().as_fields().0)
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:020}-{:08x}-{}{EXTENSION}", self.unix_nanos, self.spool_id.0, self.spans)
    }
}

impl FromStr for FileName {
    type Err = FileNameError;

    fn from_str(text: &str) -> Result<Self, FileNameError> {
        let mut fields = text.strip_suffix(EXTENSION).ok_or(FileNameError)?.split('-');
        let mut next = || fields.next().ok_or(FileNameError);
        let name = Self {
            unix_nanos: next()?.parse().map_err(|_| FileNameError)?,
            spool_id: SpoolId(u32::from_str_radix(next()?, 16).map_err(|_| FileNameError)?),
            spans: next()?.parse().map_err(|_| FileNameError)?,
        };
        // Other spellings of the same numbers are not ours.
        if name.to_string() == text { Ok(name) } else { Err(FileNameError) }
    }
}

#[cfg(test)]
mod tests {
    use super::{FileName, FileNameError, SpoolId};

    #[test]
    fn names_are_read_as_they_are_written() {
        let text = "01764315841000000000-3f2a9c1b-12.request";
        let name =
            FileName { unix_nanos: 1_764_315_841_000_000_000, spool_id: SpoolId(0x3f2a_9c1b), spans: 12 };
        assert_eq!((text.parse(), name.to_string()), (Ok(name), text.to_owned()));
    }

    #[test]
    fn names_of_other_files_are_not_read() {
        for text in
            ["", ".request", "a-b-c.request", "1-2-3.request", "01764315841000000000-3f2a9c1b-12.request~"]
        {
            assert_eq!(text.parse::<FileName>(), Err(FileNameError), "{text}");
        }
    }
}
