//! The stages of the user-to-bot latency, between the end of the user's voice and the bot's first sound.
//!
//! See [Latency](https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#latency).

use std::time::Duration;

use crate::engine::record::{LatencySource, LatencyStage, StageTime, UserToBotLatency};
use crate::engine::time::Time;

use super::wait::{Milestone, Wait};

/// The setting that makes the end of a voice known only after some silence.
const VAD_STOP_SECS: &str = "VAD stop_secs";

/// The setting that decides when LLM text is given to synthesis.
const TEXT_AGGREGATION: &str = "text_aggregation_mode";

/// The moments of a turn's services that bound the stages of its latency.
#[derive(Debug, Default)]
pub(crate) struct Milestones {
    /// The first token of each LLM call, and the name of the service.
    pub(crate) first_tokens: Vec<(Time, String)>,
    pub(crate) tool_calls: Vec<ToolInterval>,
    pub(crate) syntheses: Vec<SynthesisStart>,
}

/// The time of a tool call.
#[derive(Debug)]
pub(crate) struct ToolInterval {
    pub(crate) start: Time,
    /// Its end; `None` if it is running.
    pub(crate) end: Option<Time>,
    pub(crate) name: String,
}

/// The beginning of a synthesis.
#[derive(Debug)]
pub(crate) struct SynthesisStart {
    pub(crate) start: Time,
    pub(crate) first_audio: Option<Time>,
    /// The name of the service.
    pub(crate) service: String,
}

/// The names of the processors and settings that are responsible for a wait.
pub(crate) trait Owners {
    /// Returns the name of the processor that caused `milestone`.
    fn processor(&self, milestone: Milestone) -> Option<String>;

    /// Returns the name of the service or setting that decides that the user has stopped, which was announced by
    /// `user_stopped`.
    fn turn_detection(&self, user_stopped: Milestone) -> Option<String>;

    /// Returns the name of the output transport, which announced the bot with `bot_started`.
    fn output(&self, bot_started: Milestone) -> Option<String>;
}

/// Walks from moment to moment. No step leads back or beyond the end, so that the stages add up to the complete wait.
struct Walk {
    at: Time,
    until: Time,
    /// The time of no stage.
    rest: Duration,
    stages: Vec<StageTime>,
}

impl Walk {
    /// Advances to `next`, and returns the time until then.
    fn advance(&mut self, next: Time) -> Duration {
        let next = next.clamp(self.at, self.until);
        let time = next.since(self.at);
        self.at = next;
        time
    }

    /// Adds a stage that ends with `next`.
    fn add(&mut self, stage: LatencyStage, next: Time, owner: Option<String>) {
        let time = self.advance(next);
        self.stages.push(StageTime { stage, seconds: time.as_secs_f64(), owner });
    }

    /// Advances to `next`; the time until then is of no stage.
    fn skip_to(&mut self, next: Time) {
        let time = self.advance(next);
        self.rest += time;
    }

    /// Adds the stage of a model that ends with `next`, and the tool calls within it as a stage of their own.
    fn add_model(&mut self, next: Time, owner: Option<String>, tool_calls: &[ToolInterval]) {
        let asked = self.at;
        let time = self.advance(next);
        let tools = covered(tool_calls, asked, self.at);
        let thinking = time - tools.as_ref().map_or(Duration::ZERO, |(time, _)| *time);
        self.stages.push(StageTime { stage: LatencyStage::Llm, seconds: thinking.as_secs_f64(), owner });
        if let Some((time, slowest)) = tools {
            let owner = Some(slowest);
            self.stages.push(StageTime { stage: LatencyStage::Tools, seconds: time.as_secs_f64(), owner });
        }
    }

    fn finish(mut self) -> Vec<StageTime> {
        self.skip_to(self.until);
        let seconds = self.rest.as_secs_f64();
        self.stages.push(StageTime { stage: LatencyStage::Pipeline, seconds, owner: None });
        self.stages
    }
}

impl Wait {
    /// Returns the wait in seconds, divided into stages.
    pub(crate) fn latency(&self, milestones: &Milestones, owners: &impl Owners) -> UserToBotLatency {
        let seconds = self.until.seconds_since(self.since);
        let stages = if self.until < self.since { Vec::new() } else { self.stages(milestones, owners) };
        UserToBotLatency { seconds, source: self.source, stages }
    }

