//! One conversation under observation: the path of a hop to the engine, and the conversation's only lock.
//!
//! ```text
//!   Observer::on_push_frame(hop)
//!     on_hop        a traced kind, or is there a frame log?    no ──▶ return           no lock, no clock
//!     filter_hop ┌─ frame log?                                yes ──▶ copy the hop to the log's queue
//!                └─ hop-invariant, and its id in RecentIds?  yes ──▶ return           one atomic load
//!     admit_hop     outgoing audio: AudioMeter::classify          ──▶ Ignore, Count (a few atomics) or Handle
//!     handle_hop    copies of what the program provides ─▶ lock ─▶ counted audio ─▶ Conversation::handle_input
//!                   ─▶ after_input
//! ```
//!
//! The clock is read only where the time is needed: in `log_hop`, `count_audio` and `handle_hop`.
//!
//! Hops, the timer (`wake`), code inside the conversation (`with_locked`) and the end (`close`) take the lock. All finish
//! with `after_input`, which schedules the next wake-up, releases the lock, and emits the spans that were queued in the
//! [`Outbox`]. So exporters and span processors may use the conversation. On the timer's thread, a thread of its own emits.
//!
//! ```text
//!   NotStarted ──first hop for the engine──▶ Active ──the engine is closed──▶ Closed
//!        │                                     │                                ▲
//!        └─────────────── close(), the last handle is dropped, a panic ─────────┘
//! ```

use std::sync::{Arc, PoisonError, Weak};
use std::time::Duration;

use super::audio_meter::{AudioAction, AudioMeter, AudioSource};
use super::clock::Clock;
use super::detached_hop::with_detached;
use super::emission_thread;
use super::observer_provider::{ActiveGuard, LazyFrameLog};
use super::recent_ids::RecentIds;
use super::timer::{self, Wake, wake_at};
use crate::catch_panic::{PanicMessage, catch_panic};
use crate::emit::{ConversationHandle, Emitter, OpenConversation, Outbox};
use crate::engine::content::RequestLimits;
use crate::engine::conversation::{
    CloseReason, ContextCopy, ContextDemand, Conversation, ConversationConfig, FrameSupport,
};
use crate::engine::frame::{ChatContext, Frame, FrameKind, FramePushed, ObservedFrame};
use crate::engine::record::SpanKey;
use crate::engine::time::Time;
use crate::sync::atomic::{AtomicBool, Ordering};
use crate::sync::{Mutex, MutexGuard};

/// Maximum wait of a conversation that ends for other threads that emit its spans.
pub(super) const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);

/// One conversation under observation.
pub(super) struct ObservedConversation {
    id: Arc<str>,
    clock: Clock,
    audio: AudioMeter,
    seen: RecentIds,
    /// In a box, as few conversations have one.
    log: Option<Box<LazyFrameLog>>,
    outbox: Arc<Outbox>,
    limits: RequestLimits,
    /// Whether the state is `Closed`, for hops that then need not take the lock.
    is_closed: AtomicBool,
    state: Mutex<ObservationState>,
    /// A handle to this conversation for the timer.
    this: Weak<Self>,
    _active: ActiveGuard,
}

enum ObservationState {
    NotStarted { config: ConversationConfig },
    Active(Box<ActiveConversation>),
    Closed,
}

/// Access to a conversation for code inside it. The lock is held, and all due timeouts are handled.
pub(super) struct LockedConversation<'a> {
    /// `None` before the first frame.
    pub(super) conversation: Option<&'a mut Conversation>,
    pub(super) outbox: &'a Outbox,
    pub(super) now: Time,
}

impl LockedConversation<'_> {
    /// Starts the span of the current turn, if it has not started, and returns its key.
    pub(super) fn begin_turn(&mut self) -> Option<SpanKey> {
        self.conversation.as_mut()?.begin_current_turn(&mut self.outbox)
    }
}

impl ObservedConversation {
    pub(super) fn new(
        id: Arc<str>,
        config: ConversationConfig,
        emitter: Emitter,
        log: Option<Box<LazyFrameLog>>,
    ) -> Arc<Self> {
        Arc::new_cyclic(|this: &Weak<Self>| Self {
            id,
            clock: Clock::start(),
            audio: AudioMeter::new(),
            seen: RecentIds::new(),
            log,
            outbox: Arc::new(emitter.handle(ConversationHandle::new(this.clone())).into_outbox()),
            limits: config.request_limits(),
            is_closed: AtomicBool::new(false),
            state: Mutex::new(ObservationState::NotStarted { config }),
            this: Weak::clone(this),
            _active: ActiveGuard::new(),
        })
    }

