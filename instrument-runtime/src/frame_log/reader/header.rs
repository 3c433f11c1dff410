//! What a log says before its first event.

use std::time::Duration;

use opentelemetry::KeyValue;

use crate::engine::conversation::{ConversationConfig, FrameSupport};
use crate::engine::time::Time;
use crate::frame_log::attributes;
use crate::frame_log::format::HeaderLine;

/// What a log says before its first event.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Header {
    /// Who wrote it, as `pipecat_recorder/1 pipecat/1.14.0`.
    pub writer: String,
    /// When it was begun.
    pub begun: Time,
    /// The conversation's id, if it has one.
    pub conversation_id: Option<String>,
    /// Attributes of every span of the conversation.
    pub attributes: Vec<KeyValue>,
    /// How long after the bot has stopped a turn ends, where it is not the default.
    pub turn_end_timeout: Option<Duration>,
    /// What the framework announces with frames of its own.
    pub signals: FrameSupport,
    /// Which part of the log this is, if it may have several.
    pub part: Option<u32>,
}

impl Header {
    /// `defaults`, with what the log says otherwise.
    ///
    /// ```
    /// use pipecat_instrument_runtime::engine::conversation::ConversationConfig;
    /// use pipecat_instrument_runtime::frame_log::FrameLogReader;
    ///
    /// let log = "{\"frame_log\":1,\"writer\":\"me\",\"wall\":0,\"turn_end_timeout_ms\":400}\n";
    /// let reader = FrameLogReader::new(log.as_bytes())?;
    /// let config = reader.header().config(ConversationConfig::default());
    /// assert_eq!(config.turn_end_timeout.as_millis(), 400);
    /// # Ok::<(), pipecat_instrument_runtime::frame_log::FrameLogReadError>(())
    /// ```
    pub fn config(&self, mut defaults: ConversationConfig) -> ConversationConfig {
        if let Some(timeout) = self.turn_end_timeout {
            defaults.turn_end_timeout = timeout;
        }
        defaults.signals = self.signals;
        defaults
    }
}

impl From<HeaderLine<'_>> for Header {
    fn from(line: HeaderLine<'_>) -> Self {
        Self {
            writer: line.writer.into_owned(),
            begun: Time::from_unix_nanos(line.wall),
            conversation_id: line.conversation_id.map(std::borrow::Cow::into_owned),
            attributes: line.attributes.as_ref().map(attributes::from_json).unwrap_or_default(),
            turn_end_timeout: line.turn_end_timeout_ms.map(Duration::from_millis),
            signals: line.signals.map(FrameSupport::from).unwrap_or_default(),
            part: line.part,
        }
    }
}
