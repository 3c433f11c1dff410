//! Builds the view of a conversation from the records of its replay.

use std::collections::HashMap;
use std::time::Duration;

use pipecat_instrument_runtime::engine::record::{
    EndReason, Initiator, LatencySource, Recording, SpanDetails, SpanEventKind, SpanKey, SpanRecord,
    SpanSink, SpanStart, Status, TurnNumber, TurnRecord, UserRepeats, UserToBotLatency,
};
use pipecat_instrument_runtime::engine::speech::{self, SpeechChange};
use pipecat_instrument_runtime::engine::time::Time;
use pipecat_instrument_runtime::frame_log::{FrameLogReadError, replay};
use pipecat_instrument_runtime::privacy::Privacy;

use super::span_details::DetailsView;
use super::transcript::{first_output_at, interrupted_at, transcript};
use super::{
    Clock, ConversationView, ErrorView, LatencyView, Ms, RepeatsView, SpanView, Speaker, SpeechInterval,
    StageView, Totals, TurnEnd, TurnView,
};
use crate::replayer::config;
use crate::source::Source;

/// Reads logs into views, all with the same settings.
#[derive(Debug)]
pub(crate) struct ViewReader {
    turn_end_timeout: Option<Duration>,
    privacy: Privacy,
}

impl ViewReader {
    /// Creates a reader with the privacy settings of the environment. `turn_end_timeout` replaces the one of each log.
    pub(crate) fn from_env(turn_end_timeout: Option<Duration>) -> Self {
        Self { turn_end_timeout, privacy: Privacy::from_env() }
    }

    /// Reads the log at `source`.
    pub(crate) fn read(&self, source: &Source) -> Result<ConversationView, FrameLogReadError> {
        let mut reader = source.open()?;
        let header = reader.header().clone();
        let mut builder = ViewBuilder::new(self.privacy.clone());
        let log = replay(&mut reader, config(&header, self.turn_end_timeout), &mut builder);
        let began = log.first_event.unwrap_or(header.begun);
        let end = log.last_event.unwrap_or(began);
        let clock = Clock { began };
        let turns = builder.turns(clock);
        Ok(ConversationView {
            id: header.conversation_id.unwrap_or_else(|| source.name()),
            writer: header.writer,
            began_unix_ms: began.as_unix_nanos() / 1_000_000,
            duration: clock.ms(end),
            totals: Totals::of(&turns, builder.tokens_cached()),
            turns,
            speech: builder.speech(clock, end),
            log,
        })
    }
}

/// Collects the spans of a conversation by turn, and the intervals of speech.
struct ViewBuilder {
    privacy: Privacy,
    turn_of: HashMap<SpanKey, TurnNumber>,
    /// Ended spans of turns that have not ended.
    waiting: HashMap<TurnNumber, Vec<SpanRecord>>,
    /// Ended turns, each with its spans in the order of their start.
    turns: Vec<(SpanRecord, Vec<SpanRecord>)>,
    speech: Vec<SpeechTimes>,
}

struct SpeechTimes {
    who: Speaker,
    start: Time,
    /// `None` until the speech stops.
    stop: Option<Time>,
}

impl SpanSink for ViewBuilder {
    fn start(&mut self, start: SpanStart) -> Recording {
        self.turn_of.insert(start.key, start.turn);
        Recording::Yes
    }

    fn end(&mut self, record: SpanRecord) {
        let Some(number) = self.turn_of.remove(&record.key) else { return };
        let record = self.privacy.redact_record(record);
        if matches!(record.details, SpanDetails::Turn(_)) {
            let mut spans = self.waiting.remove(&number).unwrap_or_default();
            spans.sort_by_key(|span| span.start);
            self.turns.push((record, spans));
        } else {
            self.waiting.entry(number).or_default().push(record);
        }
    }

    fn speech(&mut self, speech: speech::Speech) {
        let who = match speech.who {
            speech::Speaker::User => Speaker::User,
            speech::Speaker::Bot => Speaker::Bot,
        };
        let last = self.speech.iter_mut().rev().find(|times| times.who == who);
        match (speech.change, last) {
            (SpeechChange::Starts, Some(SpeechTimes { stop: None, .. })) | (SpeechChange::Stops, None) => {}
            (SpeechChange::Starts, _) => {
                self.speech.push(SpeechTimes { who, start: speech.at, stop: None });
            }
            // After a second stop, the speech counts as ending there.
            (SpeechChange::Stops, Some(SpeechTimes { start, stop, .. })) => {
                *stop = Some(speech.at.max(*start)).max(*stop);
            }
        }
    }
}

impl ViewBuilder {
    fn new(privacy: Privacy) -> Self {
        Self {
            privacy,
            turn_of: HashMap::new(),
            waiting: HashMap::new(),
            turns: Vec::new(),
            speech: Vec::new(),
        }
    }

