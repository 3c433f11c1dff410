//! One conversation under observation, and its lock.
//!
//! ```text
//!   Expected ──first frame that matters──▶ Running ──the core is closed──▶ Over
//!      │                                      │                              ▲
//!      └─────────────────── close(), last handle dropped, a panic ──────────┘
//! ```

use std::sync::{Arc, PoisonError, Weak};

use super::audio_meter::{AudioMeter, Hop};
use super::clock::Clock;
use super::frame_log::FrameLog;
use super::inside::Inside;
use super::isolation::{Panicked, isolate};
use super::options::ObserveOptions;
use super::presence::Presence;
use super::recent::RecentFrames;
use super::running::Running;
use super::timer::{Wake, wake_at};
use crate::emit::Emitter;
use crate::engine::conversation::{CloseReason, ConversationConfig, FrameSupport};
use crate::engine::frame::{Frame, FrameKind, FramePushed, ObservedFrame};
use crate::sync::atomic::{AtomicBool, Ordering};
use crate::sync::{Mutex, MutexGuard};

/// One conversation under observation.
pub(super) struct Watch {
    id: Arc<str>,
    clock: Clock,
    _presence: Presence,
    audio: AudioMeter,
    recent: RecentFrames,
    log: Option<FrameLog>,
    /// Whether the phase is `Over`: spares what comes afterwards the lock.
    over: AtomicBool,
    phase: Mutex<Phase>,
    /// Itself, for the timer.
    this: Weak<Self>,
}

enum Phase {
    Expected { config: ConversationConfig, emitter: Box<Emitter>, told: Box<ObserveOptions> },
    Running(Box<Running>),
    Over,
}

impl Watch {
    pub(super) fn new(
        id: Arc<str>,
        config: ConversationConfig,
        emitter: Emitter,
        log: Option<FrameLog>,
        told: ObserveOptions,
    ) -> Arc<Self> {
        let told = Box::new(told);
        Arc::new_cyclic(|this| Self {
            id,
            clock: Clock::start(),
            _presence: Presence::new(),
            audio: AudioMeter::new(),
            recent: RecentFrames::new(),
            log,
            over: AtomicBool::new(false),
            phase: Mutex::new(Phase::Expected { config, emitter: Box::new(emitter), told }),
            this: Weak::clone(this),
        })
    }

    pub(super) const fn clock(&self) -> Clock {
        self.clock
    }

    pub(super) fn conversation_id(&self) -> &str {
        &self.id
    }

    pub(super) fn shared_id(&self) -> Arc<str> {
        Arc::clone(&self.id)
    }

    /// What it was told; `None` once a frame was seen.
    pub(super) fn told(&self) -> Option<ObserveOptions> {
        match self.phase.lock().as_deref() {
            Ok(Phase::Expected { told, .. }) => Some(ObserveOptions::clone(told)),
            _ => None,
        }
    }

    pub(super) fn expect_signals(&self, signals: FrameSupport) {
        if let Ok(mut phase) = self.phase.lock()
            && let Phase::Expected { config, .. } = &mut *phase
        {
            config.signals = signals;
        }
    }

    fn expected_signals(&self) -> FrameSupport {
        match self.phase.lock().as_deref() {
            Ok(Phase::Expected { config, .. }) => config.signals,
            _ => FrameSupport::default(),
        }
    }

    /// One hop of one frame, now.
    #[inline]
    pub(super) fn hop<F: ObservedFrame + ?Sized>(&self, hop: &FramePushed<'_, F>) {
        let gate = || {
            let kind = hop.frame.kind();
            if kind.is_traced() || self.log.is_some() {
                self.sort(kind, hop);
            }
        };
        if let Err(panic) = isolate(gate) {
            self.abandon(&panic);
        }
    }

    /// Ends it.
    pub(super) fn close(&self, why: CloseReason) {
        if let Err(panic) = isolate(|| self.end(why)) {
            self.abandon(&panic);
        }
    }