    pub(super) const fn clock(&self) -> Clock {
        self.clock
    }

    pub(super) const fn id(&self) -> &Arc<str> {
        &self.id
    }

    pub(super) fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    /// Sets the frames that the framework sends. Has no effect after the first frame.
    pub(super) fn set_frame_support(&self, support: FrameSupport) {
        if let Ok(mut state) = self.state.lock()
            && let ObservationState::NotStarted { config } = &mut *state
        {
            config.frame_support = support;
        }
    }

    fn frame_support(&self) -> FrameSupport {
        match self.state.lock().as_deref() {
            Ok(ObservationState::NotStarted { config }) => config.frame_support,
            _ => FrameSupport::default(),
        }
    }

    /// Handles one hop of one frame, when it happens.
    #[inline]
    pub(super) fn on_hop<F: ObservedFrame + ?Sized>(&self, hop: &FramePushed<'_, F>) {
        self.guard(|| {
            let kind = hop.frame.kind();
            if kind.is_traced() || self.log.is_some() {
                self.filter_hop(kind, hop);
            }
        });
    }

    /// Ends the conversation, and waits until its spans are emitted, for `timeout` at most.
    pub(super) fn close(&self, reason: CloseReason, timeout: Duration) {
        self.guard(|| {
            if let Ok(mut state) = self.state.lock() {
                let mut shutdown_at = None;
                if let ObservationState::Active(active) = &mut *state {
                    let now = active.advance_to(self.clock.now());
                    active.drain_audio(&self.audio, &self.outbox);
                    active.conversation.close(now, reason, &mut &*self.outbox);
                    shutdown_at = (reason == CloseReason::Shutdown).then_some(now);
                }
                self.set_closed(&mut state, shutdown_at);
            }
        });
        if timer::is_current_thread() {
            self.emit();
        } else {
            self.outbox.drain_within(timeout);
        }
    }

