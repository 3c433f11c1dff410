//! The frame log of one conversation.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use super::format::{EventLine, IdNumber, ProcessorEnvelope, ProcessorLine};
use super::frame_cache::Recent;
use super::line_buffer::{EventLines, Lines};
use super::log_path::LogFile;
use super::payload::{ContextPayload, LoggedContext, Payload};
use super::queue_budget::{Room, says_little};
use super::writer_thread::Writer;
use crate::engine::frame::{Frame, FrameId, FramePushed, ObservedService, Processor, ServiceView};
use crate::engine::time::Time;
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
/// assert_eq!(pipecat_instrument_runtime::frame_log::lost_events(), 0);
/// ```
pub fn lost_events() -> u64 {
    LOST.load(Ordering::Relaxed)
}

/// The frame log of one conversation. It is complete when [`finish`](Self::finish) is called, or when it is dropped.
///
/// Nothing here ever waits: an event that the writer thread has no room for is counted, and lost.
pub struct ConversationLog {
    log: Arc<RecordedLog>,
    /// None if there is no thread to write.
    writer: Option<Writer>,
    room: Arc<Room>,
    privacy: Privacy,
}

/// What a conversation and the thread that writes its log share.
pub(super) struct RecordedLog {
    pub(super) file: LogFile,
    state: Mutex<State>,
}

/// What has been recorded so far.
struct State {
    /// Lines that the writer thread has not come for yet.
    waiting: Lines,
    /// Whether it was told that there are some.
    announced: bool,
    events: u64,
    dropped: u64,
    finished: bool,
    /// The processors that have their line, as it describes them.
    processors: HashMap<String, Processor>,
    /// Hashes of their ids: where there are ten thousand calls, nothing is in the processor's cache, and this is a line of it
    /// where the map would be many.
    known: Vec<u64>,
    /// The contexts whose messages are written.
    contexts: Recent<()>,
    next_own_id: u64,
}

/// How a log ends.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ending {
    /// How many events it is of.
    pub(super) events: u64,
    /// How many it lacks.
    pub(super) dropped: u64,
}

impl RecordedLog {
    /// What waits, and how the log ends if that was the last of it.
    pub(super) fn hand_over(&self) -> (Lines, Option<Ending>) {
        let mut state = self.state();
        state.announced = false;
        let ending = Ending { events: state.events, dropped: state.dropped };
        (std::mem::take(&mut state.waiting), state.finished.then_some(ending))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ConversationLog {
    pub(super) fn new(file: LogFile, writer: Option<Writer>, room: Arc<Room>) -> Self {
        let state = State {
            waiting: Lines::default(),
            announced: false,
            events: 0,
            dropped: 0,
            finished: false,
            processors: HashMap::new(),
            known: Vec::new(),
            contexts: Recent::new(),
            next_own_id: FIRST_OWN_ID,
        };
        let log = Arc::new(RecordedLog { file, state: Mutex::new(state) });
        Self { log, writer, room, privacy: Privacy::default() }
    }

    /// The same, with no more in it than `privacy` lets out: to be said before the first hop.
    ///
    /// ```
    /// use pipecat_instrument_runtime::engine::time::Time;
    /// use pipecat_instrument_runtime::frame_log::{FrameLogWriter, HeaderInfo};
    /// use pipecat_instrument_runtime::privacy::Privacy;
    ///
    /// # let directory = std::env::temp_dir().join(format!("debug-log-privacy-{}", std::process::id()));
    /// let logs = FrameLogWriter::new(directory.join("frames.jsonl"))?;
    /// let log = logs.conversation(&HeaderInfo::new("call-42", Time::default())).privacy(Privacy::from_env());
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
        if self.log.file.has_stopped() {
            return;
        }
        let mut state = self.log.state();
        if state.finished {
            return;
        }
        if !self.room.is_free_for(hop.frame.kind()) {
            state.dropped += 1;
            drop(state);
            self.lose_event();
            return;
        }
        let lines = self.privacy.with_redacted_frame(hop.frame, |frame| {
            state.lines_of(wall, &FramePushed { frame, ..*hop }, &self.privacy)
        });
        self.room.take(state.waiting.push(lines));
        state.events += 1;
        self.announce(writer, state);
    }

    /// The conversation is over: the log is closed as soon as the writer thread gets to it.
    pub fn finish(&self) {
        let Some(writer) = &self.writer else { return };
        let mut state = self.log.state();
        if !std::mem::replace(&mut state.finished, true) {
            self.announce(writer, state);
        }
    }

    /// Tells the writer thread that there is something for it, once until it comes. A flush that is asked for later is
    /// to find it there, so the lock is held.
    fn announce(&self, writer: &Writer, mut state: MutexGuard<'_, State>) {
        if !std::mem::replace(&mut state.announced, true) {
            writer.announce(Arc::clone(&self.log));
        }
    }

    fn lose_event(&self) {
        LOST.fetch_add(1, Ordering::Relaxed);
        if let Some(lost) = self.room.lose() {
            tracing::warn!(
                conversation_id = self.log.file.conversation_id,
                lost,
                "frame logs are losing events, audio first; traces are not: the disk cannot keep up, or the thread that \
                 writes; log fewer conversations, write to a faster disk, or without .gz"
            );
        }
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
        // Whether a processor has changed is looked at with the frames that could tell: nearly all there is is audio.
        let looks_closely = !says_little(hop.frame.kind());
        for processor in [hop.source.view(), hop.destination.view()].into_iter().flatten() {
            if looks_closely || !self.known.contains(&hash(processor.id)) {
                self.describe(processor, privacy, &mut lines);
            }
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
        let known = self.processors.get(view.id);
        if known.is_some_and(|known| known.view() == view) {
            return;
        }
        let processor = view.to_processor();
        let envelope =
            ProcessorEnvelope { processor: ProcessorLine::from(&*privacy.redact_processor(&processor)) };
        lines.processors.push((processor.id.clone(), line(&envelope)));
        if known.is_none() {
            self.known.push(hash(view.id));
        }
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

fn hash(id: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish()
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