    /// Something that code inside the conversation does; `None` once it is over.
    pub(super) fn enter<T>(&self, act: impl FnOnce(Inside<'_>) -> T) -> Option<T> {
        isolate(|| self.lets_in(act)).unwrap_or_else(|panic| {
            self.abandon(&panic);
            None
        })
    }

    /// Before the first frame the conversation stays as it is: an adapter may still say what its framework announces.
    fn lets_in<T>(&self, act: impl FnOnce(Inside<'_>) -> T) -> Option<T> {
        let mut phase = self.phase.lock().ok()?;
        let now = self.clock.now();
        let running = match &mut *phase {
            Phase::Expected { emitter, .. } => return Some(act(Inside { conversation: None, emitter, now })),
            Phase::Running(running) => running,
            Phase::Over => return None,
        };
        running.tell_counted_audio(&self.audio);
        let now = running.advance_to(now);
        running.conversation.handle_timeout(now, &mut running.emitter);
        let (conversation, emitter) = (Some(&mut running.conversation), &mut running.emitter);
        let outcome = act(Inside { conversation, emitter, now });
        self.look_ahead(phase);
        Some(outcome)
    }

    /// A hop that somebody wants. Kept out of line, or the gate would pay for its registers.
    #[inline(never)]
    fn sort<F: ObservedFrame + ?Sized>(&self, kind: FrameKind, hop: &FramePushed<'_, F>) {
        if let Some(log) = &self.log {
            self.write_down(log, hop);
        }
        let counts_once = kind.is_hop_invariant() || kind.is_outgoing_audio();
        let is_known = counts_once && hop.id.is_some_and(|id| self.recent.has(id));
        if kind.is_traced() && !is_known && !self.over.load(Ordering::Relaxed) {
            self.take(kind, hop);
        }
    }

    #[inline(never)]
    fn write_down<F: ObservedFrame + ?Sized>(&self, log: &FrameLog, hop: &FramePushed<'_, F>) {
        log.record(self.clock.now(), &hop_of(hop, &hop.frame.view()), || self.expected_signals());
    }

    /// A hop that matters. Kept out of line, or the later hops of a frame would pay for it.
    #[inline(never)]
    fn take<F: ObservedFrame + ?Sized>(&self, kind: FrameKind, hop: &FramePushed<'_, F>) {
        let what = if kind.is_outgoing_audio() { self.audio.sort(kind, hop) } else { Hop::Handle };
        match what {
            Hop::Seen => return,
            Hop::Count => self.count(&hop.frame.view()),
            Hop::Handle => self.handle(&hop_of(hop, &hop.frame.view())),
        }
        if let Some(id) = hop.id {
            self.recent.add(id);
        }
    }

    fn count(&self, audio: &Frame<'_>) {
        if let Frame::TtsAudio(audio) | Frame::OutputAudio(audio) = audio {
            self.audio.count(self.clock.now(), audio.duration());
        }
    }

    /// A hop goes to the core. The clock is asked only if the core has a use for the time.
    fn handle(&self, hop: &FramePushed<'_>) {
        let Ok(mut phase) = self.phase.lock() else { return };
        let Some(running) = phase.running() else { return };
        running.tell_counted_audio(&self.audio);
        if running.conversation.handle_untimed(hop) {
            return;
        }
        let now = running.advance_to(self.clock.now());
        running.conversation.handle_input(now, hop, &mut running.emitter);
        running.choose_audio_source(&self.audio, hop);
        self.look_ahead(phase);
    }

    /// Something may be due, though no frame has come.
    fn expire(&self) {
        let Ok(mut phase) = self.phase.lock() else { return };
        let Some(running) = phase.running() else { return };
        running.tell_counted_audio(&self.audio);
        let now = running.advance_to(self.clock.now());
        running.conversation.handle_timeout(now, &mut running.emitter);
        self.look_ahead(phase);
    }

    /// The core has taken something in: what does it wait for now?
    fn look_ahead(&self, mut phase: MutexGuard<'_, Phase>) {
        let Some(running) = phase.running() else { return };
        self.audio.set_interest(running.conversation.audio_interest());
        if running.conversation.is_closed() {
            self.become_over(&mut phase);
        } else if let Some(at) = running.new_wake_up() {
            wake_at(self.clock.instant(at), Weak::clone(&self.this) as Weak<dyn Wake>);
        }
    }

    fn end(&self, why: CloseReason) {
        let Ok(mut phase) = self.phase.lock() else { return };
        if let Phase::Running(running) = &mut *phase {
            let now = running.advance_to(self.clock.now());
            running.tell_counted_audio(&self.audio);
            running.conversation.close(now, why, &mut running.emitter);
        }
        self.become_over(&mut phase);
    }

    fn become_over(&self, phase: &mut MutexGuard<'_, Phase>) {
        self.over.store(true, Ordering::Relaxed);
        **phase = Phase::Over;
        if let Some(log) = &self.log {
            log.finish();
        }
    }

    /// After a panic: what is open is ended as well as it can be, and nothing is observed any more.
    fn abandon(&self, Panicked(panic): &Panicked) {
        if self.over.swap(true, Ordering::Relaxed) {
            return;
        }
        tracing::error!(
            conversation_id = &*self.id,
            panic,
            "a panic while observing a frame: this conversation is traced no further, its pipeline goes on; \
             please report it if the panic is not in code of your own"
        );
        let mut phase = self.phase.lock().unwrap_or_else(PoisonError::into_inner);
        let phase = std::mem::replace(&mut *phase, Phase::Over);
        let _ = isolate(move || {
            if let Phase::Running(mut running) = phase {
                let now = running.advance_to(self.clock.now());
                running.conversation.close(now, CloseReason::Dropped, &mut running.emitter);
            }
        });
    }
}

impl Phase {
    /// The running conversation, which the first call begins; `None` once it is over.
    fn running(&mut self) -> Option<&mut Running> {
        if matches!(self, Self::Expected { .. })
            && let Self::Expected { config, emitter, .. } = std::mem::replace(self, Self::Over)
        {
            *self = Self::Running(Box::new(Running::begin(config, *emitter)));
        }
        match self {
            Self::Running(running) => Some(running),
            Self::Expected { .. } | Self::Over => None,
        }
    }
}

impl Wake for Watch {
    fn wake(&self) {
        if let Err(panic) = isolate(|| self.expire()) {
            self.abandon(&panic);
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Err(panic) = isolate(|| self.end(CloseReason::Dropped)) {
            self.abandon(&panic);
        }
    }
}

/// The same hop, with its frame as the core reads it.
fn hop_of<'a, F: ?Sized>(hop: &FramePushed<'a, F>, frame: &'a Frame<'a>) -> FramePushed<'a> {
    FramePushed {
        source: hop.source,
        destination: hop.destination,
        direction: hop.direction,
        id: hop.id,
        sibling: hop.sibling,
        frame,
    }
}
