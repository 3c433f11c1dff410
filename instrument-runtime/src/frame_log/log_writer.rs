//! A log that is being written: its current file, and what the next one must repeat.
//!
//! ```text
//!                 open                 close
//!  ToBeMade ───────────────▶ Open ◀───────────▶ Closed
//!     ▲      header, known     │       open        lacks nothing: what comes is appended
//!     │      processors        │
//!     └──── the part is full ──┘
//! ```
//!
//! Each part begins with the header and the processors described so far, and ends with a footer, so that it can be read
//! by itself. That of a part that another one follows says `"continues":true`.

use std::io;
use std::sync::Arc;

use super::conversation_log::{Ending, RecordedLog, line};
use super::file_writer::Output;
use super::format::{FooterLine, HeaderLine};
use super::line_buffer::HeldLines;
use super::log_path::{LogFile, MadeFile};
use super::queue_budget::Room;

/// A compressor says after so many bytes how large it has made them.
const BETWEEN_LOOKS: usize = 8 << 10;

/// A log that is being written.
pub(super) struct OpenLog {
    log: Arc<RecordedLog>,
    file: File,
    /// The newest file, if there is one.
    made: Option<MadeFile>,
    /// Which part it is, counted.
    part: u32,
    /// Events in the current file, and in those before it; counted only where there are parts.
    events: u64,
    events_before: u64,
    /// The newest line of each processor, in the order in which they were first described. Empty where there are no
    /// parts.
    described: Vec<(String, Vec<u8>)>,
    /// What was recorded, and is not written yet.
    lines: Option<HeldLines>,
    ending: Option<Ending>,
}

/// The file that is written to.
enum File {
    ToBeMade,
    Open(Output),
    Closed { size: u64 },
}

/// How far it came with writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    /// All is written, and readable for others.
    Written,
    /// The same, and it was the end of the log.
    Complete,
    /// To go on, its file must be [opened](OpenLog::open).
    NeedsFile,
}

impl OpenLog {
    /// A log of which nothing is written yet.
    pub(super) const fn new(log: Arc<RecordedLog>) -> Self {
        Self {
            log,
            file: File::ToBeMade,
            made: None,
            part: 1,
            events: 0,
            events_before: 0,
            described: Vec::new(),
            lines: None,
            ending: None,
        }
    }

    pub(super) fn log_file(&self) -> &LogFile {
        &self.log.file
    }

    pub(super) const fn is_open(&self) -> bool {
        matches!(self.file, File::Open(_))
    }

    /// Takes over what was recorded since it was last asked.
    pub(super) fn take_over(&mut self, room: &Arc<Room>) {
        let (lines, ending) = self.log.hand_over();
        self.lines = Some(lines.held_in(room));
        self.ending = ending;
    }

    /// Writes what was taken over, into the next file if one is full.
    pub(super) fn write(&mut self) -> io::Result<Progress> {
        while let Some(lines) = &mut self.lines {
            if lines.rest().is_empty() {
                self.lines = None;
                break;
            }
            let File::Open(output) = &mut self.file else { return Ok(Progress::NeedsFile) };
            let Some(size) = self.log.file.part_size else {
                output.write(lines.rest())?;
                self.lines = None;
                break;
            };
            let mut end = 0;
            let is_full = loop {
                let counted = if self.log.file.path.is_gzip() { 0 } else { end as u64 };
                if self.events > 0 && size.is_reached_by(output.size() + counted) {
                    break true;
                }
                if end >= lines.rest().len() || (counted == 0 && end >= BETWEEN_LOOKS) {
                    break false;
                }
                let (event_end, described) = lines.event_at(end);
                for (id, line) in described {
                    remember(&mut self.described, id, line);
                }
                end = event_end;
                self.events += 1;
            };
            output.write(&lines.rest()[..end])?;
            lines.advance(end);
            if is_full {
                self.end_part()?;
            }
        }
        self.conclude()
    }

    /// All lines are written. Is this the end?
    fn conclude(&mut self) -> io::Result<Progress> {
        match (&self.ending, &mut self.file) {
            (None, File::Open(output)) => output.flush().map(|()| Progress::Written),
            (None, _) => Ok(Progress::Written),
            (Some(Ending { events, dropped }), File::Open(output)) => {
                let here = events.saturating_sub(self.events_before);
                output.write(&line(&FooterLine::new(here, *dropped)))?;
                self.close().map(|()| Progress::Complete)
            }
            (Some(_), _) => Ok(Progress::NeedsFile),
        }
    }

    /// This one is complete before there is a next one: whoever follows the log leaves it then.
    fn end_part(&mut self) -> io::Result<()> {
        if let File::Open(output) = &mut self.file {
            output.write(&line(&FooterLine::continues(self.events)))?;
        }
        self.close()?;
        self.events_before += self.events;
        (self.file, self.part, self.events) = (File::ToBeMade, self.part + 1, 0);
        Ok(())
    }

    /// Opens its file, or makes it: then with what stands in each.
    pub(super) fn open(&mut self) -> io::Result<()> {
        let file = &self.log.file;
        let output = match &self.file {
            File::Open(_) => return Ok(()),
            File::Closed { size } => match &self.made {
                Some(made) => Output::new(file.reopen(*made, *size)?, *size, file.path.is_gzip()),
                // It was closed, so it was made.
                None => return Ok(()),
            },
            File::ToBeMade => {
                let (made, new) = file.create_after(self.made)?;
                self.made = Some(made);
                let mut output = Output::new(new, 0, file.path.is_gzip());
                output.write(&self.beginning())?;
                output
            }
        };
        self.file = File::Open(output);
        Ok(())
    }

    /// What every part begins with.
    fn beginning(&self) -> Vec<u8> {
        let file = &self.log.file;
        let part = file.part_size.map(|_| self.part);
        let mut lines = line(&HeaderLine { part, ..file.header.clone() });
        self.described.iter().for_each(|(_, line)| lines.extend_from_slice(line));
        lines
    }

    /// Closes its file, to go on later.
    pub(super) fn close(&mut self) -> io::Result<()> {
        if self.is_open()
            && let File::Open(output) = std::mem::replace(&mut self.file, File::Closed { size: 0 })
        {
            self.file = File::Closed { size: output.close()? };
        }
        Ok(())
    }
}

fn remember(described: &mut Vec<(String, Vec<u8>)>, id: &str, line: &[u8]) {
    match described.iter_mut().find(|(known, _)| *known == id) {
        Some((_, known)) => line.clone_into(known),
        None => described.push((id.to_owned(), line.to_owned())),
    }
}