    fn turns(&self, clock: Clock) -> Vec<TurnView> {
        let bot_speech = self.speech.iter().filter(|speech| speech.who == Speaker::Bot);
        let bot_starts: Vec<Time> = bot_speech.map(|speech| speech.start).collect();
        let view = |(record, spans): &(SpanRecord, Vec<SpanRecord>)| match &record.details {
            SpanDetails::Turn(turn) => Some(turn_view(record, turn, spans, &bot_starts, clock)),
            _ => None,
        };
        let mut turns: Vec<TurnView> = self.turns.iter().filter_map(view).collect();
        turns.sort_by_key(|turn| turn.number);
        turns
    }

    fn speech(&self, clock: Clock, end: Time) -> Vec<SpeechInterval> {
        let intervals = self.speech.iter().map(|&SpeechTimes { who, start, stop }| SpeechInterval {
            who,
            start: clock.ms(start),
            end: clock.ms(stop.unwrap_or(end).max(start)),
        });
        intervals.collect()
    }

    fn tokens_cached(&self) -> u64 {
        let spans = self.turns.iter().flat_map(|(_, spans)| spans);
        let cached = spans.filter_map(|span| match &span.details {
            SpanDetails::Llm(llm) => llm.usage?.cache_read,
            _ => None,
        });
        cached.sum()
    }
}

fn turn_view(
    record: &SpanRecord,
    turn: &TurnRecord,
    spans: &[SpanRecord],
    bot_starts: &[Time],
    clock: Clock,
) -> TurnView {
    let (mut tokens_in, mut tokens_out, mut characters) = (0, 0, 0);
    for span in spans {
        match &span.details {
            SpanDetails::Llm(llm) => {
                let usage = llm.usage.unwrap_or_default();
                tokens_in += usage.prompt;
                tokens_out += usage.completion;
            }
            SpanDetails::Tts(tts) => characters += tts.characters.unwrap_or_default(),
            SpanDetails::Turn(_) | SpanDetails::Stt(_) | SpanDetails::Tool(_) => {}
        }
    }
    let lines = transcript(record, turn, spans, bot_starts, clock);
    let latency = turn.latency.as_ref().map(|latency| latency_view(record, latency, bot_starts, clock));
    let mut errors = error_views(record, clock);
    let spans: Vec<SpanView> = spans.iter().filter_map(|span| span_view(span, clock)).collect();
    errors.extend(spans.iter().flat_map(|span| span.errors.iter().cloned()));
    errors.sort_by(|a, b| a.at.0.total_cmp(&b.at.0));
    TurnView {
        number: turn.number.0,
        start: clock.ms(record.start),
        end: clock.ms(record.end),
        ended: match turn.end_reason {
            EndReason::Completed => TurnEnd::Completed,
            EndReason::Interrupted => TurnEnd::Interrupted,
            EndReason::Ended => TurnEnd::Ended,
            EndReason::Cancelled => TurnEnd::Cancelled,
        },
        lines,
        latency,
        initiator: match turn.initiator {
            Initiator::User => "user",
            Initiator::Bot => "bot",
        },
        repeats: turn.repeats.map(|UserRepeats { count, wait_seconds }| RepeatsView {
            count,
            wait: wait_seconds.map(Ms::from_seconds),
        }),
        spans,
        errors,
        tokens_in,
        tokens_out,
        characters,
    }
}

fn latency_view(
    turn: &SpanRecord,
    latency: &UserToBotLatency,
    bot_starts: &[Time],
    clock: Clock,
) -> LatencyView {
    let first_in_turn = bot_starts.iter().copied().find(|start| (turn.start..=turn.end).contains(start));
    LatencyView {
        until: clock.ms(first_in_turn.unwrap_or(turn.end)),
        total: Ms::from_seconds(latency.seconds),
        source: match latency.source {
            LatencySource::Vad => "vad",
            LatencySource::UserStopped => "user_stopped",
        },
        stages: latency.stages.iter().map(StageView::from).collect(),
    }
}

fn span_view(record: &SpanRecord, clock: Clock) -> Option<SpanView> {
    let DetailsView { lane, name, model, input, output, is_interrupted, details } =
        DetailsView::of(&record.details)?;
    Some(SpanView {
        lane,
        start: clock.ms(record.start),
        end: clock.ms(record.end),
        name,
        model,
        first: first_output_at(record).map(|at| clock.ms(at)),
        input,
        output,
        interrupted_at: is_interrupted.then(|| clock.ms(interrupted_at(record))),
        errors: error_views(record, clock),
        details,
    })
}

/// Returns the exceptions of a span, or else its error status.
fn error_views(span: &SpanRecord, clock: Clock) -> Vec<ErrorView> {
    let view = |at: Time, kind: &str, message: &str| ErrorView {
        at: clock.ms(at),
        kind: kind.to_owned(),
        message: message.to_owned(),
    };
    let exceptions = span.events.iter().filter_map(|event| match &event.kind {
        SpanEventKind::Exception { message, error_type } => Some(view(event.at, error_type, message)),
        _ => None,
    });
    let exceptions: Vec<ErrorView> = exceptions.collect();
    match &span.status {
        Status::Error { message, error_type } if exceptions.is_empty() => {
            vec![view(span.end, error_type, message)]
        }
        _ => exceptions,
    }
}
