//! Where the time went between the user's last word and the bot's first.

use super::call::Call;
use super::tool::Tool;
use super::turn::Turn;
use super::utterance::Utterance;
use crate::engine::record::{LatencySource, LatencyStages, UserToBotLatency};
use crate::engine::time::Time;

/// From when until when the user waited for the bot.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Waited {
    pub(crate) since: Time,
    pub(crate) until: Time,
    pub(crate) source: LatencySource,
}

/// Walks from one moment to the next. No step goes back or beyond the end, so the steps add up to the whole.
struct Walk {
    at: Time,
    until: Time,
}

impl Walk {
    /// The seconds to `next`, and on from there; nothing, if there is no such moment.
    fn to(&mut self, next: Option<Time>) -> Option<f64> {
        let next = next?.clamp(self.at, self.until);
        let seconds = next.seconds_since(self.at);
        self.at = next;
        Some(seconds)
    }
}

impl Turn {
    /// How long the user waited for the bot, and for what.
    pub(crate) fn latency(&self) -> Option<UserToBotLatency> {
        let waited = self.waited?;
        let seconds = waited.until.seconds_since(waited.since);
        let stages = if seconds < 0.0 { LatencyStages::default() } else { self.stages(waited) };
        Some(UserToBotLatency { seconds, source: waited.source, stages })
    }

    fn stages(&self, Waited { since, until, .. }: Waited) -> LatencyStages {
        let before = |moment: &Time| *moment <= until;
        let transcript = self.utterances.iter().filter_map(Utterance::ended).filter(before).max();
        let tokens = self.calls.iter().filter_map(Call::first_token).chain(self.own_answers());
        let first_token = tokens.filter(before).max();
        // What the bot is heard to say first is the first reply that was synthesized of that answer.
        let of_answer = |start: &Time| before(start) && first_token.is_none_or(|token| *start >= token);
        let syntheses = self.syntheses.iter().map(|synthesis| (synthesis.start, synthesis.first_audio()));
        let replies = syntheses.chain(self.own_replies()).filter(|(start, _)| of_answer(start));
        let reply = replies.min_by_key(|(start, _)| *start);
        let mut walk = Walk { at: since, until };
        let stt = walk.to(transcript);
        let asked = walk.at;
        let thinking = walk.to(first_token);
        let tools = thinking.and_then(|_| self.tools_between(asked, walk.at));
        LatencyStages {
            stt,
            llm: thinking.map(|seconds| seconds - tools.unwrap_or(0.0)),
            tools,
            aggregation: walk.to(reply.map(|(start, _)| start)),
            tts: walk.to(reply.and_then(|(_, first_audio)| first_audio)),
            output: walk.to(Some(until)),
        }
    }

    /// For how long at least one function call was under way between two moments.
    fn tools_between(&self, from: Time, to: Time) -> Option<f64> {
        let mut calls: Vec<(Time, Time)> = self
            .tools
            .iter()
            .map(|tool: &Tool| (tool.start.clamp(from, to), tool.ended().unwrap_or(to).clamp(from, to)))
            .filter(|(start, end)| start < end)
            .collect();
        calls.sort_unstable();
        let mut covered_to = from;
        let mut seconds = 0.0;
        for (start, end) in &calls {
            seconds += end.seconds_since((*start).max(covered_to)).max(0.0);
            covered_to = covered_to.max(*end);
        }
        (!calls.is_empty()).then_some(seconds)
    }
}
