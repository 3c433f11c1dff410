//! The frame log of one conversation.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;

use super::format::{EventLine, IdNumber, ProcessorEnvelope, ProcessorLine};
use super::log_file::LogFile;
use super::payload::{ContextPayload, LoggedContext, Payload};
use super::queue::{EventLines, Message, Room};
use super::recent::Recent;
use crate::core::frame::{Frame, FrameId, FramePushed, ObservedService, Processor, ServiceView};
use crate::core::time::Time;
use crate::privacy::Privacy;

/// Where the ids of frames that have none begin: far from any framework's own, and exact in every reader of JSON.
const FIRST_OWN_ID: u64 = 1 << 52;

/// What most events fit into without growing.
const USUAL_LENGTH: usize = 256;

/// Events that were lost, of all logs.
static LOST: AtomicU64 = AtomicU64::new(0);

/// How many events the frame logs of this process lack, because their writer could not keep up.
///
/// ```
/// assert_eq!(pipecat_instrument_runtime::debug_log::lost_events(), 0);
/// ```
pub fn lost_events() -> u64 {
    LOST.load(Ordering::Relaxed)
}

/// The frame log of one conversation. It is complete when [`finish`](Self::finish) is called, or when it is dropped.
///
/// Nothing here ever waits: an event that the writer thread has no room for is counted, and lost.
pub struct ConversationLog {
    file: Arc<LogFile>,
    /// None if there is no thread to write.
    writer: Option<Sender<Message>>,
    room: Arc<Room>,
    privacy: Privacy,
    state: Mutex<State>,
}

/// What has been written so far.
struct State {
    events: u64,
    dropped: u64,
    finished: bool,
    /// The processors that have their line, as it describes them.
    processors: HashMap<String, Processor>,
    /// The contexts whose messages are written.
    contexts: Recent<()>,
    next_own_id: u64,
}

impl ConversationLog {
    pub(super) fn new(file: LogFile, writer: Option<Sender<Message>>, room: Arc<Room>) -> Self {
        let state = State {
            events: 0,
            dropped: 0,
            finished: false,
            processors: HashMap::new(),
            contexts: Recent::new(),
            next_own_id: FIRST_OWN_ID,
        };
        Self { file: Arc::new(file), writer, room, privacy: Privacy::default(), state: Mutex::new(state) }
    }

    /// The same, with no more in it than `privacy` lets out: to be said before the first hop.
    ///
    /// ```
    /// use pipecat_instrument_runtime::core::time::Time;
    /// use pipecat_instrument_runtime::debug_log::{DebugLog, Opening};
    /// use pipecat_instrument_runtime::privacy::Privacy;
    ///
    /// # let directory = std::env::temp_dir().join(format!("debug-log-privacy-{}", std::process::id()));
    /// let logs = DebugLog::new(directory.join("frames.jsonl"))?;
    /// let log = logs.conversation(&Opening::new("call-42", Time::default())).privacy(Privacy::from_env());
    /// # drop(log);
    /// # std::fs::remove_dir_all(directory)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn privacy(mut self, privacy: Privacy) -> Self {
        self.privacy = privacy;
        self
    }

    /// Records one hop, which happened at `wall`.
    pub fn record(&self, wall: Time, hop: &FramePushed<'_>) {
        let Some(writer) = &self.writer else { return };
        if self.file.has_stopped() {
            return;
        }
        // Events are numbered and sent under one lock, or they would stand in the file out of order.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.finished {
            return;
        }
        let Some(place) = self.room.take() else {
            state.dropped += 1;
            LOST.fetch_add(1, Ordering::Relaxed);
            let is_first = state.dropped == 1;
            drop(state);
            if is_first {
                self.warn_of_lost_events();
            }
            return;
        };
        let lines = self
            .privacy
            .show(hop.frame, |frame| state.lines_of(wall, &FramePushed { frame, ..*hop }, &self.privacy));
        let place = place.filled(lines.len());
        state.events += 1;
        // It fails only if the thread is gone: then no log has a footer, as if the process had died.
        let _ = writer.send(Message::Event { file: Arc::clone(&self.file), lines, place });
    }

    /// The conversation is over: the log is closed as soon as the writer thread gets to it.
    pub fn finish(&self) {
        let Some(writer) = &self.writer else { return };
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if !std::mem::replace(&mut state.finished, true) {
            let (events, dropped) = (state.events, state.dropped);
            let _ = writer.send(Message::End { file: Arc::clone(&self.file), events, dropped });
        }
    }

    fn warn_of_lost_events(&self) {
        tracing::warn!(
            conversation_id = self.file.conversation_id,
            "the frame log of a conversation is losing events, its tracing is not: the disk cannot keep up; \
             write to a faster one, or without .gz"
        );
    }
}

impl Drop for ConversationLog {
    fn drop(&mut self) {
        self.finish();
    }
}

impl State {
    /// The lines of one hop: those of processors that are new or have changed, and its own.
    fn lines_of(&mut self, wall: Time, hop: &FramePushed<'_>, privacy: &Privacy) -> EventLines {
        let mut lines = EventLines { event: Vec::with_capacity(USUAL_LENGTH), ..EventLines::default() };
        for processor in [hop.source.view(), hop.destination.view()].into_iter().flatten() {
            self.describe(processor, privacy, &mut lines);
        }
        let payload = self.payload(hop);
        let event = EventLine {
            n: self.events,
            wall: wall.as_unix_nanos(),
            dir: hop.direction.into(),
            src: hop.source.id().into(),
            dst: hop.destination.id().into(),
            frame: payload.class().into(),
            id: IdNumber(hop.id.map_or_else(|| self.own_id(), |FrameId(id)| id)),
            sibling: hop.sibling.map(|FrameId(id)| IdNumber(id)),
            payload: &payload,
        };
        append(&mut lines.event, &event);
        lines
    }

    fn describe(&mut self, view: ServiceView<'_>, privacy: &Privacy, lines: &mut EventLines) {
        if self.processors.get(view.id).is_some_and(|known| known.view() == view) {
            return;
        }
        let processor = view.to_processor();
        let envelope = ProcessorEnvelope { processor: ProcessorLine::from(&*privacy.processor(&processor)) };
        lines.processors.push((processor.id.clone(), line(&envelope)));
        self.processors.insert(processor.id.clone(), processor);
    }

    /// What the hop's frame carries, a context's messages only where it is first seen.
    fn payload<'a>(&mut self, hop: &FramePushed<'a>) -> Payload<'a> {
        let Frame::LlmContext(Some(context)) = hop.frame else {
            return Payload::of(hop.frame);
        };
        match hop.id {
            Some(id) if self.contexts.get(id).is_some() => return Payload::of(hop.frame),
            Some(id) => self.contexts.insert(id, ()),
            None => {}
        }
        Payload::Context(ContextPayload::Whole(Arc::new(LoggedContext::of(*context))))
    }

    fn own_id(&mut self) -> u64 {
        let id = self.next_own_id;
        self.next_own_id += 1;
        id
    }
}

/// One line of a log.
pub(super) fn line(value: &impl Serialize) -> Vec<u8> {
    let mut lines = Vec::new();
    append(&mut lines, value);
    lines
}

/// Appends one line. Writing JSON into memory cannot fail but for a map whose keys are no text, and there is none.
fn append(lines: &mut Vec<u8>, value: &impl Serialize) {
    let before = lines.len();
    if serde_json::to_writer(&mut *lines, value).is_err() {
        lines.truncate(before);
        return;
    }
    lines.push(b'\n');
}
