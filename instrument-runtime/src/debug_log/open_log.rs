//! A log that is being written: its current file, and what the next one must repeat.
//!
//! Each part begins with the header and the processors described so far, and ends with a footer, so that it can be read
//! by itself. That of a part that another one follows says `"continues":true`.

use std::io;

use super::conversation_log::line;
use super::format::FooterLine;
use super::log_file::{LogFile, NewFile};
use super::output::Output;
use super::queue::EventLines;

/// A log that is being written.
pub(super) struct OpenLog {
    output: Output,
    attempt: u32,
    /// The number in the current file's name.
    number: u32,
    /// Which part it is, counted.
    part: u32,
    /// Events in the current file, and in those before it.
    events: u64,
    events_before: u64,
    /// The newest line of each processor, in the order in which they were first described. Empty where there are no
    /// parts.
    described: Vec<(String, Vec<u8>)>,
}

impl OpenLog {
    /// Makes the first file of `log`, with the header in it.
    pub(super) fn create(log: &LogFile) -> io::Result<Self> {
        let NewFile { file, attempt, number } = log.create_first()?;
        let mut output = Output::new(file, log.path.is_gzip());
        output.write(&header(log, 1))?;
        Ok(Self { output, attempt, number, part: 1, events: 0, events_before: 0, described: Vec::new() })
    }

    /// Writes one event, into the next file if this one is full.
    pub(super) fn write(&mut self, log: &LogFile, lines: EventLines) -> io::Result<()> {
        if log.part_size.is_some_and(|size| self.events > 0 && size.is_reached_by(self.output.size())) {
            self.turn_to_next(log)?;
        }
        for (id, line) in lines.processors {
            self.output.write(&line)?;
            if log.part_size.is_some() {
                self.remember(id, line);
            }
        }
        self.output.write(&lines.event)?;
        self.events += 1;
        Ok(())
    }

    fn remember(&mut self, id: String, line: Vec<u8>) {
        match self.described.iter_mut().find(|(known, _)| *known == id) {
            Some((_, known)) => *known = line,
            None => self.described.push((id, line)),
        }
    }

    fn turn_to_next(&mut self, log: &LogFile) -> io::Result<()> {
        // This one is complete before there is a next one: whoever follows the log leaves it then.
        self.output.finish(&line(&FooterLine::continues(self.events)))?;
        let NewFile { file, number, .. } = log.create_next(self.attempt, self.number)?;
        self.events_before += self.events;
        (self.number, self.part, self.events) = (number, self.part + 1, 0);
        self.output = Output::new(file, log.path.is_gzip());
        self.output.write(&header(log, self.part))?;
        for (_, line) in &self.described {
            self.output.write(line)?;
        }
        self.output.flush()
    }

    /// Makes what was written readable for others.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }

    /// Whether flushing costs: each time, the compressor begins anew.
    pub(super) fn flushes_dearly(&self) -> bool {
        self.output.is_gzip()
    }

    /// Writes the last line, of a conversation of so many events, and closes the file.
    pub(super) fn finish(mut self, events: u64, dropped: u64) -> io::Result<()> {
        let here = events.saturating_sub(self.events_before);
        self.output.finish(&line(&FooterLine::new(here, dropped)))
    }
}

/// The header of part `part`.
fn header(log: &LogFile, part: u32) -> Vec<u8> {
    let part = log.part_size.map(|_| part);
    line(&super::format::HeaderLine { part, ..log.header.clone() })
}
