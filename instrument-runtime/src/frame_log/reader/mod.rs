//! Frame logs, read line by line.

mod error;
mod event;
mod files;
mod header;
mod input;
mod processors;
#[cfg(test)]
mod tests;

pub use error::{FrameLogReadError, LineError, LogLineError};
pub use event::LoggedEvent;
pub use files::{LogFiles, is_part_after};
pub use header::Header;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::sync::Arc;

use serde_json::value::RawValue;

use self::files::AtEnd;
use self::input::Input;
use self::processors::Processors;
use super::format::{EventLine, FooterLine, HeaderLine, Line, VERSION};
use super::frame_cache::Recent;
use super::payload::{ContextPayload, LoggedContext, Payload};
use crate::engine::frame::{Frame, FrameId};
use crate::engine::time::Time;

/// Reads a frame log, gzipped or not, in one file or in parts: first its header, then event by event. A bad line is handed out as such, and
/// reading goes on.
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
pub struct FrameLogReader<R> {
    input: Input<R>,
    line: Vec<u8>,
    line_number: u64,
    header: Header,
    processors: Processors,
    contexts: Recent<Arc<LoggedContext>>,
    /// Which part is being read, of a log that has several.
    part: Option<u32>,
    /// Events of the parts that have been read to their end.
    events_before: u64,
    /// The part that was read to its end says that another follows.
    continues: bool,
    footer: Option<Footer>,
    at_footer: AtFooter,
    finished: bool,
}

/// What to do once the footer is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AtFooter {
    /// Read on: what follows is a mistake, and named.
    ReadOn,
    /// Stop: whoever waits for more waits for ever.
    Stop,
}

/// What a log says behind its last event. A log without it was broken off: its process died.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Footer {
    /// How many events it holds.
    pub events: u64,
    /// How many it lacks, because its writer could not keep up.
    pub dropped: u64,
}

impl FrameLogReader<BufReader<LogFiles>> {
    /// Opens the file at `path`, and, if it is the part of a log, reads on in the parts behind it.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, FrameLogReadError> {
        Self::of_files(path.as_ref(), AtEnd::Stop)
    }

    /// The same while the log is being written: waits for the file to be there, and then for each line, until the footer
    /// is read. A log whose process died has none: whoever follows it waits for ever.
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
        Ok(Self { at_footer: AtFooter::Stop, ..Self::of_files(path.as_ref(), AtEnd::Wait)? })
    }

    fn of_files(path: &Path, at_end: AtEnd) -> Result<Self, FrameLogReadError> {
        let files = LogFiles::open(path, at_end)
            .map_err(|source| FrameLogReadError::Open { path: path.to_owned(), source })?;
        Self::new(BufReader::new(files))
    }
}

impl<R: BufRead> FrameLogReader<R> {
    /// Reads the header from `input`.
    pub fn new(input: R) -> Result<Self, FrameLogReadError> {
        let mut input = Input::new(input)?;
        let mut line = Vec::new();
        if !input.read_line(&mut line)? {
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
            processors: Processors::default(),
            contexts: Recent::new(),
            footer: None,
            finished: false,
        })
    }

    /// What the log says before its first event.
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// What the log says behind its last event, once that was read.
    pub const fn footer(&self) -> Option<Footer> {
        self.footer
    }

    /// The part that ought to follow what was read so far, and has not.
    pub fn awaited_part(&self) -> Option<u32> {
        self.part.filter(|_| self.continues).map(|part| part + 1)
    }

    /// What the current line tells, if it is an event.
    fn take_in(&mut self, line: &[u8]) -> Result<Option<LoggedEvent>, LineError> {
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
            Line::Footer(FooterLine { events, dropped, .. }) => {
                self.footer = Some(Footer { events: self.events_before + events, dropped });
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
        let id = FrameId(line.id.0);
        let payload = Payload::parse(&line.frame, line.payload)
            .map_err(|source| LineError::Payload { frame: line.frame.to_string(), source })?;
        let source = self.processors.get(&line.src);
        if matches!(payload, Payload::Bare(Frame::Start)) {
            self.processors.started_from(&source);
        }
        Ok(LoggedEvent {
            wall: Time::from_unix_nanos(line.wall),
            source,
            destination: self.processors.get(&line.dst),
            direction: line.dir.into(),
            id,
            sibling: line.sibling.map(|sibling| FrameId(sibling.0)),
            payload: self.with_known_context(id, payload),
        })
    }

    /// Messages stand on the first hop of a context only: each later one shows them, too.
    fn with_known_context(&mut self, id: FrameId, payload: Payload<'static>) -> Payload<'static> {
        match payload {
            Payload::Context(ContextPayload::Whole(context)) => {
                self.contexts.insert(id, Arc::clone(&context));
                Payload::Context(ContextPayload::Whole(context))
            }
            Payload::Context(ContextPayload::Count(count)) => Payload::Context(match self.contexts.get(id) {
                Some(context) => ContextPayload::Whole(Arc::clone(context)),
                None => ContextPayload::Count(count),
            }),
            other => other,
        }
    }
}

impl<R: BufRead> Iterator for FrameLogReader<R> {
    type Item = Result<LoggedEvent, LogLineError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.finished {
            self.line_number += 1;
            let part = self.part;
            let bad = |reason, line| Some(Err(LogLineError { part, line, reason }));
            match self.input.read_line(&mut self.line) {
                Ok(true) if self.line.trim_ascii().is_empty() => continue,
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    self.finished = true;
                    return bad(error.into(), self.line_number);
                }
            }
            let line = std::mem::take(&mut self.line);
            let taken = self.take_in(&line);
            self.line = line;
            match taken {
                Ok(Some(event)) => return Some(Ok(event)),
                Ok(None) => {}
                Err(reason) => return bad(reason, self.line_number),
            }
        }
        self.finished = true;
        None
    }
}
