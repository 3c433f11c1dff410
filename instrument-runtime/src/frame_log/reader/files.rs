//! The files of one log, one after the other: a whole log, or its parts.
//!
//! ```text
//!  a.part-0001.jsonl ─┐
//!  a.part-0002.jsonl ─┼──▶ one stream of lines ──▶ FrameLogReader
//!  a.part-0003.jsonl ─┘
//! ```

use std::fs::File;
use std::io::{self, BufReader, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use super::input::Input;
use crate::frame_log::format::{HeaderLine, Line};
use crate::frame_log::rotation::PartName;

/// How often a file that is followed is looked at.
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

/// What to do at the end of what is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AtEnd {
    /// It is the end.
    Stop,
    /// More may be written.
    Wait,
}

/// The files of one log, as one stream of plain bytes.
pub struct LogFiles {
    current: Input<BufReader<Watched>>,
    path: PathBuf,
    at_end: AtEnd,
    last_byte: u8,
}

impl LogFiles {
    /// The log at `path`, and its later parts. Waits for the file, if it is to.
    pub(super) fn open(path: &Path, at_end: AtEnd) -> io::Result<Self> {
        Ok(Self { current: open(path, at_end)?, path: path.to_owned(), at_end, last_byte: b'\n' })
    }
}

impl Read for LogFiles {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.current.read(buffer)? {
                0 if buffer.is_empty() => return Ok(0),
                0 => {}
                read => {
                    self.last_byte = buffer[read - 1];
                    return Ok(read);
                }
            }
            let Some(next) = part_after(&self.path) else { return Ok(0) };
            self.current = open(&next, self.at_end)?;
            self.path = next;
            // A line that breaks off does not go on in the next file.
            if self.last_byte != b'\n' {
                self.last_byte = b'\n';
                buffer[0] = b'\n';
                return Ok(1);
            }
        }
    }
}

fn open(path: &Path, at_end: AtEnd) -> io::Result<Input<BufReader<Watched>>> {
    let file = loop {
        match File::open(path) {
            Err(error) if error.kind() == ErrorKind::NotFound && at_end == AtEnd::Wait => {
                thread::sleep(BETWEEN_LOOKS);
            }
            opened => break opened?,
        }
    };
    Input::new(BufReader::new(Watched { file, path: path.to_owned(), at_end }))
}

/// A file of which more may be written, as it stands on the disk.
struct Watched {
    file: File,
    path: PathBuf,
    at_end: AtEnd,
}

impl Read for Watched {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.file.read(buffer)?;
            if read > 0 || self.at_end == AtEnd::Stop {
                return Ok(read);
            }
            if part_after(&self.path).is_some() {
                // Now all that this one will ever hold is written, but perhaps only since it was last read.
                return self.file.read(buffer);
            }
            thread::sleep(BETWEEN_LOOKS);
        }
    }
}

/// What tells a log from every other.
#[derive(PartialEq, Eq)]
struct Identity {
    begun: u64,
    conversation_id: Option<String>,
}

/// The file that the log goes on in after the part at `path`, if there is one and `path` is that of a part. A file that
/// is only called like it is none.
fn part_after(path: &Path) -> Option<PathBuf> {
    let name = PartName::parse(path.file_name()?.to_str()?)?;
    let candidates = later_parts(path, &name);
    if candidates.is_empty() {
        return None;
    }
    let (identity, number) = identity(path)?;
    candidates.into_iter().find(|candidate| {
        self::identity(candidate).is_some_and(|(other, part)| other == identity && part == number + 1)
    })
}

/// Whether the file at `later` is a later part of the log that `earlier` is a part of: reading the one reads the other.
/// Both must be there; their headers tell.
///
/// ```no_run
/// use std::path::Path;
///
/// use pipecat_instrument_runtime::frame_log::is_part_after;
///
/// let (first, second) = (Path::new("frames-1.part-0001.jsonl"), Path::new("frames-1.part-0002.jsonl"));
/// assert!(is_part_after(first, second) && !is_part_after(second, first));
/// ```
pub fn is_part_after(earlier: &Path, later: &Path) -> bool {
    let name = |path: &Path| path.file_name().and_then(|name| PartName::parse(name.to_str()?));
    let are_called_so = earlier.parent() == later.parent()
        && name(earlier).zip(name(later)).is_some_and(|(earlier, later)| earlier.is_before(&later));
    are_called_so
        && identity(earlier)
            .zip(identity(later))
            .is_some_and(|((log, part), (other, other_part))| log == other && part < other_part)
}

/// What is called like a later part, by number.
fn later_parts(path: &Path, name: &PartName) -> Vec<PathBuf> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let Ok(entries) = directory.unwrap_or(Path::new(".")).read_dir() else { return Vec::new() };
    let mut later: Vec<(u32, PathBuf)> = entries
        .filter_map(|entry| {
            let other = PartName::parse(entry.ok()?.file_name().to_str()?)?;
            name.is_before(&other).then(|| (other.number(), path.with_file_name(other.to_string())))
        })
        .collect();
    later.sort();
    later.into_iter().map(|(_, path)| path).collect()
}

/// Whose part the file at `path` is, and which; none while it has no header yet.
fn identity(path: &Path) -> Option<(Identity, u32)> {
    let mut input = Input::new(BufReader::new(File::open(path).ok()?)).ok()?;
    let mut line = Vec::new();
    input.read_line(&mut line).ok()?;
    let Ok(Line::Header(HeaderLine { wall, conversation_id, part, .. })) = Line::parse(&line) else {
        return None;
    };
    let conversation_id = conversation_id.map(std::borrow::Cow::into_owned);
    Some((Identity { begun: wall, conversation_id }, part?))
}
