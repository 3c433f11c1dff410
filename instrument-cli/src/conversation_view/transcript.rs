//! What was said in a turn, in order: by the user, utterance by utterance; by the bot, reply by reply, with what was cut.
//!
//! A reply is what a model answered and what was synthesized of it: a synthesis belongs to the last answer that had begun
//! by then. In a turn without synthesis, the model's answer is what was said.

use pipecat_instrument_runtime::engine::record::{
    EndReason, LlmRecord, SpanDetails, SpanEventKind, SpanRecord, TtsRecord, TurnRecord,
};
use pipecat_instrument_runtime::engine::time::Time;

use super::unheard_text::unheard;
use super::view_builder::Clock;
use super::{Cut, Line, Ms, Speaker};

/// The lines of a turn whose spans are `spans`, by their start.
pub(super) fn lines(span: &SpanRecord, turn: &TurnRecord, spans: &[SpanRecord], clock: Clock) -> Vec<Line> {
    let mut lines = user_lines(span, turn, spans, clock);
    lines.extend(bot_lines(turn, spans, turn_cut(span, turn), clock));
    lines.sort_by(|a, b| a.at.0.total_cmp(&b.at.0));
    lines
}

fn user_lines(span: &SpanRecord, turn: &TurnRecord, spans: &[SpanRecord], clock: Clock) -> Vec<Line> {
    let line = |at: Time, text: &str| Line {
        who: Speaker::User,
        at: clock.ms(at),
        text: Some(text.to_owned()),
        cut: None,
    };
    let heard = spans.iter().filter_map(|span| match &span.details {
        SpanDetails::Stt(stt) => Some(line(span.start, stt.transcript.as_deref()?)),
        _ => None,
    });
    let heard: Vec<Line> = heard.collect();
    match &turn.input {
        // Typed, or heard by the model itself.
        Some(input) if heard.is_empty() => vec![line(span.start, input)],
        _ => heard,
    }
}

/// One reply of the bot.
#[derive(Default)]
struct Reply<'a> {
    answer: Option<(&'a SpanRecord, &'a LlmRecord)>,
    syntheses: Vec<(&'a SpanRecord, &'a TtsRecord)>,
}

/// When the turn was cut, if it was: what was being heard then was heard no further. A synthesis may have been done by
/// then.
fn turn_cut(span: &SpanRecord, turn: &TurnRecord) -> Option<Time> {
    matches!(turn.end_reason, EndReason::Interrupted | EndReason::Cancelled).then(|| cut_of(span))
}

fn bot_lines(turn: &TurnRecord, spans: &[SpanRecord], turn_cut: Option<Time>, clock: Clock) -> Vec<Line> {
    let replies = replies(spans);
    let spoken = replies.iter().filter(|reply| !reply.syntheses.is_empty()).count();
    let mut lines: Vec<Line> =
        replies.iter().filter_map(|reply| reply.line(turn, spoken, turn_cut, clock)).collect();
    if spoken == 0
        && let Some(output) = &turn.output
        && !lines.iter().any(|line| line.text.is_some())
    {
        // Said without a model of this turn, or by one that was not cut.
        let at = replies.last().and_then(Reply::begins).map_or(Ms::default(), |at| clock.ms(at));
        lines.push(Line { who: Speaker::Bot, at, text: Some(output.clone()), cut: None });
    }
    lines
}

fn replies(spans: &[SpanRecord]) -> Vec<Reply<'_>> {
    let mut replies: Vec<Reply<'_>> = Vec::new();
    for span in spans {
        match &span.details {
            SpanDetails::Llm(llm) if llm.text.is_some() => {
                replies.push(Reply { answer: Some((span, llm)), ..Reply::default() });
            }
            SpanDetails::Tts(tts) => {
                if replies.is_empty() {
                    replies.push(Reply::default());
                }
                replies.iter_mut().rev().take(1).for_each(|reply| reply.syntheses.push((span, tts)));
            }
            _ => {}
        }
    }
    replies
}

