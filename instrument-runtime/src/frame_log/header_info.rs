//! What a log says before its first event.

use std::time::Duration;

use opentelemetry::KeyValue;

use super::attributes;
use super::format::{FrameSupportLine, HeaderLine, VERSION};
use crate::engine::conversation::FrameSupport;
use crate::engine::time::Time;

/// Who writes these logs.
const WRITER: &str = concat!("pipecat-instrument/", env!("CARGO_PKG_VERSION"));

/// What a log says before its first event.
///
/// ```
/// use std::time::Duration;
///
/// use pipecat_instrument_runtime::engine::time::Time;
/// use pipecat_instrument_runtime::frame_log::HeaderInfo;
///
/// let opening = HeaderInfo {
///     turn_end_timeout: Some(Duration::from_millis(400)),
///     ..HeaderInfo::new("call-42", Time::from_unix_nanos(5))
/// };
/// ```
#[derive(Debug, Clone, Copy)]
pub struct HeaderInfo<'a> {
    /// The conversation's id.
    pub conversation_id: &'a str,
    /// When it begins.
    pub begun: Time,
    /// Attributes of every span of the conversation.
    pub attributes: &'a [KeyValue],
    /// How long after the bot has stopped a turn ends, where it is not the default.
    pub turn_end_timeout: Option<Duration>,
    /// What the framework announces with frames of its own.
    pub signals: FrameSupport,
}

impl<'a> HeaderInfo<'a> {
    /// The conversation `conversation_id`, of which there is nothing else to say.
    pub fn new(conversation_id: &'a str, begun: Time) -> Self {
        Self {
            conversation_id,
            begun,
            attributes: &[],
            turn_end_timeout: None,
            signals: FrameSupport::default(),
        }
    }

    /// The line that says it.
    pub(super) fn header(&self) -> HeaderLine<'static> {
        HeaderLine {
            frame_log: VERSION,
            writer: WRITER.into(),
            wall: self.begun.as_unix_nanos(),
            conversation_id: Some(self.conversation_id.to_owned().into()),
            attributes: (!self.attributes.is_empty()).then(|| attributes::to_json(self.attributes)),
            turn_end_timeout_ms: self
                .turn_end_timeout
                .map(|timeout| u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX)),
            signals: (self.signals != FrameSupport::default()).then(|| FrameSupportLine::from(self.signals)),
            part: None,
        }
    }
}
