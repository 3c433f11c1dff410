//! From a log to a call.

use std::time::Duration;

use pipecat_instrument_runtime::engine::conversation::ConversationConfig;
use pipecat_instrument_runtime::frame_log::{FrameLogReadError, ReplayReport, replay};
use pipecat_instrument_runtime::privacy::Privacy;

use super::gather::{Clock, Gatherer};
use super::{Call, LogHealth, Totals};
use crate::source::Source;

/// Reads calls, all in the same way.
#[derive(Debug)]
pub(crate) struct CallReader {
    /// How long after the bot has stopped a turn ends, whatever the log says.
    pub(crate) turn_end_timeout: Option<Duration>,
    pub(crate) privacy: Privacy,
}

impl CallReader {
    /// As the environment lets out.
    pub(crate) fn from_env() -> Self {
        Self { turn_end_timeout: None, privacy: Privacy::from_env() }
    }

    /// The call whose log is at `source`.
    pub(crate) fn read(&self, source: &Source) -> Result<Call, FrameLogReadError> {
        let mut reader = source.open()?;
        let header = reader.header().clone();
        let mut config = header.config(ConversationConfig::default());
        config.turn_end_timeout = self.turn_end_timeout.unwrap_or(config.turn_end_timeout);
        let mut gatherer = Gatherer::new(self.privacy.clone());
        let report = replay(&mut reader, config, &mut gatherer);
        let began = report.first_event.unwrap_or(header.begun);
        let end = report.last_event.unwrap_or(began);
        let (turns, speech, tokens_cached) = gatherer.finish(began, end);
        Ok(Call {
            id: header.conversation_id.unwrap_or_else(|| source.name()),
            writer: header.writer,
            began_unix_ms: began.as_unix_nanos() / 1_000_000,
            duration: Clock::new(began).ms(end),
            totals: Totals::of(&turns, tokens_cached),
            turns,
            speech,
            log: LogHealth::of(&report),
        })
    }
}

impl LogHealth {
    /// Summarizes the condition of a log.
    pub(crate) fn of(report: &ReplayReport) -> Self {
        Self {
            events: report.events,
            dropped: report.dropped,
            bad_lines: report.bad_lines.iter().map(ToString::to_string).collect(),
            sentences: report.problems(),
            broken_off: report.broken_off,
            missing_part: report.missing_part,
        }
    }
}