impl Reply<'_> {
    /// The line of this reply, in a turn in which so many replies were synthesized.
    fn line(&self, turn: &TurnRecord, spoken: usize, turn_cut: Option<Time>, clock: Clock) -> Option<Line> {
        let cut_at = self.cut_at();
        let said = match (self.syntheses.is_empty(), spoken) {
            (false, 1) | (true, 0) => turn.output.clone(),
            (false, _) => self.outputs(),
            (true, _) => None,
        };
        if cut_at.is_none() && (said.is_none() || (self.syntheses.is_empty() && spoken == 0)) {
            return None;
        }
        let was_heard = said.is_some() || self.played(None).is_some_and(|(played, _)| played.0 > 0.0);
        let cut = cut_at.map(|at| Cut {
            at: clock.ms(turn_cut.filter(|_| was_heard).unwrap_or(at)),
            unheard: self.unheard(said.as_deref()),
            played: self.played(said.as_deref()),
            of: self.played(said.as_deref()).and(self.given().or_else(|| self.answer().map(str::to_owned))),
        });
        Some(Line { who: Speaker::Bot, at: clock.ms(self.begins()?), text: said, cut })
    }

    fn begins(&self) -> Option<Time> {
        let spoken = self.syntheses.first().map(|(span, _)| first_of(span).unwrap_or(span.start));
        spoken.or_else(|| self.answer.map(|(span, _)| first_of(span).unwrap_or(span.start)))
    }

    fn cut_at(&self) -> Option<Time> {
        let synthesis = self.syntheses.iter().find(|(_, tts)| tts.interrupted).map(|(span, _)| cut_of(span));
        synthesis.or_else(|| self.answer.filter(|(_, llm)| llm.interrupted).map(|(span, _)| cut_of(span)))
    }

    fn outputs(&self) -> Option<String> {
        joined(self.syntheses.iter().filter_map(|(_, tts)| tts.output.as_deref()))
    }

    fn unheard(&self, said: Option<&str>) -> Option<String> {
        // Where nobody tells the words that were heard, nobody knows which were lost.
        if self.played(said).is_some_and(|(played, _)| played.0 > 0.0) {
            return None;
        }
        let lost = self.answer().and_then(|answer| unheard(answer, said));
        lost.or_else(|| unheard(&self.given()?, said))
    }

    /// What the model answered.
    fn answer(&self) -> Option<&str> {
        self.answer.and_then(|(_, llm)| llm.text.as_deref())
    }

    /// What synthesis was given.
    fn given(&self) -> Option<String> {
        joined(self.syntheses.iter().filter_map(|(_, tts)| tts.input.as_deref()))
    }

    fn played(&self, said: Option<&str>) -> Option<(Ms, Ms)> {
        if said.is_some() {
            return None;
        }
        let ms = |duration: std::time::Duration| Ms::of_seconds(duration.as_secs_f64());
        let (_, tts) = self.syntheses.iter().find(|(_, tts)| tts.interrupted)?;
        Some((ms(tts.played_duration?), ms(tts.audio_duration?)))
    }
}

fn joined<'a>(texts: impl Iterator<Item = &'a str>) -> Option<String> {
    let texts: Vec<&str> = texts.collect();
    (!texts.is_empty()).then(|| texts.join(" "))
}

/// When the first token or the first audio of a span came.
pub(super) fn first_of(span: &SpanRecord) -> Option<Time> {
    let is_first =
        |what: &SpanEventKind| matches!(what, SpanEventKind::FirstToken | SpanEventKind::FirstAudio);
    span.events.iter().find(|event| is_first(&event.kind)).map(|event| event.at)
}

/// When a span that was cut was cut.
pub(super) fn cut_of(span: &SpanRecord) -> Time {
    let told = span.events.iter().find(|event| matches!(event.kind, SpanEventKind::Interrupted));
    told.map_or(span.end, |event| event.at)
}