    fn stages(&self, milestones: &Milestones, owners: &impl Owners) -> Vec<StageTime> {
        let mut walk =
            Walk { at: self.since, until: self.until, rest: Duration::ZERO, stages: Vec::with_capacity(9) };
        let detection = (self.source == LatencySource::Vad).then(|| VAD_STOP_SECS.to_owned());
        walk.add(LatencyStage::Endpointing, self.voice_stopped, detection);
        let output = || owners.output(self.bot_started);
        if let Some(audio) = self.live_audio {
            walk.add_model(audio.at, owners.processor(audio), &milestones.tool_calls);
            walk.add(LatencyStage::Output, self.until, output());
            return walk.finish();
        }
        if let Some(transcript) = self.transcript {
            walk.add(LatencyStage::Transcription, transcript.at, owners.processor(transcript));
        }
        if let Some(asked) = self.asked {
            let owner = self.user_stopped.and_then(|stopped| owners.turn_detection(stopped));
            walk.add(LatencyStage::TurnDetection, asked, owner);
        }
        let reply = self.first_reply(&milestones.syntheses);
        let answer = self.answer_before(reply.map_or(self.until, |reply| reply.start), milestones);
        if let Some((token, service)) = answer {
            walk.add_model(*token, Some(service.clone()), &milestones.tool_calls);
        }
        if let Some(reply) = reply {
            match answer {
                Some(_) => {
                    walk.add(LatencyStage::Aggregation, reply.start, Some(TEXT_AGGREGATION.to_owned()))
                }
                // The application has the text spoken: nothing is aggregated.
                None => walk.skip_to(reply.start),
            }
            if let Some(audio) = reply.first_audio {
                walk.add(LatencyStage::Tts, audio, Some(reply.service.clone()));
                walk.add(LatencyStage::Output, self.until, output());
            }
        }
        walk.finish()
    }

    /// Returns the synthesis that the bot speaks first: the first audible one of those since the request.
    fn first_reply<'a>(&self, syntheses: &'a [SynthesisStart]) -> Option<&'a SynthesisStart> {
        let is_of_request = |reply: &&SynthesisStart| {
            reply.start <= self.until && self.asked.is_none_or(|asked| asked <= reply.start)
        };
        let replies = || syntheses.iter().filter(is_of_request);
        let audio_of = |reply: &&SynthesisStart| reply.first_audio.filter(|audio| *audio <= self.until);
        let audible = replies().filter(|reply| audio_of(reply).is_some());
        audible.min_by_key(audio_of).or_else(|| replies().min_by_key(|reply| reply.start))
    }

    /// Returns the first token of the response that is spoken: the latest one since the request and until `moment`.
    fn answer_before<'a>(&self, moment: Time, milestones: &'a Milestones) -> Option<&'a (Time, String)> {
        let is_answer =
            |(token, _): &&(Time, String)| *token <= moment && self.asked.is_none_or(|asked| asked <= *token);
        milestones.first_tokens.iter().filter(is_answer).max_by_key(|(token, _)| *token)
    }
}

/// Returns the time between two moments during which at least one tool call was running, and the name of the tool that
/// took longest; `None` if none was running.
fn covered(tool_calls: &[ToolInterval], from: Time, to: Time) -> Option<(Duration, String)> {
    let within = |call: &ToolInterval| (call.start.clamp(from, to), call.end.unwrap_or(to).clamp(from, to));
    let slowest = tool_calls.iter().max_by_key(|call| {
        let (start, end) = within(call);
        end.since(start)
    })?;
    let mut intervals: Vec<(Time, Time)> =
        tool_calls.iter().map(within).filter(|(start, end)| start < end).collect();
    intervals.sort_unstable();
    let mut covered_to = from;
    let mut time = Duration::ZERO;
    for (start, end) in &intervals {
        time += end.since((*start).max(covered_to));
        covered_to = covered_to.max(*end);
    }
    (!intervals.is_empty()).then(|| (time, slowest.name.clone()))
}
