//! From a log to a call.

use std::time::Duration;

use pipecat_instrument_runtime::engine::conversation::ConversationConfig;
use pipecat_instrument_runtime::engine::time::Time;
use pipecat_instrument_runtime::frame_log::{FrameLogReadError, Replay};
use pipecat_instrument_runtime::privacy::Privacy;

use super::gather::{Clock, Gatherer};
use super::{Call, LogHealth, Totals};
use crate::source::{LogReader, Source};

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
        let mut replay = Replay::new(config);
        let mut bad_lines = Vec::new();
        let mut began = None;
        let mut end = Time::default();
        let mut gatherer = Gatherer::new(header.begun, self.privacy.clone());
        for event in reader.by_ref() {
            match event {
                Ok(event) => {
                    if began.is_none() {
                        began = Some(event.at());
                        gatherer = Gatherer::new(event.at(), self.privacy.clone());
                    }
                    end = end.max(event.at());
                    replay.event(&event, &mut gatherer);
                }
                Err(bad) => bad_lines.push(bad.to_string()),
            }
        }
        let events = replay.finish(&mut gatherer);
        let began = began.unwrap_or(header.begun);
        let (turns, speech, tokens_cached) = gatherer.finish(end);
        Ok(Call {
            id: header.conversation_id.unwrap_or_else(|| source.name()),
            writer: header.writer,
            began_unix_ms: began.as_unix_nanos() / 1_000_000,
            duration: Clock::new(began).ms(end.max(began)),
            totals: Totals::of(&turns, tokens_cached),
            turns,
            speech,
            log: LogHealth { bad_lines, ..LogHealth::of(&reader, events) },
        })
    }
}

impl LogHealth {
    /// What is to be said of a log that was read to its end.
    pub(crate) fn of(reader: &LogReader, events: u64) -> Self {
        let mut log = Self {
            events,
            dropped: reader.footer().map_or(0, |footer| footer.dropped),
            bad_lines: Vec::new(),
            sentences: Vec::new(),
            broken_off: reader.footer().is_none(),
            missing_part: reader.awaited_part(),
        };
        log.sentences = log.sentences(reader.header().part);
        log
    }

    fn sentences(&self, first_part: Option<u32>) -> Vec<String> {
        let mut sentences = Vec::new();
        if let Some(part) = first_part.filter(|part| *part > 1) {
            sentences.push(format!("begins with part {part}: name the first part to read it all"));
        }
        if self.dropped > 0 {
            sentences.push(format!("lacks {} events that its writer had to drop", self.dropped));
        }
        match self.missing_part {
            Some(part) => sentences.push(format!("goes on in part {part}, which is not there")),
            None if self.broken_off => {
                sentences.push("breaks off without a footer: its process died, or is still at it".to_owned());
            }
            None => {}
        }
        sentences
    }
}