    /// Runs `act` under the lock, for code inside the conversation, and then emits the spans that it started or ended.
    /// Returns `None` once the conversation is closed.
    ///
    /// Before the first frame this does not start the conversation: an adapter may still set the frame support.
    pub(super) fn with_locked<T>(&self, act: impl FnOnce(LockedConversation<'_>) -> T) -> Option<T> {
        self.guard(|| {
            let mut state = self.state.lock().ok()?;
            let (now, outbox) = (self.clock.now(), &*self.outbox);
            let active = match &mut *state {
                ObservationState::NotStarted { .. } => {
                    return Some(act(LockedConversation { conversation: None, outbox, now }));
                }
                ObservationState::Active(active) => active,
                ObservationState::Closed => return None,
            };
            let now = active.handle_timeout(now, &self.audio, outbox);
            let outcome =
                act(LockedConversation { conversation: Some(&mut active.conversation), outbox, now });
            self.after_input(state);
            Some(outcome)
        })
        .flatten()
    }

    /// Runs `work`. A panic in it ends the tracing of this conversation, and does not reach the pipeline.
    #[inline]
    fn guard<T>(&self, work: impl FnOnce() -> T) -> Option<T> {
        // The panic path is out of line, or every hop would pay for moving the message.
        match catch_panic(work) {
            Ok(outcome) => Some(outcome),
            Err(panic) => {
                self.abandon(panic);
                None
            }
        }
    }

    /// Logs a hop, and drops it if the engine does not need it. Out of line, to keep registers free in the caller.
    #[inline(never)]
    fn filter_hop<F: ObservedFrame + ?Sized>(&self, kind: FrameKind, hop: &FramePushed<'_, F>) {
        if let Some(log) = &self.log {
            self.log_hop(log, hop);
        }
        let is_hop_invariant = kind.is_hop_invariant() || kind.is_outgoing_audio();
        let is_seen = is_hop_invariant && hop.id.is_some_and(|id| self.seen.contains(id));
        if kind.is_traced() && !is_seen && !self.is_closed.load(Ordering::Relaxed) {
            self.admit_hop(kind, hop);
        }
    }

    #[inline(never)]
    fn log_hop<F: ObservedFrame + ?Sized>(&self, log: &LazyFrameLog, hop: &FramePushed<'_, F>) {
        log.record(self.clock.now(), &with_frame(hop, &hop.frame.view()), || self.frame_support());
    }

    /// Counts outgoing audio, or passes the hop on. Out of line, or the later hops of a frame would pay for it.
    #[inline(never)]
    fn admit_hop<F: ObservedFrame + ?Sized>(&self, kind: FrameKind, hop: &FramePushed<'_, F>) {
        let action =
            if kind.is_outgoing_audio() { self.audio.classify(kind, hop) } else { AudioAction::Handle };
        match action {
            AudioAction::Ignore => return,
            AudioAction::Count => self.count_audio(&hop.frame.view()),
            AudioAction::Handle => self.handle_hop(&with_frame(hop, &hop.frame.view())),
        }
        if let Some(id) = hop.id {
            self.seen.insert(id);
        }
    }

    fn count_audio(&self, frame: &Frame<'_>) {
        if let Frame::TtsAudio(audio) | Frame::OutputAudio(audio) = frame {
            self.audio.count(self.clock.now(), audio.duration());
        }
    }

    /// Passes a hop to the engine. Code of the program, which the frame or its processors may be, runs before the lock.
    fn handle_hop(&self, hop: &FramePushed<'_>) {
        match hop.frame {
            Frame::LlmText(_) if self.handle_untimed(hop) => {}
            Frame::LlmContext(context) => self.handle_context(hop, *context),
            _ => with_detached(hop, self.limits.content.text_length, |hop| self.handle_detached(hop)),
        }
    }

    /// Passes a piece of text to the engine, unless the engine needs the time: reading the clock costs more than the rest.
    fn handle_untimed(&self, hop: &FramePushed<'_>) -> bool {
        let Ok(mut state) = self.state.lock() else { return true };
        let Some(active) = state.start() else { return true };
        active.drain_audio(&self.audio, &self.outbox);
        active.conversation.handle_untimed(hop)
    }

    /// Copies as much of a context as the engine needs, and passes it on.
    fn handle_context(&self, hop: &FramePushed<'_>, context: Option<&dyn ChatContext>) {
        let demand = {
            let Ok(mut state) = self.state.lock() else { return };
            let Some(active) = state.start() else { return };
            active.take_recordings(&self.outbox);
            active.conversation.context_demand(self.clock.now(), hop)
        };
        if demand == ContextDemand::Ignored {
            return;
        }
        let copy = ContextCopy::new(context, demand, self.limits);
        with_detached(hop, self.limits.content.text_length, |hop| {
            let Ok(mut state) = self.state.lock() else { return };
            let Some(active) = state.start() else { return };
            active.drain_audio(&self.audio, &self.outbox);
            let now = active.advance_to(self.clock.now());
            active.conversation.handle_context(now, hop, copy, &mut &*self.outbox);
            self.after_input(state);
        });
    }

    fn handle_detached(&self, hop: &FramePushed<'_>) {
        let Ok(mut state) = self.state.lock() else { return };
        let Some(active) = state.start() else { return };
        active.drain_audio(&self.audio, &self.outbox);
        let now = active.advance_to(self.clock.now());
        active.take_recordings(&self.outbox);
        active.conversation.handle_input(now, hop, &mut &*self.outbox);
        if active.audio_source.is_none() {
            active.audio_source = self.audio.choose_source(hop);
        }
        self.after_input(state);
    }

    /// Schedules the next wake-up of a conversation that has changed, or ends it, releases the lock, and emits spans.
    fn after_input(&self, mut state: MutexGuard<'_, ObservationState>) {
        if let ObservationState::Active(active) = &mut *state {
            self.audio.set_interest(active.conversation.audio_interest());
            if active.conversation.is_closed() {
                self.set_closed(&mut state, None);
            } else if let Some(at) = active.next_wake_up() {
                wake_at(self.clock.instant(at), Weak::clone(&self.this) as Weak<dyn Wake>);
            }
        }
        drop(state);
        self.emit();
    }

    /// Emits the queued spans, unless another thread is doing so.
    fn emit(&self) {
        if !self.outbox.has_queued() {
            return;
        }
        if timer::is_current_thread() {
            emission_thread::drain(&self.outbox);
        } else {
            self.outbox.drain();
            self.take_recordings();
        }
    }

    /// Tells the engine which turns the sampler has dropped, before the next piece of text is gathered for them.
    fn take_recordings(&self) {
        if self.outbox.has_recordings()
            && let Ok(mut state) = self.state.lock()
            && let ObservationState::Active(active) = &mut *state
        {
            active.take_recordings(&self.outbox);
        }
    }

    /// Sets the state to `Closed`, and ends the log, at a shutdown if `shutdown_at` is given.
    fn set_closed(&self, state: &mut ObservationState, shutdown_at: Option<Time>) {
        self.is_closed.store(true, Ordering::Relaxed);
        *state = ObservationState::Closed;
        self.outbox.finish();
        if let Some(log) = &self.log {
            log.finish(shutdown_at);
        }
    }

    /// Ends the conversation after a panic, as far as its state allows.
    #[cold]
    fn abandon(&self, PanicMessage(panic): PanicMessage) {
        if self.is_closed.swap(true, Ordering::Relaxed) {
            return;
        }
        tracing::error!(
            conversation_id = &*self.id,
            panic,
            "a panic while observing a frame: tracing of this conversation stops, its pipeline continues; \
             please report it, unless the panic is in your own code"
        );
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let state = std::mem::replace(&mut *state, ObservationState::Closed);
        let _ = catch_panic(move || {
            if let ObservationState::Active(mut active) = state {
                let now = active.advance_to(self.clock.now());
                active.conversation.close(now, CloseReason::Dropped, &mut &*self.outbox);
            }
        });
        self.outbox.finish();
        self.emit();
    }
}

impl Wake for ObservedConversation {
    /// Handles due timeouts when the timer fires.
    fn wake(&self) {
        self.guard(|| {
            let Ok(mut state) = self.state.lock() else { return };
            if let ObservationState::Active(active) = &mut *state {
                active.handle_timeout(self.clock.now(), &self.audio, &self.outbox);
                self.after_input(state);
            }
        });
    }
}

impl OpenConversation for ObservedConversation {
    fn is_open(&self) -> bool {
        !self.is_closed.load(Ordering::Relaxed)
    }

