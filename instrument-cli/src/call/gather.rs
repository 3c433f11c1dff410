//! From records to a call.

use std::collections::HashMap;

use pipecat_instrument_runtime::engine::record::{
    EndReason, LatencySource, Recording, SpanDetails, SpanEventKind, SpanKey, SpanRecord, SpanSink,
    SpanStart, Status, TurnNumber, TurnRecord, UserToBotLatency,
};
use pipecat_instrument_runtime::engine::speech::{self, SpeechChange};
use pipecat_instrument_runtime::engine::time::Time;
use pipecat_instrument_runtime::privacy::Privacy;

use super::lines::{cut_of, first_of, lines};
use super::service::told;
use super::{Fault, Latency, Ms, Span, Speaker, Speech, Stage, Turn, TurnEnd};

/// Times as milliseconds of one call.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    began: Time,
}

impl Clock {
    pub(super) const fn new(began: Time) -> Self {
        Self { began }
    }

    pub(super) fn ms(self, at: Time) -> Ms {
        Ms::of_seconds(at.seconds_since(self.began))
    }
}

/// Takes the spans of a conversation, and what was heard, and makes turns of them.
pub(super) struct Gatherer {
    clock: Clock,
    privacy: Privacy,
    turn_of: HashMap<SpanKey, TurnNumber>,
    /// Spans that have ended before their turn.
    waiting: HashMap<TurnNumber, Vec<SpanRecord>>,
    /// The spans of turns, and the spans in them.
    ended: Vec<(SpanRecord, Vec<SpanRecord>)>,
    turns: Vec<Turn>,
    tokens_cached: u64,
    speech: Vec<(Speaker, Time, Option<Time>)>,
}

impl Gatherer {
    /// Of a call of which no more than `privacy` lets out is kept.
    pub(super) fn new(privacy: Privacy) -> Self {
        Self {
            clock: Clock { began: Time::default() },
            privacy,
            turn_of: HashMap::new(),
            waiting: HashMap::new(),
            ended: Vec::new(),
            turns: Vec::new(),
            tokens_cached: 0,
            speech: Vec::new(),
        }
    }

    /// The turns, who was to be heard, and how many tokens came from a cache, of a call from `began` to `end`.
    pub(super) fn finish(mut self, began: Time, end: Time) -> (Vec<Turn>, Vec<Speech>, u64) {
        self.clock = Clock { began };
        for (turn, spans) in std::mem::take(&mut self.ended) {
            if let SpanDetails::Turn(details) = &turn.details {
                self.turn(&turn, details, spans);
            }
        }
        self.turns.sort_by_key(|turn| turn.number);
        let clock = self.clock;
        let speech = self.speech.into_iter().map(|(who, start, stop)| Speech {
            who,
            start: clock.ms(start),
            end: clock.ms(stop.unwrap_or(end).max(start)),
        });
        (self.turns, speech.collect(), self.tokens_cached)
    }

    fn turn(&mut self, span: &SpanRecord, turn: &TurnRecord, mut spans: Vec<SpanRecord>) {
        spans.sort_by_key(|span| span.start);
        let (tokens_in, tokens_out, characters) = self.usage(&spans);
        let lines = lines(span, turn, &spans, self.clock);
        let latency = turn.latency.map(|latency| self.latency(span, &latency));
        let mut errors = self.faults(span);
        let spans: Vec<Span> = spans.into_iter().filter_map(|span| self.span(span)).collect();
        errors.extend(spans.iter().flat_map(|span| span.errors.iter().cloned()));
        errors.sort_by(|a, b| a.at.0.total_cmp(&b.at.0));
        self.turns.push(Turn {
            number: turn.number.0,
            start: self.clock.ms(span.start),
            end: self.clock.ms(span.end),
            ended: ended(turn.end_reason),
            lines,
            latency,
            spans,
            errors,
            tokens_in,
            tokens_out,
            characters,
        });
    }

