//! Reads frame logs line by line.

mod event;
mod files;
#[cfg(test)]
mod tests;

pub use event::LoggedEvent;
pub use files::is_part_after;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::sync::Arc;

use serde_json::value::RawValue;

use self::event::LoggedProcessors;
use self::files::{AtEnd, Input, PartsInput, decompress, read_line};
use super::error::{FrameLogReadError, LineError, LogLineError};
use super::format::{EventLine, FooterLine, HeaderLine, Line, VERSION};
use super::header::Header;
use super::payload::{ContextCache, ContextPayload, LoggedContext, Payload};
use crate::engine::frame::{Frame, FrameId};
use crate::engine::time::Time;

/// Reads a frame log, gzipped or not, in one file or in parts: first the header, then event by event. The iterator
/// yields malformed lines as errors and continues with the next line.
///
/// ```
/// use pipecat_instrument_runtime::frame_log::FrameLogReader;
///
/// let log = r#"{"frame_log":1,"writer":"me","wall":0,"conversation_id":"call-42"}
/// {"processor":{"id":"1","class":"Mic","name":"Mic#0","role":"input_transport"}}
/// {"n":0,"wall":5,"dir":"down","src":"1","dst":"2","frame":"UserStartedSpeakingFrame","id":9,"payload":{}}
/// {"end":true,"events":1,"dropped":0}
/// "#;
/// let mut reader = FrameLogReader::new(log.as_bytes())?;
/// assert_eq!(reader.header().conversation_id.as_deref(), Some("call-42"));
/// assert_eq!(reader.by_ref().filter_map(Result::ok).count(), 1);
/// assert_eq!(reader.footer().map(|footer| footer.dropped), Some(0));
/// # Ok::<(), pipecat_instrument_runtime::frame_log::FrameLogReadError>(())
/// ```
pub struct FrameLogReader<'a> {
    input: Input<'a>,
    line: Vec<u8>,
    line_number: u64,
    header: Header,
    processors: LoggedProcessors,
    contexts: ContextCache<Arc<LoggedContext>>,
    /// The number of the part that is being read.
    part: Option<u32>,
    /// Events of the parts before it.
    events_before: u64,
    /// Whether the last footer announced another part.
    continues: bool,
    footer: Option<Footer>,
    at_footer: AtFooter,
    finished: bool,
}

/// The behavior after the footer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AtFooter {
    /// Read on, to report further lines as errors.
    ReadOn,
    /// Stop, as waiting for more lines would never end.
    Stop,
}

/// The footer of a log. A log without a footer breaks off: its process died.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Footer {
    /// Events in the log.
    pub events: u64,
    /// Events missing from the log, because its writer could not keep up.
    pub dropped: u64,
    /// When the process ended the conversation at its shutdown; `None` if a frame ended it, or nothing did. It is the start
    /// of Unix time if the log does not have the time.
    pub shutdown_at: Option<Time>,
}

impl FrameLogReader<'static> {
    /// Opens the file at `path`. If it is a part of a log, the parts after it are read as well.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, FrameLogReadError> {
        Self::open_parts(path.as_ref(), AtEnd::Stop)
    }

    /// Opens a log that is still being written: waits until the file exists, and then for each line, until the footer.
    /// A log whose process died has no footer; following it never ends.
    ///
    /// ```no_run
    /// use pipecat_instrument_runtime::frame_log::FrameLogReader;
    ///
    /// let reader = FrameLogReader::follow("frames-call-42.jsonl")?;
    /// for event in reader.flatten() {
    ///     println!("{}", event.class());
    /// }
    /// # Ok::<(), pipecat_instrument_runtime::frame_log::FrameLogReadError>(())
    /// ```
    pub fn follow(path: impl AsRef<Path>) -> Result<Self, FrameLogReadError> {
        Ok(Self { at_footer: AtFooter::Stop, ..Self::open_parts(path.as_ref(), AtEnd::Wait)? })
    }

    fn open_parts(path: &Path, at_end: AtEnd) -> Result<Self, FrameLogReadError> {
        let parts = PartsInput::open(path, at_end)
            .map_err(|source| FrameLogReadError::Open { path: path.to_owned(), source })?;
        Self::new(BufReader::new(parts))
    }
}

impl<'a> FrameLogReader<'a> {
    /// Reads the header from `input`, and prepares to read the rest.
    pub fn new(input: impl BufRead + Send + 'a) -> Result<Self, FrameLogReadError> {
        let mut input = decompress(input)?;
        let mut line = Vec::new();
        if !read_line(&mut *input, &mut line)? {
            return Err(FrameLogReadError::Empty);
        }
        let header = match Line::parse(&line) {
            Ok(Line::Header(header)) if header.frame_log == VERSION => Header::from(header),
            Ok(Line::Header(header)) => return Err(FrameLogReadError::Version(header.frame_log)),
            Ok(_) => return Err(FrameLogReadError::NoHeader { reason: LineError::NotAHeader }),
            Err(error) => return Err(FrameLogReadError::NoHeader { reason: error.into() }),
        };
        Ok(Self {
            input,
            line,
            line_number: 1,
            part: header.part,
            events_before: 0,
            continues: false,
            at_footer: AtFooter::ReadOn,
            header,
            processors: LoggedProcessors::default(),
            contexts: ContextCache::new(),
            footer: None,
            finished: false,
        })
    }