    fn shut_down(&self, timeout: Duration) {
        self.close(CloseReason::Shutdown, timeout);
    }
}

impl Drop for ObservedConversation {
    fn drop(&mut self) {
        self.close(CloseReason::Dropped, DRAIN_TIMEOUT);
    }
}

impl ObservationState {
    /// Returns the active conversation, which the first call starts; `None` once it is closed.
    fn start(&mut self) -> Option<&mut ActiveConversation> {
        if matches!(self, Self::NotStarted { .. })
            && let Self::NotStarted { config } = std::mem::replace(self, Self::Closed)
        {
            *self = Self::Active(Box::new(ActiveConversation::new(config)));
        }
        match self {
            Self::Active(active) => Some(active),
            Self::NotStarted { .. } | Self::Closed => None,
        }
    }
}

/// The state of a conversation that has started, behind the lock.
struct ActiveConversation {
    conversation: Conversation,
    /// The time of the newest event. Hops from several threads may overtake each other before they take the lock.
    newest: Time,
    /// The earliest pending wake-up.
    wake_up: Option<Time>,
    audio_source: Option<AudioSource>,
}

impl ActiveConversation {
    fn new(config: ConversationConfig) -> Self {
        Self {
            conversation: Conversation::new(config),
            newest: Time::default(),
            wake_up: None,
            audio_source: None,
        }
    }

    /// Returns the engine's time for an event at `now`. The engine's time never goes back.
    fn advance_to(&mut self, now: Time) -> Time {
        self.newest = self.newest.max(now);
        // A due wake-up has fired, or will find no timeout left to handle.
        self.wake_up = self.wake_up.filter(|at| *at > self.newest);
        self.newest
    }

    /// Handles due timeouts, and returns the engine's time.
    fn handle_timeout(&mut self, now: Time, audio: &AudioMeter, mut outbox: &Outbox) -> Time {
        self.drain_audio(audio, outbox);
        let now = self.advance_to(now);
        self.take_recordings(outbox);
        self.conversation.handle_timeout(now, &mut outbox);
        now
    }

    /// Passes the audio that the meter has counted to the engine.
    fn drain_audio(&mut self, audio: &AudioMeter, mut outbox: &Outbox) {
        if let Some(source) = &self.audio_source
            && let Some(batch) = audio.drain_from(source)
        {
            self.conversation.handle_audio(&batch, &mut outbox);
        }
    }

    /// Tells the engine which turns the sampler has dropped: nothing need be gathered for them.
    fn take_recordings(&mut self, outbox: &Outbox) {
        for (turn, recording) in outbox.take_recordings() {
            self.conversation.set_recording(turn, recording);
        }
    }

    /// Returns the next wake-up to schedule, unless one as early is pending. If the deadline moves back, as it does
    /// with every word of the bot, the pending wake-up fires early and schedules the next one.
    fn next_wake_up(&mut self) -> Option<Time> {
        let deadline = self.conversation.poll_timeout()?;
        if self.wake_up.is_some_and(|at| at <= deadline) {
            return None;
        }
        self.wake_up = Some(deadline);
        self.wake_up
    }
}

/// Returns the hop with the engine's view of its frame.
fn with_frame<'a, F: ?Sized>(hop: &FramePushed<'a, F>, frame: &'a Frame<'a>) -> FramePushed<'a> {
    FramePushed {
        source: hop.source,
        destination: hop.destination,
        direction: hop.direction,
        id: hop.id,
        sibling: hop.sibling,
        frame,
    }
}
