//! A conversation under way: the core, where its spans go, and what is still to be told.

use super::audio_meter::{AudioMeter, Counted};
use crate::emit::Emitter;
use crate::engine::conversation::{AudioBatch, Conversation, ConversationConfig};
use crate::engine::frame::{FrameKind, FramePushed, Processor, Role};
use crate::engine::time::Time;

/// A conversation under way, as it stands under the lock.
pub(super) struct Running {
    pub(super) conversation: Conversation,
    pub(super) emitter: Emitter,
    /// The time of the newest event: hops of several threads may overtake each other on their way to the lock.
    newest: Time,
    /// The earliest wake-up that was asked for and has not come yet.
    wake_up: Option<Time>,
    audio_source: Option<AudioSource>,
}

/// Whose audio the meter counts.
struct AudioSource {
    kind: FrameKind,
    processor: Processor,
}

impl Running {
    /// A conversation in which nothing has happened yet.
    pub(super) fn begin(config: ConversationConfig, emitter: Emitter) -> Self {
        Self {
            conversation: Conversation::new(config),
            emitter,
            newest: Time::default(),
            wake_up: None,
            audio_source: None,
        }
    }

    /// The time of what happens `now`: the core's time never steps back.
    pub(super) fn advance_to(&mut self, now: Time) -> Time {
        self.newest = self.newest.max(now);
        // A wake-up that is due has come; or when it does, it finds nothing left to do.
        self.wake_up = self.wake_up.filter(|at| *at > self.newest);
        self.newest
    }

    pub(super) fn tell_counted_audio(&mut self, meter: &AudioMeter) {
        let Some(source) = &self.audio_source else { return };
        let Some(Counted { first, last, duration }) = meter.drain() else { return };
        let batch =
            AudioBatch { kind: source.kind, source: (&source.processor).into(), first, last, duration };
        self.conversation.handle_audio(&batch, &mut self.emitter);
    }

    /// The wake-up to ask for now, if there is not one as early under way. When the deadline moves back, as it does
    /// with every word of the bot, the old wake-up comes too early and asks for the next.
    pub(super) fn new_wake_up(&mut self) -> Option<Time> {
        let deadline = self.conversation.poll_timeout()?;
        if self.wake_up.is_some_and(|at| at <= deadline) {
            return None;
        }
        self.wake_up = Some(deadline);
        self.wake_up
    }

    /// The first synthesizer, or model that speaks by itself, that sends audio is the one whose audio is counted.
    pub(super) fn choose_audio_source(&mut self, meter: &AudioMeter, hop: &FramePushed<'_>) {
        let kind = hop.frame.kind();
        if self.audio_source.is_some() || !kind.is_outgoing_audio() {
            return;
        }
        if matches!(hop.source.role(), Role::Tts | Role::Llm)
            && let Some(processor) = hop.source.view()
        {
            meter.follow(kind, hop.source);
            self.audio_source = Some(AudioSource { kind, processor: processor.to_processor() });
        }
    }
}
