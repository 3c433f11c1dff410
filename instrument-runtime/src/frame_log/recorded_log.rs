//! Recorded lines that the writer thread has not taken yet. The conversation and the thread share them.
//!
//! ```text
//!  ConversationLog ──record──▶ RecordedLog ◀──take── WriterThread
//! ```

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::deferred::Deferred;
use super::file_writer::FileSequence;
use super::format::{
    END_AFTER_PAYLOAD, EventLine, HeaderLine, LoggedFrameId, append_line, append_line_before_payload,
};
use super::line_buffer::{LineBuffer, QueueBudget};
use super::payload::{ContextCache, Payload};
use crate::engine::frame::{FrameId, FrameKind, FramePushed, Processor, ServiceView};
use crate::engine::time::Time;
use crate::privacy::Privacy;

/// The first id for frames that have none: far from the ids of any framework, and exact in every JSON reader.
const FIRST_OWN_ID: u64 = 1 << 52;

/// The lines of one conversation, between the conversation and the writer thread.
pub(super) struct RecordedLog {
    /// Number that distinguishes this log from all others of the process.
    pub(super) number: u64,
    pub(super) conversation_id: String,
    pub(super) header: HeaderLine<'static>,
    pub(super) files: FileSequence,
    has_failed: AtomicBool,
    state: Mutex<RecordingState>,
}

struct RecordingState {
    /// Lines that the writer thread has not taken yet.
    lines: LineBuffer,
    /// Whether the writer thread has been notified of these lines.
    is_announced: bool,
    events: u64,
    dropped: u64,
    is_finished: bool,
    shutdown_at: Option<Time>,
    encoder: EventEncoder,
}

/// The end of a finished log.
#[derive(Debug, Clone, Copy)]
pub(super) struct LogEnd {
    /// Events in the log.
    pub(super) events: u64,
    /// Events missing from the log.
    pub(super) dropped: u64,
    /// When the process ended the conversation at its shutdown.
    pub(super) shutdown_at: Option<Time>,
}

/// Whether an event was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Recorded {
    Yes,
    /// The log is finished or has failed.
    Closed,
    /// The queue was full.
    Lost,
}

impl RecordedLog {
    pub(super) fn new(
        number: u64,
        conversation_id: String,
        header: HeaderLine<'static>,
        files: FileSequence,
    ) -> Self {
        let state = RecordingState {
            lines: LineBuffer::default(),
            is_announced: false,
            events: 0,
            dropped: 0,
            is_finished: false,
            shutdown_at: None,
            encoder: EventEncoder::new(),
        };
        Self {
            number,
            conversation_id,
            header,
            files,
            has_failed: AtomicBool::new(false),
            state: Mutex::new(state),
        }
    }

    /// Records one hop. Calls `announce` if the writer thread has not been notified of waiting lines. It does so under
    /// the lock, so that a later flush finds them.
    pub(super) fn record(
        &self,
        wall: Time,
        hop: &FramePushed<'_>,
        privacy: &Privacy,
        budget: &QueueBudget,
        announce: impl FnOnce(),
    ) -> Recorded {
        if self.has_failed() {
            return Recorded::Closed;
        }
        if !budget.accepts(hop.frame.kind()) {
            return self.state().lose_event();
        }
        // Code of the program runs before the lock: views, contexts, lists, JSON. Hooks run in the writer thread.
        let is_new = || hop.id.is_none_or(|id| !self.state().encoder.has_context(id));
        if let Some(deferred) = Deferred::of_payload(hop, privacy, is_new) {
            let event = RecordedEvent::new(wall, hop, EventPayload::Deferred(deferred));
            return self.push(event, privacy, budget, announce);
        }
        privacy.with_redacted_frame(hop.frame, |frame| {
            let event = RecordedEvent::new(wall, hop, EventPayload::Encodable(Payload::of(frame)));
            self.push(event, privacy, budget, announce)
        })
    }

    fn push(
        &self,
        event: RecordedEvent<'_>,
        privacy: &Privacy,
        budget: &QueueBudget,
        announce: impl FnOnce(),
    ) -> Recorded {
        let mut state = self.state();
        if state.is_finished {
            return Recorded::Closed;
        }
        let RecordingState { lines, encoder, events, .. } = &mut *state;
        let before = lines.len();
        encoder.encode(*events, event, privacy, lines);
        budget.acquire(lines.len() - before);
        *events += 1;
        state.announce(announce);
        Recorded::Yes
    }

    /// Ends the log, at a shutdown of the process if `shutdown_at` is given. Calls `announce` as [`record`](Self::record)
    /// does.
    pub(super) fn finish(&self, shutdown_at: Option<Time>, announce: impl FnOnce()) {
        let mut state = self.state();
        if !std::mem::replace(&mut state.is_finished, true) {
            state.shutdown_at = shutdown_at;
            state.announce(announce);
        }
    }

    /// Takes the lines recorded since the last call, and the end of the log if it is finished.
    pub(super) fn take(&self) -> (LineBuffer, Option<LogEnd>) {
        let mut state = self.state();
        state.is_announced = false;
        let RecordingState { events, dropped, shutdown_at, .. } = *state;
        let end = state.is_finished.then_some(LogEnd { events, dropped, shutdown_at });
        (std::mem::take(&mut state.lines), end)
    }