    fn usage(&mut self, spans: &[SpanRecord]) -> (u64, u64, u64) {
        let (mut sent, mut received, mut characters) = (0, 0, 0);
        for span in spans {
            match &span.details {
                SpanDetails::Llm(llm) => {
                    let usage = llm.usage.unwrap_or_default();
                    sent += usage.prompt;
                    received += usage.completion;
                    self.tokens_cached += usage.cache_read.unwrap_or_default();
                }
                SpanDetails::Tts(tts) => characters += tts.characters.unwrap_or_default(),
                SpanDetails::Turn(_) | SpanDetails::Stt(_) | SpanDetails::Tool(_) => {}
            }
        }
        (sent, received, characters)
    }

    fn span(&self, record: SpanRecord) -> Option<Span> {
        let (first, cut_at, errors) = (first_of(&record), cut_of(&record), self.faults(&record));
        let (start, end) = (self.clock.ms(record.start), self.clock.ms(record.end));
        let told = told(record.details)?;
        Some(Span {
            lane: told.lane,
            start,
            end,
            who: told.who,
            model: told.model,
            first: first.map(|at| self.clock.ms(at)),
            input: told.input,
            output: told.output,
            cut: told.is_cut.then(|| self.clock.ms(cut_at)),
            errors,
            facts: told.facts,
        })
    }

    /// The exceptions of a span; where it has none, its status.
    fn faults(&self, span: &SpanRecord) -> Vec<Fault> {
        let exceptions = span.events.iter().filter_map(|event| match &event.kind {
            SpanEventKind::Exception { message, error_type } => Some(Fault {
                at: self.clock.ms(event.at),
                kind: error_type.clone(),
                message: message.clone(),
            }),
            _ => None,
        });
        let exceptions: Vec<Fault> = exceptions.collect();
        match &span.status {
            Status::Error { message, error_type } if exceptions.is_empty() => vec![Fault {
                at: self.clock.ms(span.end),
                kind: error_type.clone(),
                message: message.clone(),
            }],
            _ => exceptions,
        }
    }

    fn latency(&self, turn: &SpanRecord, latency: &UserToBotLatency) -> Latency {
        let heard = |(who, start, _): &(Speaker, Time, Option<Time>)| {
            (*who == Speaker::Bot && (turn.start..=turn.end).contains(start)).then_some(*start)
        };
        let stages = latency.stages.named();
        Latency {
            until: self.clock.ms(self.speech.iter().find_map(heard).unwrap_or(turn.end)),
            whole: Ms::of_seconds(latency.seconds),
            source: match latency.source {
                LatencySource::Vad => "vad",
                LatencySource::UserStopped => "user_stopped",
            },
            stages: stages
                .into_iter()
                .filter_map(|(name, seconds)| Some(Stage { name, time: Ms::of_seconds(seconds?) }))
                .collect(),
        }
    }
}

impl SpanSink for Gatherer {
    fn start(&mut self, start: SpanStart) -> Recording {
        self.turn_of.insert(start.key, start.turn);
        Recording::Yes
    }

    fn end(&mut self, record: SpanRecord) {
        let Some(number) = self.turn_of.remove(&record.key) else { return };
        let record = self.privacy.redact_record(record);
        match &record.details {
            SpanDetails::Turn(_) => {
                let spans = self.waiting.remove(&number).unwrap_or_default();
                self.ended.push((record, spans));
            }
            _ => self.waiting.entry(number).or_default().push(record),
        }
    }

    fn speech(&mut self, speech: speech::Speech) {
        let who = match speech.who {
            speech::Speaker::User => Speaker::User,
            speech::Speaker::Bot => Speaker::Bot,
        };
        let last = self.speech.iter_mut().rev().find(|(other, _, _)| *other == who);
        match (speech.change, last) {
            (SpeechChange::Starts, Some((_, _, None))) | (SpeechChange::Stops, None) => {}
            (SpeechChange::Starts, _) => self.speech.push((who, speech.at, None)),
            // A second stop says that it went on until then.
            (SpeechChange::Stops, Some((_, start, stop))) => {
                *stop = Some(speech.at.max(*start)).max(*stop);
            }
        }
    }
}

const fn ended(reason: EndReason) -> TurnEnd {
    match reason {
        EndReason::Completed => TurnEnd::Completed,
        EndReason::Interrupted => TurnEnd::Interrupted,
        EndReason::Ended => TurnEnd::Ended,
        EndReason::Cancelled => TurnEnd::Cancelled,
    }
}
