//! The files of one log, decompressed, as one stream of lines: a single file, or its parts one after the other.
//!
//! ```text
//!  a.part-0001.jsonl ─┐
//!  a.part-0002.jsonl ─┼──▶ one stream of lines ──▶ FrameLogReader
//!  a.part-0003.jsonl ─┘
//! ```

use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use flate2::bufread::MultiGzDecoder;

use crate::frame_log::format::{HeaderLine, Line};
use crate::frame_log::log_path::PartName;

/// Interval at which a followed file is checked for new data.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// The first two bytes of every gzip file.
const GZIP_MAGIC: &[u8] = &[0x1f, 0x8b];

/// The behavior at the end of the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AtEnd {
    Stop,
    /// Wait, as more may be written.
    Wait,
}

/// A stream of bytes that may be handed to another thread.
pub(super) type Input<'a> = Box<dyn BufRead + Send + 'a>;

/// Decompresses `input` if it is gzipped.
pub(super) fn decompress<'a>(mut input: impl BufRead + Send + 'a) -> io::Result<Input<'a>> {
    Ok(if input.fill_buf()?.starts_with(GZIP_MAGIC) {
        Box::new(BufReader::new(GzipInput(MultiGzDecoder::new(input))))
    } else {
        Box::new(input)
    })
}

/// A gzip stream that may end early: the file of a process that died breaks off in the middle of its data, which is its
/// end and not an error.
struct GzipInput<R>(MultiGzDecoder<R>);

impl<R: BufRead> Read for GzipInput<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer) {
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(0),
            read => read,
        }
    }
}

/// Reads the next line into `line`, replacing its content. Returns false at the end.
pub(super) fn read_line(input: &mut dyn BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    Ok(input.read_until(b'\n', line)? > 0)
}

/// Reads a file of a log, and after a part the parts that follow it.
pub(super) struct PartsInput {
    current: Input<'static>,
    path: PathBuf,
    at_end: AtEnd,
    last_byte: u8,
}

impl PartsInput {
    /// Opens the file at `path`. With [`AtEnd::Wait`] it waits until the file exists.
    pub(super) fn open(path: &Path, at_end: AtEnd) -> io::Result<Self> {
        Ok(Self { current: open(path, at_end)?, path: path.to_owned(), at_end, last_byte: b'\n' })
    }
}

impl Read for PartsInput {
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
            let Some(next) = next_part(&self.path) else { return Ok(0) };
            self.current = open(&next, self.at_end)?;
            self.path = next;
            // A line that breaks off does not continue in the next file.
            if self.last_byte != b'\n' {
                self.last_byte = b'\n';
                buffer[0] = b'\n';
                return Ok(1);
            }
        }
    }
}

fn open(path: &Path, at_end: AtEnd) -> io::Result<Input<'static>> {
    let file = loop {
        match File::open(path) {
            Err(error) if error.kind() == ErrorKind::NotFound && at_end == AtEnd::Wait => {
                thread::sleep(POLL_INTERVAL);
            }
            opened => break opened?,
        }
    };
    decompress(BufReader::new(FollowedFile { file, path: path.to_owned(), at_end }))
}

/// A file that may still be written.
struct FollowedFile {
    file: File,
    path: PathBuf,
    at_end: AtEnd,
}

impl Read for FollowedFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.file.read(buffer)?;
            if read > 0 || self.at_end == AtEnd::Stop {
                return Ok(read);
            }
            if next_part(&self.path).is_some() {
                // The writer has left this file, but may have written more since the last read.
                return self.file.read(buffer);
            }
            thread::sleep(POLL_INTERVAL);
        }
    }
}

/// Distinguishes a log from every other log.
#[derive(PartialEq, Eq)]
struct LogIdentity {
    begun: u64,
    conversation_id: Option<String>,
}

/// Returns the file that follows the part at `path`, if there is one. A file that merely has such a name does not
/// count.
fn next_part(path: &Path) -> Option<PathBuf> {
    let name = PartName::parse(path.file_name()?.to_str()?)?;
    let candidates = later_parts(path, &name);
    if candidates.is_empty() {
        return None;
    }
    let (log, number) = identify(path)?;
    candidates
        .into_iter()
        .find(|candidate| identify(candidate).is_some_and(|(other, part)| other == log && part == number + 1))
}

/// Returns whether the files at `earlier` and `later` are parts of one log, in this order. Reading `earlier` then reads
/// both. Compares the names and the headers of the files, which must exist.
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
    let names_match = earlier.parent() == later.parent()
        && name(earlier).zip(name(later)).is_some_and(|(earlier, later)| earlier.is_before(&later));
    names_match
        && identify(earlier)
            .zip(identify(later))
            .is_some_and(|((log, part), (other, other_part))| log == other && part < other_part)
}

/// Returns the files with the names of later parts, by number.
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

/// Returns the log and the number of the part at `path`; `None` while the file has no header yet.
fn identify(path: &Path) -> Option<(LogIdentity, u32)> {
    let mut input = decompress(BufReader::new(File::open(path).ok()?)).ok()?;
    let mut line = Vec::new();
    read_line(&mut *input, &mut line).ok()?;
    let Ok(Line::Header(HeaderLine { wall, conversation_id, part, .. })) = Line::parse(&line) else {
        return None;
    };
    let conversation_id = conversation_id.map(std::borrow::Cow::into_owned);
    Some((LogIdentity { begun: wall, conversation_id }, part?))
}
