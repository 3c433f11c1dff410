//! Paths of frame logs: one per conversation, and one per part.

use std::fs::{self, OpenOptions};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::FrameLogWriteError;

/// The placeholder for the conversation's id.
const PLACEHOLDER: &str = "{conversation_id}";

/// Upper bound on the characters of an id in a file name. File systems allow some 255 bytes for the name.
const MAX_ID_LENGTH: usize = 120;

/// The mark before the number of a part.
const PART_MARK: &str = ".part-";

/// The path of all logs, with a placeholder for the conversation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct PathTemplate {
    /// Contains the placeholder at least once.
    path: String,
}

impl PathTemplate {
    /// Parses `path`. Without a placeholder, one is inserted before the extension, so that two conversations never
    /// write into one file.
    pub(super) fn parse(path: &Path) -> Result<Self, FrameLogWriteError> {
        let text = path.to_str().ok_or_else(|| FrameLogWriteError::NotUtf8 { path: path.to_owned() })?;
        let no_file = || FrameLogWriteError::NoFileName { path: path.to_owned() };
        let name = path.file_name().and_then(|name| name.to_str()).ok_or_else(no_file)?;
        let directory = text.strip_suffix(name).ok_or_else(no_file)?;
        if text.contains(PLACEHOLDER) {
            return Ok(Self { path: text.to_owned() });
        }
        let dot = name.char_indices().skip(1).find(|(_, c)| *c == '.').map_or(name.len(), |(at, _)| at);
        let (stem, extension) = name.split_at(dot);
        Ok(Self { path: format!("{directory}{stem}-{PLACEHOLDER}{extension}") })
    }

    /// Creates the directory and checks that files can be written there: better now than in the middle of a
    /// conversation.
    pub(super) fn probe(&self) -> Result<(), FrameLogWriteError> {
        let directory = self.directory();
        let unwritable = |source| FrameLogWriteError::Unwritable { directory: directory.clone(), source };
        fs::create_dir_all(&directory).map_err(unwritable)?;
        let probe = directory.join(format!(".pipecat-instrument-{}", std::process::id()));
        OpenOptions::new().write(true).create(true).truncate(false).open(&probe).map_err(unwritable)?;
        match fs::remove_file(&probe) {
            // Another thread probed the same directory and was faster.
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            removed => removed.map_err(unwritable),
        }
    }

    /// Returns the deepest directory that all conversations share.
    fn directory(&self) -> PathBuf {
        let shared = Path::new(&self.path)
            .ancestors()
            .skip(1)
            .find(|ancestor| !ancestor.to_string_lossy().contains(PLACEHOLDER))
            .unwrap_or(Path::new(""));
        if shared.as_os_str().is_empty() { PathBuf::from(".") } else { shared.to_owned() }
    }

    /// Returns the path for the conversation `id`.
    pub(super) fn for_conversation(&self, id: &str) -> LogPath {
        LogPath { template: self.path.clone(), safe_id: safe_file_name(id) }
    }
}

/// The path of one conversation's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LogPath {
    template: String,
    safe_id: String,
}

impl LogPath {
    /// Returns the path for attempt number `attempt`, from 1. Each attempt has another name, as existing files are left
    /// alone.
    pub(super) fn attempt(&self, attempt: u32) -> PathBuf {
        let id = if attempt <= 1 { self.safe_id.clone() } else { format!("{}-{attempt}", self.safe_id) };
        self.template.replace(PLACEHOLDER, &id).into()
    }

    /// Returns whether the file is compressed.
    pub(super) fn is_gzip(&self) -> bool {
        Path::new(&self.template).extension().is_some_and(|extension| extension == "gz")
    }
}

/// Returns `id` as part of a file name. If the id has to change, a hash of the original is appended, so that no two ids
/// share a name.
fn safe_file_name(id: &str) -> String {
    let is_safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let safe_id: String = id
        .chars()
        .take(MAX_ID_LENGTH)
        .enumerate()
        .map(|(at, c)| if is_safe(c) && (at > 0 || c != '.') { c } else { '_' })
        .collect();
    if safe_id == id && !id.is_empty() {
        return safe_id;
    }
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    format!("{safe_id}-{:016x}", hasher.finish())
}

/// The size of a file at which a log continues in another one.
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
    /// Sets the size in bytes on disk. It is approximate: a part holds at least one event, and a compressed part grows
    /// by what its compressor has buffered.
    pub const fn bytes(bytes: u64) -> Self {
        Self(bytes)
    }

    pub(super) const fn is_reached_by(self, bytes: u64) -> bool {
        bytes >= self.0
    }
}

/// The name of one part: `frames-call-1` `.part-` `0002` `.jsonl.gz`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PartName {
    stem: String,
    number: u32,
    extension: String,
}