    /// Returns whether writing has failed. Nothing more is written then.
    pub(super) fn has_failed(&self) -> bool {
        self.has_failed.load(Ordering::Relaxed)
    }

    /// Stops this log after an error, with a warning. Its conversation is still traced.
    pub(super) fn fail(&self, error: &io::Error) {
        if !self.has_failed.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                conversation_id = self.conversation_id,
                file = %self.files.first_path().display(),
                %error,
                "the frame log of a conversation stops here, its tracing goes on; \
                 free the disk or choose another path for debug_log"
            );
        }
    }

    fn state(&self) -> MutexGuard<'_, RecordingState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A hop to be recorded. Encoding it calls no code of the program.
struct RecordedEvent<'a> {
    wall: Time,
    hop: &'a FramePushed<'a>,
    processors: [Option<ServiceView<'a>>; 2],
    payload: EventPayload<'a>,
}

enum EventPayload<'a> {
    /// Encoded at once: that is cheaper than a copy.
    Encodable(Payload<'a>),
    Deferred(Deferred),
}

impl<'a> RecordedEvent<'a> {
    fn new(wall: Time, hop: &'a FramePushed<'a>, payload: EventPayload<'a>) -> Self {
        Self { wall, hop, processors: [hop.source.view(), hop.destination.view()], payload }
    }
}

impl RecordingState {
    fn lose_event(&mut self) -> Recorded {
        if self.is_finished {
            return Recorded::Closed;
        }
        self.dropped += 1;
        Recorded::Lost
    }

    fn announce(&mut self, announce: impl FnOnce()) {
        if !std::mem::replace(&mut self.is_announced, true) {
            announce();
        }
    }
}

/// Turns hops into lines. Describes each processor before its first event, and again when it has changed.
struct EventEncoder {
    /// The processors described so far, as in their newest line.
    processors: HashMap<String, Arc<Processor>>,
    /// Hashes of their ids. With 10,000 calls nothing stays in the CPU's cache: a search in this list loads one cache
    /// line, a look-up in the map several.
    described: Vec<u64>,
    /// The contexts whose messages are written.
    contexts: ContextCache<()>,
    next_own_id: u64,
}

impl EventEncoder {
    fn new() -> Self {
        Self {
            processors: HashMap::new(),
            described: Vec::new(),
            contexts: ContextCache::new(),
            next_own_id: FIRST_OWN_ID,
        }
    }

    /// Whether the messages of a context are written. Only its first hop holds them.
    fn has_context(&self, id: FrameId) -> bool {
        self.contexts.get(id).is_some()
    }

    fn encode(&mut self, n: u64, event: RecordedEvent<'_>, privacy: &Privacy, lines: &mut LineBuffer) {
        let RecordedEvent { wall, hop, processors, payload } = event;
        let kind = hop.frame.kind();
        // Processors are not compared at audio, which announces no change and is nearly all of the frames.
        let may_have_changed = kind != FrameKind::InputAudio && !kind.is_outgoing_audio();
        for processor in processors.into_iter().flatten() {
            if may_have_changed || !self.described.contains(&hash(processor.id)) {
                self.describe(processor, privacy, lines);
            }
        }
        let id = hop.id.unwrap_or_else(|| self.own_id());
        let event = |class| EventLine {
            n,
            wall: wall.as_unix_nanos(),
            dir: hop.direction,
            src: hop.source.id().into(),
            dst: hop.destination.id().into(),
            frame: Cow::Borrowed(class),
            base: None,
            id: LoggedFrameId(id),
            sibling: hop.sibling.map(LoggedFrameId),
            payload: (),
        };
        match payload {
            EventPayload::Encodable(payload) => {
                let event = event(payload.class()).with_payload(&payload);
                lines.push_event(|bytes| append_line(bytes, &event));
            }
            EventPayload::Deferred(payload) => {
                if let (FrameKind::LlmContext, Some(id)) = (kind, hop.id) {
                    self.contexts.insert(id, ());
                }
                lines.push_event(|bytes| append_line_before_payload(bytes, &event(kind.class())));
                lines.push_deferred(payload);
                lines.push_event(|bytes| bytes.extend_from_slice(END_AFTER_PAYLOAD));
            }
        }
    }

    fn describe(&mut self, view: ServiceView<'_>, privacy: &Privacy, lines: &mut LineBuffer) {
        let described = self.processors.get(view.id);
        if described.is_some_and(|processor| view.describes(processor)) {
            return;
        }
        if described.is_none() {
            self.described.push(hash(view.id));
        }
        let processor = Arc::new(view.to_processor());
        lines.push_deferred(Deferred::processor(Arc::clone(&processor), privacy));
        self.processors.insert(view.id.to_owned(), processor);
    }

    fn own_id(&mut self) -> FrameId {
        let id = self.next_own_id;
        self.next_own_id += 1;
        FrameId(id)
    }
}

fn hash(id: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish()
}
