//! The starts and ends of a conversation's spans, on their way to the tracer.
//!
//! ```text
//!   while the conversation is locked            after it is unlocked: drain(), by one thread at a time
//!
//!   SpanSink::start ──▶ starts ───────────────▶ tracer: id generator, sampler, on_start
//!   SpanSink::end   ──▶ ends, after all starts ─▶ record processor, redaction hook, on_end, exporter
//! ```
//!
//! All code that a program plugs in runs in [`Outbox::drain`], without any lock. So it may use its own conversation. What
//! it adds is emitted by the same `drain`, later.
//!
//! Starts do not wait for ends. An exporter that blocks delays ends only, and a span's context is available at once, as
//! neither a sampler nor a span processor's `on_start` has reason to block. (`opentelemetry` has no means to choose the
//! ids of a span before it starts.)

mod drain;
mod queue;

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use opentelemetry::trace::TraceContextExt;
use opentelemetry::{Context, KeyValue};

use self::queue::{Admission, MAX_QUEUED, Queue};
use super::annotations::Annotation;
use super::open_span::{OpenSpan, SpanState, StartedSpan};
use super::span_writer::SpanWriter;
use super::{Emitter, RemoteParent, TraceLayout};
use crate::engine::content::RequestLimits;
use crate::engine::record::{Recording, SpanKey, SpanRecord, SpanSink, SpanStart};
use crate::engine::time::Time;
use crate::sync::atomic::{AtomicBool, Ordering};
use crate::sync::{Condvar, Mutex, MutexGuard, thread};

/// Maximum wait for another thread that starts a span.
const START_TIMEOUT: Duration = Duration::from_millis(100);

static DROPPED: AtomicU64 = AtomicU64::new(0);

/// Returns the number of spans that this process dropped before they started, because exporters or span processors kept
/// 1,024 starts and ends of their conversation waiting.
///
/// ```
/// assert_eq!(pipecat_instrument_runtime::emit::dropped_spans(), 0);
/// ```
pub fn dropped_spans() -> u64 {
    DROPPED.load(Ordering::Relaxed)
}

/// The starts and ends of the spans of one conversation. Ends open spans and the conversation when it is dropped.
#[derive(Debug)]
pub(crate) struct Outbox {
    writer: SpanWriter,
    queue: Mutex<Queue>,
    /// Notified when a start is emitted, and when a thread has emitted all ends.
    emitted: Condvar,
    /// Whether a start or an end may wait. Read before the lock is taken.
    has_queued: AtomicBool,
    /// Whether `Queue::recordings` has entries. Read before the lock is taken.
    has_recordings: AtomicBool,
    /// Whether another thread has been asked to drain it.
    is_scheduled: AtomicBool,
    has_panicked: AtomicBool,
    has_dropped: AtomicBool,
}

impl Outbox {
    pub(super) fn new(writer: SpanWriter) -> Self {
        Self {
            queue: Mutex::new(Queue::new(writer.settings.layout)),
            writer,
            emitted: Condvar::new(),
            has_queued: AtomicBool::new(false),
            has_recordings: AtomicBool::new(false),
            is_scheduled: AtomicBool::new(false),
            has_panicked: AtomicBool::new(false),
            has_dropped: AtomicBool::new(false),
        }
    }

    pub(super) const fn writer_mut(&mut self) -> &mut SpanWriter {
        &mut self.writer
    }

    /// Returns the limits within which the request of a span is copied.
    pub(crate) fn request_limits(&self) -> RequestLimits {
        let SpanWriter { settings, privacy, .. } = &self.writer;
        RequestLimits { attributes: settings.attribute_limit, content: privacy.content_limits() }
    }

    /// Returns an emitter for one span outside any turn. The span's parent is the current span of `parent`, else the
    /// remote parent of this conversation.
    pub(crate) fn standalone(&self, parent: &Context) -> Emitter {
        let mut writer = self.writer.clone();
        writer.settings = Arc::new((*writer.settings).clone().layout(TraceLayout::PerTurn));
        let alone = Self::new(writer);
        let mut remote_parent = self.lock().remote_parent().clone();
        if parent.has_active_span() {
            remote_parent.set_parent(parent);
        }
        alone.set_remote_parent(remote_parent);
        Emitter::from(alone)
    }

    /// Returns an emitter for another conversation with the same settings, session and remote parent. Does not wait for
    /// the lock; returns `None` if another thread holds it.
    pub(crate) fn to_emitter(&self) -> Option<Emitter> {
        let remote_parent = self.queue.try_lock().ok()?.remote_parent().clone();
        Some(Emitter::from(Self::new(self.writer.clone())).remote_parent(remote_parent))
    }