impl PartName {
    /// Returns the name of the first part of a log that would be called `name` if it had no parts.
    pub(super) fn first_of(name: &str) -> Self {
        let without_gz = name.strip_suffix(".gz").unwrap_or(name);
        let stem = match without_gz.rfind('.') {
            Some(dot) if dot > 0 => &without_gz[..dot],
            _ => without_gz,
        };
        Self { stem: stem.to_owned(), number: 1, extension: name[stem.len()..].to_owned() }
    }

    /// Parses the name of a part.
    pub(super) fn parse(name: &str) -> Option<Self> {
        let (stem, rest) = name.rsplit_once(PART_MARK)?;
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

    /// Returns whether `other` names a later part of the same log. Only one of them may be compressed, as people
    /// compress files for archiving.
    pub(super) fn is_before(&self, other: &Self) -> bool {
        let plain = |extension: &str| extension.strip_suffix(".gz").unwrap_or(extension).to_owned();
        self.stem == other.stem
            && plain(&self.extension) == plain(&other.extension)
            && self.number < other.number
    }
}

impl std::fmt::Display for PartName {
    /// Writes a name that sorts in the order of the parts, up to part 9999.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{PART_MARK}{:04}{}", self.stem, self.number, self.extension)
    }
}

/// Returns the path of part `number` of a log that would be at `path` if it had no parts.
pub(super) fn path_of_part(path: &Path, number: u32) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(PartName::first_of(&name).with_number(number).to_string())
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::{PartName, PathTemplate, path_of_part, safe_file_name};
    use crate::frame_log::FrameLogWriteError;

    fn path(template: &str, id: &str, attempt: u32) -> PathBuf {
        PathTemplate::parse(Path::new(template)).unwrap().for_conversation(id).attempt(attempt)
    }

    #[test]
    fn the_id_replaces_the_placeholder_or_precedes_the_extension() {
        for (template, expected) in [
            ("frames-{conversation_id}.jsonl", "frames-call-1.jsonl"),
            ("logs/{conversation_id}/frames.jsonl", "logs/call-1/frames.jsonl"),
            ("frames.jsonl", "frames-call-1.jsonl"),
            ("logs.d/frames.jsonl.gz", "logs.d/frames-call-1.jsonl.gz"),
            ("logs/frames", "logs/frames-call-1"),
            ("logs/.frames", "logs/.frames-call-1"),
        ] {
            assert_eq!(path(template, "call-1", 1), PathBuf::from(expected), "{template}");
        }
        assert_eq!(path("frames.jsonl.gz", "call-1", 3), PathBuf::from("frames-call-1-3.jsonl.gz"));
    }

    #[test]
    fn a_path_without_a_file_name_is_refused() {
        for template in ["", "/", "logs/", "..", "logs/.."] {
            let error = PathTemplate::parse(Path::new(template)).err();
            assert!(matches!(error, Some(FrameLogWriteError::NoFileName { .. })), "{template}: {error:?}");
        }
    }

    #[test]
    fn ids_stay_in_their_directory_and_have_distinct_names() {
        let long = "x".repeat(500);
        let ids = ["../../etc/passwd", "a/b", "a_b", "a b", "", ".", "..", "ü", "ä", &long, &long[..400]];
        let mut names: Vec<String> = ids.iter().map(|id| safe_file_name(id)).collect();
        for name in &names {
            assert!(!name.contains('/') && !name.starts_with('.') && name.len() < 150, "{name}");
        }
        names.sort();
        names.dedup();
        assert_eq!(names.len(), ids.len());
        assert_eq!(safe_file_name("call-42_A.b"), "call-42_A.b");
    }

    #[test]
    fn the_name_of_a_part_derives_from_the_log() {
        for (log, part) in [
            ("logs/frames-call.jsonl", "logs/frames-call.part-0002.jsonl"),
            ("frames-call.jsonl.gz", "frames-call.part-0002.jsonl.gz"),
            ("frames-v1.2.jsonl", "frames-v1.2.part-0002.jsonl"),
            ("frames-call", "frames-call.part-0002"),
            (".frames", ".frames.part-0002"),
            ("frames.gz", "frames.part-0002.gz"),
        ] {
            assert_eq!(path_of_part(Path::new(log), 2), PathBuf::from(part));
            let name = Path::new(part).file_name().unwrap().to_str().unwrap();
            assert_eq!(PartName::parse(name).unwrap().to_string(), name);
        }
        let tenth = PartName::first_of("a.jsonl").with_number(10).to_string();
        assert!(PartName::first_of("a.jsonl").with_number(9).to_string() < tenth, "names sort");
    }

    #[test]
    fn other_names_are_not_parts() {
        for name in ["frames.jsonl", "frames.part-.jsonl", "frames.part-0.jsonl", "frames.part-x.jsonl", ""] {
            assert_eq!(PartName::parse(name), None, "{name}");
        }
    }

    #[test]
    fn parts_are_matched_by_name_whether_compressed_or_not() {
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
