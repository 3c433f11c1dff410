//! The stages of the user-to-bot latency, between the end of the user's voice and the bot's first sound.
//!
//! See [Latency](https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#latency).

use crate::engine::record::{LatencySource, LatencyStages, UserToBotLatency};
use crate::engine::time::Time;

/// The time the user waited for the bot.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Wait {
    pub(super) since: Time,
    pub(super) until: Time,
    pub(super) source: LatencySource,
}

/// The moments of a turn that bound the stages of its latency.
#[derive(Debug, Default)]
pub(crate) struct Milestones {
    /// The time of each utterance's last final transcript.
    pub(crate) transcripts: Vec<Time>,
    /// The time of each LLM call's first token.
    pub(crate) first_tokens: Vec<Time>,
    /// The start of each tool call, and its end if it has one.
    pub(crate) tool_calls: Vec<(Time, Option<Time>)>,
    /// The start of each synthesis, and its first audio if there was any.
    pub(crate) syntheses: Vec<(Time, Option<Time>)>,
}

/// Walks from moment to moment. No step leads back or beyond the end, so the steps add up to the complete wait.
struct Walk {
    at: Time,
    until: Time,
}

impl Walk {
    /// Advances to `next` and returns the seconds until then. Stays in place if `next` is `None`.
    fn step_to(&mut self, next: Option<Time>) -> Option<f64> {
        let next = next?.clamp(self.at, self.until);
        let seconds = next.seconds_since(self.at);
        self.at = next;
        Some(seconds)
    }
}

impl Wait {
    /// Returns the wait in seconds, divided into stages.
    pub(crate) fn latency(self, milestones: &Milestones) -> UserToBotLatency {
        let seconds = self.until.seconds_since(self.since);
        let stages = if seconds < 0.0 { LatencyStages::default() } else { self.stages(milestones) };
        UserToBotLatency { seconds, source: self.source, stages }
    }

    fn stages(self, milestones: &Milestones) -> LatencyStages {
        let is_in_time = |moment: &Time| *moment <= self.until;
        let latest = |moments: &[Time]| moments.iter().copied().filter(is_in_time).max();
        let first_token = latest(&milestones.first_tokens);
        // The bot first speaks the earliest synthesis of the response whose first token is the latest.
        let of_response = |start: &Time| is_in_time(start) && first_token.is_none_or(|token| *start >= token);
        let reply = milestones
            .syntheses
            .iter()
            .filter(|(start, _)| of_response(start))
            .min_by_key(|(start, _)| *start);
        let mut walk = Walk { at: self.since, until: self.until };
        let stt = walk.step_to(latest(&milestones.transcripts));
        let asked = walk.at;
        let thinking = walk.step_to(first_token);
        let tools = thinking.and_then(|_| seconds_covered(&milestones.tool_calls, asked, walk.at));
        LatencyStages {
            stt,
            llm: thinking.map(|seconds| seconds - tools.unwrap_or(0.0)),
            tools,
            aggregation: walk.step_to(reply.map(|(start, _)| *start)),
            tts: walk.step_to(reply.and_then(|(_, first_audio)| *first_audio)),
            output: walk.step_to(Some(self.until)),
        }
    }
}

/// Returns the seconds between two moments during which at least one tool call was running; `None` if none was.
fn seconds_covered(tool_calls: &[(Time, Option<Time>)], from: Time, to: Time) -> Option<f64> {
    let mut intervals: Vec<(Time, Time)> = tool_calls
        .iter()
        .map(|(start, end)| ((*start).clamp(from, to), end.unwrap_or(to).clamp(from, to)))
        .filter(|(start, end)| start < end)
        .collect();
    intervals.sort_unstable();
    let mut covered_to = from;
    let mut seconds = 0.0;
    for (start, end) in &intervals {
        seconds += end.seconds_since((*start).max(covered_to)).max(0.0);
        covered_to = covered_to.max(*end);
    }
    (!intervals.is_empty()).then_some(seconds)
}