    /// Returns the header of the first file.
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// Returns the footer, once it has been read.
    pub const fn footer(&self) -> Option<Footer> {
        self.footer
    }

    /// Returns the number of the part that should follow and has not been found.
    pub fn awaited_part(&self) -> Option<u32> {
        self.part.filter(|_| self.continues).map(|part| part + 1)
    }

    /// Parses the next line; returns its event if it has one.
    fn parse(&mut self, line: &[u8]) -> Result<Option<LoggedEvent>, LineError> {
        if self.footer.is_some() {
            self.finished = true;
            return Err(LineError::AfterFooter);
        }
        match Line::parse(line)? {
            Line::Header(header) if self.is_next_part(&header) => {
                self.continues = false;
                self.part = header.part;
                self.line_number = 1;
                Ok(None)
            }
            _ if self.continues => {
                self.finished = true;
                Err(LineError::AfterFooter)
            }
            Line::Event(event) => self.event(&event).map(Some),
            Line::Processor(processor) => {
                self.processors.describe(processor.into());
                Ok(None)
            }
            Line::Footer(FooterLine { events, continues: true, .. }) => {
                self.events_before += events;
                self.continues = true;
                Ok(None)
            }
            Line::Footer(footer) => {
                self.footer = Some(Footer {
                    events: self.events_before + footer.events,
                    dropped: footer.dropped,
                    shutdown_at: footer.shutdown_at(),
                });
                self.finished = self.at_footer == AtFooter::Stop;
                Ok(None)
            }
            Line::Header(_) => Err(LineError::SecondHeader),
            Line::Unknown => Ok(None),
        }
    }

    fn is_next_part(&self, header: &HeaderLine<'_>) -> bool {
        self.awaited_part().is_some_and(|awaited| header.part == Some(awaited))
            && self.header.begun.as_unix_nanos() == header.wall
            && self.header.conversation_id.as_deref() == header.conversation_id.as_deref()
    }

    fn event(&mut self, line: &EventLine<'_, &RawValue>) -> Result<LoggedEvent, LineError> {
        let id = line.id.0;
        let payload = Payload::parse(&line.frame, line.base.as_deref(), line.payload)
            .map_err(|source| LineError::Payload { frame: line.frame.to_string(), source })?;
        let source = self.processors.get(&line.src);
        if matches!(payload, Payload::Empty(Frame::Start)) {
            self.processors.on_start(&source);
        }
        Ok(LoggedEvent {
            wall: Time::from_unix_nanos(line.wall),
            own_class: (payload.class() != line.frame).then(|| line.frame.as_ref().into()),
            source,
            destination: self.processors.get(&line.dst),
            direction: line.dir,
            id,
            sibling: line.sibling.map(|sibling| sibling.0),
            payload: self.with_cached_context(id, payload),
        })
    }

    /// Completes the payload of a context's later hop: only the first hop holds the messages.
    fn with_cached_context(&mut self, id: FrameId, payload: Payload<'static>) -> Payload<'static> {
        match payload {
            Payload::LlmContext(ContextPayload::Full(context)) => {
                self.contexts.insert(id, Arc::clone(&context));
                Payload::LlmContext(ContextPayload::Full(context))
            }
            Payload::LlmContext(ContextPayload::Count(count)) => {
                Payload::LlmContext(match self.contexts.get(id) {
                    Some(context) => ContextPayload::Full(Arc::clone(context)),
                    None => ContextPayload::Count(count),
                })
            }
            other => other,
        }
    }
}

impl Iterator for FrameLogReader<'_> {
    type Item = Result<LoggedEvent, LogLineError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.finished {
            self.line_number += 1;
            let part = self.part;
            let bad = |reason, line| Some(Err(LogLineError { part, line, reason }));
            match read_line(&mut *self.input, &mut self.line) {
                Ok(true) if self.line.trim_ascii().is_empty() => continue,
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    self.finished = true;
                    return bad(error.into(), self.line_number);
                }
            }
            let line = std::mem::take(&mut self.line);
            let parsed = self.parse(&line);
            self.line = line;
            match parsed {
                Ok(Some(event)) => return Some(Ok(event)),
                Ok(None) => {}
                Err(reason) => return bad(reason, self.line_number),
            }
        }
        self.finished = true;
        None
    }
}
