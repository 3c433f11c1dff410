//! Parts of a log that grew too large for one file: how large each is, and what they are called.

use std::path::{Path, PathBuf};

/// How large a file may be before a log goes on in another.
///
/// ```
/// use pipecat_instrument_runtime::frame_log::PartSize;
///
/// let hundred_mib = PartSize::bytes(100 << 20);
/// # let _ = hundred_mib;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartSize(u64);

impl PartSize {
    /// So many bytes on the disk, as near as may be: a part holds at least one event, and a compressed one what its
    /// compressor has not let go of yet.
    pub const fn bytes(bytes: u64) -> Self {
        Self(bytes)
    }

    pub(super) const fn is_reached_by(self, bytes: u64) -> bool {
        bytes >= self.0
    }
}

/// What stands in a name before a part's number.
const MARK: &str = ".part-";

/// The name of one part, taken apart: `frames-call-1` `.part-` `0002` `.jsonl.gz`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PartName {
    stem: String,
    number: u32,
    extension: String,
}

impl PartName {
    /// The parts of the log that would be called `name` if it had none.
    pub(super) fn of_whole(name: &str) -> Self {
        let without_gz = name.strip_suffix(".gz").unwrap_or(name);
        let stem = match without_gz.rfind('.') {
            Some(dot) if dot > 0 => &without_gz[..dot],
            _ => without_gz,
        };
        Self { stem: stem.to_owned(), number: 1, extension: name[stem.len()..].to_owned() }
    }

    /// What `name` says, if it is that of a part.
    pub(super) fn parse(name: &str) -> Option<Self> {
        let (stem, rest) = name.rsplit_once(MARK)?;
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (number, extension) = rest.split_at(digits);
        Some(Self {
            stem: stem.to_owned(),
            number: number.parse().ok().filter(|number| *number > 0)?,
            extension: extension.to_owned(),
        })
    }

    pub(super) fn with_number(&self, number: u32) -> Self {
        Self { number, ..self.clone() }
    }

    pub(super) const fn number(&self) -> u32 {
        self.number
    }

    /// Whether `other` is called a later part of the same log. It may be compressed, and this not, or the other way
    /// round: people compress what they put aside.
    pub(super) fn is_before(&self, other: &Self) -> bool {
        let plain = |extension: &str| extension.strip_suffix(".gz").unwrap_or(extension).to_owned();
        self.stem == other.stem
            && plain(&self.extension) == plain(&other.extension)
            && self.number < other.number
    }
}

impl std::fmt::Display for PartName {
    /// Names sort as their parts follow each other, up to the 9999th.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{MARK}{:04}{}", self.stem, self.number, self.extension)
    }
}

/// The path of part `number` of the log that would be at `path` if it had none.
pub(super) fn path_of_part(path: &Path, number: u32) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(PartName::of_whole(&name).with_number(number).to_string())
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::{PartName, path_of_part};

    #[test]
    fn a_part_is_called_after_the_whole() {
        for (whole, part) in [
            ("logs/frames-call.jsonl", "logs/frames-call.part-0002.jsonl"),
            ("frames-call.jsonl.gz", "frames-call.part-0002.jsonl.gz"),
            ("frames-v1.2.jsonl", "frames-v1.2.part-0002.jsonl"),
            ("frames-call", "frames-call.part-0002"),
            (".frames", ".frames.part-0002"),
            ("frames.gz", "frames.part-0002.gz"),
        ] {
            assert_eq!(path_of_part(Path::new(whole), 2), PathBuf::from(part));
            let name = Path::new(part).file_name().unwrap().to_str().unwrap();
            assert_eq!(PartName::parse(name).unwrap().to_string(), name);
        }
        let tenth = PartName::of_whole("a.jsonl").with_number(10).to_string();
        assert!(PartName::of_whole("a.jsonl").with_number(9).to_string() < tenth, "names sort");
    }

    #[test]
    fn what_is_no_part_is_none() {
        for name in ["frames.jsonl", "frames.part-.jsonl", "frames.part-0.jsonl", "frames.part-x.jsonl", ""] {
            assert_eq!(PartName::parse(name), None, "{name}");
        }
    }

    #[test]
    fn parts_belong_together_by_their_names_compressed_or_not() {
        let first = PartName::parse("a.part-0001.jsonl").unwrap();
        for (other, is_after) in [
            ("a.part-0002.jsonl", true),
            ("a.part-0003.jsonl.gz", true),
            ("a.part-0001.jsonl", false),
            ("b.part-0002.jsonl", false),
            ("a.part-0002.txt", false),
        ] {
            assert_eq!(first.is_before(&PartName::parse(other).unwrap()), is_after, "{other}");
        }
    }
}
