//! The frame log of one conversation, where one is written.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use opentelemetry::KeyValue;

use crate::engine::conversation::FrameSupport;
use crate::engine::frame::FramePushed;
use crate::engine::time::Time;
use crate::frame_log::{ConversationLog, FrameLogWriter, HeaderInfo};
use crate::privacy::Privacy;

/// The frame log of one conversation. It is opened by the first hop, as until then an adapter may say what its
/// framework announces.
pub(super) struct FrameLog {
    pub(super) logs: FrameLogWriter,
    pub(super) conversation_id: Arc<str>,
    pub(super) attributes: Vec<KeyValue>,
    pub(super) turn_end_timeout: Duration,
    pub(super) privacy: Privacy,
    pub(super) log: OnceLock<ConversationLog>,
}

impl FrameLog {
    /// Records one hop; `signals` is asked by the first.
    pub(super) fn record(&self, now: Time, hop: &FramePushed<'_>, signals: impl FnOnce() -> FrameSupport) {
        let log = self.log.get_or_init(|| {
            let opening = HeaderInfo {
                conversation_id: &self.conversation_id,
                begun: now,
                attributes: &self.attributes,
                turn_end_timeout: Some(self.turn_end_timeout),
                signals: signals(),
            };
            self.logs.conversation(&opening).privacy(self.privacy.clone())
        });
        log.record(now, hop);
    }

    /// Nothing more will be recorded.
    pub(super) fn finish(&self) {
        if let Some(log) = self.log.get() {
            log.finish();
        }
    }
}
