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
//! A host may give the times of hops, handle timeouts and emit spans itself. In a child of `fork`, another conversation takes
//! over: see `child`.

mod child;
mod state;

use std::sync::{Arc, PoisonError, Weak};
use std::time::Duration;

use once_cell::race::OnceBox;

use self::state::ObservationState;
use super::audio_meter::{AudioAction, AudioMeter};
use super::clock::{Clock, ConversationClock, Now, TimeSource};
use super::detached_hop::with_detached;
use super::emission_thread;
use super::observer_provider::{ActiveGuard, LazyFrameLog};
use super::options::{Emission, Timer};
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
use crate::process::ProcessId;
use crate::sync::atomic::{AtomicBool, Ordering};
use crate::sync::{Mutex, MutexGuard};

/// Maximum wait of a conversation that ends for other threads that emit its spans.
pub(super) const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);

/// One conversation under observation.
pub(super) struct ObservedConversation {
    id: Arc<str>,
    clock: ConversationClock,
    audio: AudioMeter,
    seen: RecentIds,
    log: Option<Arc<LazyFrameLog>>,
    outbox: Arc<Outbox>,
    limits: RequestLimits,
    timer: Timer,
    emission: Emission,
    /// The process that observes the conversation.
    owner: ProcessId,
    /// The conversation that takes over in a child of `fork`, from its first hop there.
    in_child: OnceBox<Arc<Self>>,
    /// Whether the state is `Closed`, or this is a child of `fork`: hops then need not take the lock.
    is_closed: AtomicBool,
    state: Mutex<ObservationState>,
    /// A handle to this conversation for the timer.
    this: Weak<Self>,
    _active: ActiveGuard,
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
        log: Option<Arc<LazyFrameLog>>,
        timer: Timer,
        emission: Emission,
    ) -> Arc<Self> {
        Arc::new_cyclic(|this: &Weak<Self>| Self {
            id,
            clock: ConversationClock::start(),
            audio: AudioMeter::new(),
            seen: RecentIds::new(),
            log,
            outbox: Arc::new(emitter.handle(ConversationHandle::new(this.clone())).into_outbox()),
            limits: config.request_limits(),
            timer,
            emission,
            owner: ProcessId::current(),
            in_child: OnceBox::new(),
            is_closed: AtomicBool::new(false),
            state: Mutex::new(ObservationState::NotStarted { config }),
            this: Weak::clone(this),
            _active: ActiveGuard::new(),
        })
    }

    /// Returns a clock that shows the conversation's time.
    pub(super) fn clock(&self) -> Clock {
        self.clock.shifted()
    }

    pub(super) const fn id(&self) -> &Arc<str> {
        &self.id
    }

    pub(super) fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    /// Returns the outbox after its queued starts are emitted, for their contexts.
    pub(super) fn outbox_with_starts(&self) -> &Outbox {
        if self.emission == Emission::Host {
            self.outbox.emit_starts();
        }
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

    /// Handles one hop of one frame.
    #[inline]
    pub(super) fn on_hop<F: ObservedFrame + ?Sized>(&self, time: impl TimeSource, hop: &FramePushed<'_, F>) {
        self.guard(|| {
            let kind = hop.frame.kind();
            if kind.is_traced() || self.log.is_some() {
                self.filter_hop(time, kind, hop);
            }
        });
    }

    /// Returns when [`handle_timeout`](Self::handle_timeout) must be called if no hop comes before.
    pub(super) fn poll_timeout(&self) -> Option<Time> {
        self.guard(|| {
            let mut state = self.state.lock().ok()?;
            let ObservationState::Active(active) = &mut *state else { return None };
            active.drain_audio(&self.audio, &self.outbox);
            active.conversation.poll_timeout()
        })
        .flatten()
    }

    /// Handles everything that is due.
    pub(super) fn handle_timeout(&self, time: impl TimeSource) {
        self.guard(|| {
            let Ok(mut state) = self.state.lock() else { return };
            if let ObservationState::Active(active) = &mut *state {
                active.handle_timeout(time.time(&self.clock), &self.audio, &self.outbox);
                self.after_input(state);
            }
        });
    }

    /// Ends the conversation, and waits until its spans are emitted, for `timeout` at most.
    pub(super) fn close(&self, reason: CloseReason, timeout: Duration) {
        if self.is_of_parent() {
            return self.close_in_child(reason, timeout);
        }
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
            emission_thread::drain(&self.outbox);
        } else {
            self.outbox.drain_within(timeout);
        }
    }

    /// Runs `act` under the lock, for code inside the conversation, and then emits the spans that it started or ended.
    /// Returns `None` once the conversation is closed.
    ///
    /// Before the first frame this does not start the conversation: an adapter may still set the frame support.
    pub(super) fn with_locked<T>(&self, act: impl FnOnce(LockedConversation<'_>) -> T) -> Option<T> {
        if self.is_of_parent() {
            return self.in_child.get()?.with_locked(act);
        }
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
    fn filter_hop<F, T>(&self, time: T, kind: FrameKind, hop: &FramePushed<'_, F>)
    where
        F: ObservedFrame + ?Sized,
        T: TimeSource,
    {
        if let Some(log) = &self.log {
            self.log_hop(time, log, hop);
        }
        self.filter_logged(time, kind, hop);
    }

    /// Drops a hop if the engine does not need it.
    #[inline]
    fn filter_logged<F, T>(&self, time: T, kind: FrameKind, hop: &FramePushed<'_, F>)
    where
        F: ObservedFrame + ?Sized,
        T: TimeSource,
    {
        let is_hop_invariant = kind.is_hop_invariant() || kind.is_outgoing_audio();
        let is_seen = is_hop_invariant && hop.id.is_some_and(|id| self.seen.contains(id));
        if kind.is_traced() && !is_seen {
            if self.is_closed.load(Ordering::Relaxed) {
                self.pass_to_child(time, kind, hop);
            } else {
                self.admit_hop(time, kind, hop);
            }
        }
    }

    #[inline(never)]
    fn log_hop<F, T>(&self, time: T, log: &LazyFrameLog, hop: &FramePushed<'_, F>)
    where
        F: ObservedFrame + ?Sized,
        T: TimeSource,
    {
        log.record(time.time(&self.clock), &with_frame(hop, &hop.frame.view()), || self.frame_support());
    }

    /// Counts outgoing audio, or passes the hop on. Out of line, or the later hops of a frame would pay for it.
    #[inline(never)]
    fn admit_hop<F, T>(&self, time: T, kind: FrameKind, hop: &FramePushed<'_, F>)
    where
        F: ObservedFrame + ?Sized,
        T: TimeSource,
    {
        let action =
            if kind.is_outgoing_audio() { self.audio.classify(kind, hop) } else { AudioAction::Handle };
        match action {
            AudioAction::Ignore => return,
            AudioAction::Count => self.count_audio(time, &hop.frame.view()),
            AudioAction::Handle => self.handle_hop(time, &with_frame(hop, &hop.frame.view())),
        }
        if let Some(id) = hop.id {
            self.seen.insert(id);
        }
    }

    fn count_audio(&self, time: impl TimeSource, frame: &Frame<'_>) {
        if let Frame::TtsAudio(audio) | Frame::OutputAudio(audio) = frame {
            self.audio.count(time.time(&self.clock), audio.duration());
        }
    }

    /// Passes a hop to the engine. Code of the program, which the frame or its processors may be, runs before the lock.
    fn handle_hop(&self, time: impl TimeSource, hop: &FramePushed<'_>) {
        match hop.frame {
            Frame::LlmText(_) if self.handle_untimed(hop) => {}
            // Not before the most frequent hops, as this takes a system call.
            _ if self.is_of_parent() => self.take_over(time, hop),
            Frame::LlmContext(context) => self.handle_context(time, hop, *context),
            _ => with_detached(hop, self.limits.content.text_length, |hop| self.handle_detached(time, hop)),
        }
    }

    /// Passes a piece of text to the engine, unless the engine needs the time: reading the clock costs more than the rest.
    /// Does not wait for the lock: in a child of `fork`, no one might release it.
    fn handle_untimed(&self, hop: &FramePushed<'_>) -> bool {
        let Ok(mut state) = self.state.try_lock() else { return false };
        let Some(active) = state.start() else { return true };
        active.drain_audio(&self.audio, &self.outbox);
        active.conversation.handle_untimed(hop)
    }

    /// Copies as much of a context as the engine needs, and passes it on.
    fn handle_context(
        &self,
        time: impl TimeSource,
        hop: &FramePushed<'_>,
        context: Option<&dyn ChatContext>,
    ) {
        let demand = {
            let Ok(mut state) = self.state.lock() else { return };
            let Some(active) = state.start() else { return };
            active.take_recordings(&self.outbox);
            active.conversation.context_demand(time.time(&self.clock), hop)
        };
        if demand == ContextDemand::Ignored {
            return;
        }
        let copy = ContextCopy::new(context, demand, self.limits);
        with_detached(hop, self.limits.content.text_length, |hop| {
            let Ok(mut state) = self.state.lock() else { return };
            let Some(active) = state.start() else { return };
            active.drain_audio(&self.audio, &self.outbox);
            let now = active.advance_to(time.time(&self.clock));
            active.conversation.handle_context(now, hop, copy, &mut &*self.outbox);
            self.after_input(state);
        });
    }

    fn handle_detached(&self, time: impl TimeSource, hop: &FramePushed<'_>) {
        let Ok(mut state) = self.state.lock() else { return };
        let Some(active) = state.start() else { return };
        active.drain_audio(&self.audio, &self.outbox);
        let now = active.advance_to(time.time(&self.clock));
        active.take_recordings(&self.outbox);
        active.conversation.handle_input(now, hop, &mut &*self.outbox);
        active.choose_audio_source(|| self.audio.choose_source(hop));
        self.after_input(state);
    }

    /// Schedules the next wake-up of a conversation that has changed, or ends it, releases the lock, and emits spans.
    fn after_input(&self, mut state: MutexGuard<'_, ObservationState>) {
        if let ObservationState::Active(active) = &mut *state {
            self.audio.set_interest(active.conversation.audio_interest());
            if active.conversation.is_closed() {
                self.set_closed(&mut state, None);
            } else if self.timer == Timer::Thread
                && let Some(at) = active.next_wake_up()
            {
                wake_at(self.clock.instant(at), Weak::clone(&self.this) as Weak<dyn Wake>);
            }
        }
        drop(state);
        self.emit();
    }

    /// Emits the queued spans, unless another thread is doing so or the host does.
    fn emit(&self) {
        if !self.outbox.has_queued() || self.emission == Emission::Host {
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
        self.handle_timeout(Now);
    }
}

impl OpenConversation for ObservedConversation {
    fn is_open(&self) -> bool {
        match self.of_this_process() {
            Some(conversation) => !conversation.is_closed.load(Ordering::Relaxed),
            None => false,
        }
    }

    fn shut_down(&self, timeout: Duration) {
        self.close(CloseReason::Shutdown, timeout);
    }
}

impl Drop for ObservedConversation {
    fn drop(&mut self) {
        if self.is_of_parent() {
            self.forget_spans();
        } else {
            self.close(CloseReason::Dropped, DRAIN_TIMEOUT);
        }
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
