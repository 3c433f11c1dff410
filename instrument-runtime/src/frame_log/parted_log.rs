//! Writes one log: its current file, and the lines that the next part must repeat.
//!
//! ```text
//!                 open                 close
//!  NotCreated ─────────────▶ Open ◀───────────▶ Closed
//!     ▲      header, known     │       open        complete so far: more is appended
//!     │      processors        │
//!     └──── the part is full ──┘
//! ```
//!
//! Each part begins with the header and the processors described so far, and ends with a footer, so that it can be read
//! by itself. If another part follows, the footer contains `"continues":true`.

use std::io;
use std::sync::Arc;

use super::file_writer::{FileNumber, FileWriter};
use super::format::{FooterLine, HeaderLine, append_line, to_line};
use super::line_buffer::{QueueBudget, QueuedLines};
use super::recorded_log::{LogEnd, RecordedLog};

/// Number of bytes written to a compressor between two checks of the size of its file.
const SIZE_CHECK_INTERVAL: usize = 8 << 10;

/// A log that is being written.
pub(super) struct PartedLogWriter {
    log: Arc<RecordedLog>,
    file: FileState,
    /// The newest file, if there is one.
    newest: Option<FileNumber>,
    /// The number of the current part, from 1.
    part: u32,
    /// Events in the current part and in those before it; counted only in a log with parts.
    events: u64,
    events_before: u64,
    /// The newest line of each processor, in the order in which they were first described; empty in a log without
    /// parts.
    described: Vec<(String, Vec<u8>)>,
    /// Recorded lines that are not written yet.
    lines: Option<QueuedLines>,
    /// Set once the conversation is finished.
    end: Option<LogEnd>,
}

enum FileState {
    NotCreated,
    Open(FileWriter),
    Closed { size: u64 },
}

/// The result of [`PartedLogWriter::write`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    /// Everything is written, and readable for other programs.
    Written,
    /// Everything is written, and the log has ended.
    Complete,
    /// To continue, [open](PartedLogWriter::open) the file.
    NeedsFile,
}

impl PartedLogWriter {
    pub(super) const fn new(log: Arc<RecordedLog>) -> Self {
        Self {
            log,
            file: FileState::NotCreated,
            newest: None,
            part: 1,
            events: 0,
            events_before: 0,
            described: Vec::new(),
            lines: None,
            end: None,
        }
    }

    pub(super) fn log(&self) -> &RecordedLog {
        &self.log
    }

    pub(super) const fn is_open(&self) -> bool {
        matches!(self.file, FileState::Open(_))
    }

    /// Takes the lines recorded since the last call.
    pub(super) fn take_recorded(&mut self, budget: &Arc<QueueBudget>) {
        let (lines, end) = self.log.take();
        self.lines = Some(lines.into_queued(budget));
        self.end = end;
    }

    /// Writes the lines that were taken. Continues in the next part when the current one is full.
    pub(super) fn write(&mut self) -> io::Result<Progress> {
        while let Some(lines) = &mut self.lines {
            if lines.rest().is_empty() {
                self.lines = None;
                break;
            }
            let FileState::Open(file) = &mut self.file else { return Ok(Progress::NeedsFile) };
            let Some(size) = self.log.files.part_size else {
                file.write(lines.rest())?;
                self.lines = None;
                break;
            };
            let mut end = 0;
            let is_full = loop {
                let unwritten = if self.log.files.is_gzip() { 0 } else { end as u64 };
                if self.events > 0 && size.is_reached_by(file.size() + unwritten) {
                    break true;
                }
                if end >= lines.rest().len() || (unwritten == 0 && end >= SIZE_CHECK_INTERVAL) {
                    break false;
                }
                let (event_end, described) = lines.event_at(end);
                for (id, line) in described {
                    remember(&mut self.described, id, line);
                }
                end = event_end;
                self.events += 1;
            };
            file.write(&lines.rest()[..end])?;
            lines.advance(end);
            if is_full {
                self.end_part()?;
            }
        }
        self.flush_or_finish()
    }

    /// Writes the footer if the log has ended; else flushes the file.
    fn flush_or_finish(&mut self) -> io::Result<Progress> {
        match (&self.end, &mut self.file) {
            (None, FileState::Open(file)) => file.flush().map(|()| Progress::Written),
            (None, _) => Ok(Progress::Written),
            (Some(end), FileState::Open(file)) => {
                let events_here = end.events.saturating_sub(self.events_before);
                file.write(&to_line(&FooterLine::new(events_here, end.dropped, end.shutdown_at)))?;
                self.close().map(|()| Progress::Complete)
            }
            (Some(_), _) => Ok(Progress::NeedsFile),
        }
    }

    /// Completes the current part before the next one exists: a reader that follows the log leaves it then.
    fn end_part(&mut self) -> io::Result<()> {
        if let FileState::Open(file) = &mut self.file {
            file.write(&to_line(&FooterLine::continues(self.events)))?;
        }
        self.close()?;
        self.events_before += self.events;
        (self.file, self.part, self.events) = (FileState::NotCreated, self.part + 1, 0);
        Ok(())
    }

    /// Opens the current file, or creates the next one.
    pub(super) fn open(&mut self) -> io::Result<()> {
        let files = &self.log.files;
        let file = match (&self.file, self.newest) {
            (FileState::Open(_), _) => return Ok(()),
            (FileState::Closed { size }, Some(newest)) => files.reopen(newest, *size)?,
            (FileState::NotCreated | FileState::Closed { .. }, _) => {
                let (number, mut file) = files.create_after(self.newest)?;
                self.newest = Some(number);
                file.write(&self.beginning())?;
                file
            }
        };
        self.file = FileState::Open(file);
        Ok(())
    }

    /// Returns the lines at the start of each part.
    fn beginning(&self) -> Vec<u8> {
        let mut lines = Vec::new();
        let part = self.log.files.part_size.map(|_| self.part);
        append_line(&mut lines, &HeaderLine { part, ..self.log.header.clone() });
        self.described.iter().for_each(|(_, line)| lines.extend_from_slice(line));
        lines
    }

    /// Closes the current file, to continue later.
    pub(super) fn close(&mut self) -> io::Result<()> {
        if self.is_open()
            && let FileState::Open(file) = std::mem::replace(&mut self.file, FileState::Closed { size: 0 })
        {
            self.file = FileState::Closed { size: file.close()? };
        }
        Ok(())
    }
}

fn remember(described: &mut Vec<(String, Vec<u8>)>, id: &str, line: &[u8]) {
    match described.iter_mut().find(|(described_id, _)| *described_id == id) {
        Some((_, newest)) => line.clone_into(newest),
        None => described.push((id.to_owned(), line.to_owned())),
    }
}