    /// Sets the parent and links of root spans that start from now on.
    pub(crate) fn set_remote_parent(&self, remote_parent: RemoteParent) {
        self.change_remote_parent(|current| *current = remote_parent);
    }

    /// Changes the parent and links of root spans that start from now on.
    pub(crate) fn change_remote_parent(&self, change: impl FnOnce(&mut RemoteParent)) {
        change(self.lock().remote_parent_mut());
    }

    /// Sets an attribute of the turn `turn`; if that is not open, of the next turn.
    pub(crate) fn set_attribute(&self, turn: Option<SpanKey>, attribute: KeyValue) {
        self.lock().set_attribute(turn, attribute, self.writer.settings.attribute_limit);
    }

    /// Adds `annotation` to the newest open turn; if none is open, to the next turn. Also adds it to the conversation
    /// span, in the layout that has one.
    pub(crate) fn annotate(&self, at: Time, annotation: Annotation) {
        self.lock().annotate(at, annotation);
    }

    /// Ends all open spans and the conversation. Later starts are ignored.
    pub(crate) fn finish(&self) {
        let unwritten = self.lock().finish();
        self.has_queued.store(true, Ordering::Release);
        if unwritten > 0 {
            tracing::warn!(
                conversation_id = &*self.writer.session.id,
                notes = unwritten,
                "notes or scores arrived after the conversation's last turn and are in no span; add them during the \
                 conversation, at the latest two seconds after the turn ends"
            );
        }
    }

    /// Returns the OpenTelemetry context in which the span `key` is current, for child spans and `traceparent` headers.
    ///
    /// Waits for another thread that starts the span. Returns `None` if the span has ended or is not recorded, and for code
    /// that the start of that span calls.
    pub(crate) fn context(&self, key: SpanKey) -> Option<Context> {
        let this_thread = thread::current().id();
        let queue = self.wait_while(START_TIMEOUT, |queue| {
            let is_queued = |span: &OpenSpan| matches!(span.state, SpanState::Queued(_));
            queue.span(key).is_some_and(is_queued) && !queue.is_starting(this_thread)
        });
        queue.span(key)?.started().map(|started| started.context.clone())
    }

    /// Returns how the tracer records the span `key`; `Yes` until it has started.
    pub(crate) fn recording(&self, key: SpanKey) -> Recording {
        match self.lock().span(key).map(|span| &span.state) {
            Some(SpanState::Queued(_)) => Recording::Yes,
            Some(SpanState::Started(StartedSpan { recording, .. })) => *recording,
            Some(SpanState::Skipped) | None => Recording::No,
        }
    }

    /// Returns the OpenTelemetry context in which turns start: that of the remote parent, or of the conversation span in
    /// [`TraceLayout::PerConversation`], where it is `None` before the first turn.
    pub(crate) fn conversation_context(&self) -> Option<Context> {
        self.lock().conversation_context().cloned()
    }

    /// Returns whether there are recordings to [take](Self::take_recordings).
    #[inline]
    pub(crate) fn has_recordings(&self) -> bool {
        self.has_recordings.load(Ordering::Acquire)
    }

    /// Takes the recordings of turns that are not exported, for the engine.
    #[inline]
    pub(crate) fn take_recordings(&self) -> Vec<(SpanKey, Recording)> {
        if !self.has_recordings() {
            return Vec::new();
        }
        self.has_recordings.store(false, Ordering::Relaxed);
        self.lock().take_recordings()
    }

    fn count_dropped(&self) {
        DROPPED.fetch_add(1, Ordering::Relaxed);
        if !self.has_dropped.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                conversation_id = &*self.writer.session.id,
                "spans of a conversation are dropped, because {MAX_QUEUED} starts and ends wait for an exporter or a span \
                 processor that blocks: export in batches, or find out why it blocks (logged once for a conversation)"
            );
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        // No code that may panic runs under this lock.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Queues starts and ends. The conversation's lock keeps them in order.
impl SpanSink for &Outbox {
    fn start(&mut self, start: SpanStart) -> Recording {
        let admission = self.lock().start(start);
        match admission {
            Admission::Queued => {
                self.has_queued.store(true, Ordering::Release);
                Recording::Yes
            }
            Admission::Full => {
                self.count_dropped();
                Recording::No
            }
            Admission::Finished => Recording::No,
        }
    }

    fn end(&mut self, record: SpanRecord) {
        self.lock().end(record);
        self.has_queued.store(true, Ordering::Release);
    }
}

impl Drop for Outbox {
    fn drop(&mut self) {
        self.finish();
        self.drain();
    }
}
