//! Where the log of a conversation is written.

use std::fs::{self, OpenOptions};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::FrameLogWriteError;

/// What stands in a path for the conversation's id.
const PLACEHOLDER: &str = "{conversation_id}";

/// No longer than this is an id in a file name: file systems allow some 255 bytes for the whole of it.
const LONGEST_ID: usize = 120;

/// A path for each conversation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct FileTemplate {
    /// Holds the placeholder at least once.
    path: String,
}

impl FileTemplate {
    /// Reads `path`. Without a placeholder the id is put before the extension, so that two conversations never write
    /// into one file.
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

    /// Finds out now, not in the middle of a conversation, whether files can be written there.
    pub(super) fn probe(&self) -> Result<(), FrameLogWriteError> {
        let directory = self.directory();
        let unwritable = |source| FrameLogWriteError::Unwritable { directory: directory.clone(), source };
        fs::create_dir_all(&directory).map_err(unwritable)?;
        let probe = directory.join(format!(".pipecat-instrument-{}", std::process::id()));
        OpenOptions::new().write(true).create(true).truncate(false).open(&probe).map_err(unwritable)?;
        match fs::remove_file(&probe) {
            // Another thread that probes the same directory was faster.
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            removed => removed.map_err(unwritable),
        }
    }

    /// The deepest directory that all conversations share.
    fn directory(&self) -> PathBuf {
        let shared = Path::new(&self.path)
            .ancestors()
            .skip(1)
            .find(|ancestor| !ancestor.to_string_lossy().contains(PLACEHOLDER))
            .unwrap_or(Path::new(""));
        if shared.as_os_str().is_empty() { PathBuf::from(".") } else { shared.to_owned() }
    }

    /// The path for the conversation `id`.
    pub(super) fn for_conversation(&self, id: &str) -> FilePath {
        FilePath { template: self.path.clone(), safe_id: safe(id) }
    }
}

/// The path for one conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FilePath {
    template: String,
    safe_id: String,
}

impl FilePath {
    /// The path to try at the `attempt`th time, from 1: another each time, for a file that is there is left alone.
    pub(super) fn attempt(&self, attempt: u32) -> PathBuf {
        let id = if attempt <= 1 { self.safe_id.clone() } else { format!("{}-{attempt}", self.safe_id) };
        self.template.replace(PLACEHOLDER, &id).into()
    }

    /// Whether the file is to be compressed.
    pub(super) fn is_gzip(&self) -> bool {
        Path::new(&self.template).extension().is_some_and(|extension| extension == "gz")
    }
}

/// `id` as part of a file name. One that had to be changed bears a hash of what it was, so that no two are the same.
fn safe(id: &str) -> String {
    let is_safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let safe: String = id
        .chars()
        .take(LONGEST_ID)
        .enumerate()
        .map(|(at, c)| if is_safe(c) && (at > 0 || c != '.') { c } else { '_' })
        .collect();
    if safe == id && !id.is_empty() {
        return safe;
    }
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    format!("{safe}-{:016x}", hasher.finish())
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::{FileTemplate, safe};
    use crate::frame_log::FrameLogWriteError;

    fn path(template: &str, id: &str, attempt: u32) -> PathBuf {
        FileTemplate::parse(Path::new(template)).unwrap().for_conversation(id).attempt(attempt)
    }

    #[test]
    fn the_id_stands_where_the_path_says_or_before_the_extension() {
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
            let error = FileTemplate::parse(Path::new(template)).err();
            assert!(matches!(error, Some(FrameLogWriteError::NoFileName { .. })), "{template}: {error:?}");
        }
    }

    #[test]
    fn an_id_never_leaves_its_directory_nor_meets_another() {
        let long = "x".repeat(500);
        let ids = ["../../etc/passwd", "a/b", "a_b", "a b", "", ".", "..", "ü", "ä", &long, &long[..400]];
        let mut names: Vec<String> = ids.iter().map(|id| safe(id)).collect();
        for name in &names {
            assert!(!name.contains('/') && !name.starts_with('.') && name.len() < 150, "{name}");
        }
        names.sort();
        names.dedup();
        assert_eq!(names.len(), ids.len());
        assert_eq!(safe("call-42_A.b"), "call-42_A.b");
    }
}
