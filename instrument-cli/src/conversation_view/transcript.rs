//! The transcript of a turn, in order: the utterances of the user and the replies of the bot, with their interruptions.
//!
//! A reply consists of an answer of a language model and its syntheses: a synthesis belongs to the last answer that had
//! begun before it. In a turn without synthesis, the answer counts as spoken.
//!
//! Many services report the words of a sentence only when all of it was played. If a reply is interrupted before that,
//! its line states how much of the audio was played.

use std::time::Duration;

use pipecat_instrument_runtime::engine::record::{
    EndReason, LlmRecord, SpanDetails, SpanEventKind, SpanRecord, TtsRecord, TurnRecord,
};
use pipecat_instrument_runtime::engine::time::Time;

use super::{Clock, Interruption, Ms, Speaker, TranscriptLine};

/// Returns the lines of a turn. `spans` are its spans in the order of their start, and `bot_starts` are the times at which
/// the bot started to speak.
pub(super) fn transcript(
    span: &SpanRecord,
    turn: &TurnRecord,
    spans: &[SpanRecord],
    bot_starts: &[Time],
    clock: Clock,
) -> Vec<TranscriptLine> {
    let mut lines = user_lines(span, turn, spans, clock);
    lines.extend(bot_lines(turn, spans, turn_interrupted_at(span, turn), bot_starts, clock));
    lines.sort_by(|a, b| a.at.0.total_cmp(&b.at.0));
    lines
}

fn user_lines(
    span: &SpanRecord,
    turn: &TurnRecord,
    spans: &[SpanRecord],
    clock: Clock,
) -> Vec<TranscriptLine> {
    let line = |at: Time, text: &str| TranscriptLine {
        who: Speaker::User,
        at: clock.ms(at),
        text: Some(text.to_owned()),
        interruption: None,
    };
    let heard = spans.iter().filter_map(|span| match &span.details {
        SpanDetails::Stt(stt) => Some(line(span.start, stt.transcript.as_deref()?)),
        _ => None,
    });
    let heard: Vec<TranscriptLine> = heard.collect();
    match &turn.input {
        // The user typed it, or a speech-to-speech model heard it.
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

/// Returns the time at which the turn was interrupted, if it was. Playback stopped then; the synthesis may have been
/// complete already.
fn turn_interrupted_at(span: &SpanRecord, turn: &TurnRecord) -> Option<Time> {
    matches!(turn.end_reason, EndReason::Interrupted | EndReason::Cancelled).then(|| interrupted_at(span))
}

fn bot_lines(
    turn: &TurnRecord,
    spans: &[SpanRecord],
    turn_interrupted_at: Option<Time>,
    bot_starts: &[Time],
    clock: Clock,
) -> Vec<TranscriptLine> {
    let replies = replies(spans);
    let spoken_replies = replies.iter().filter(|reply| !reply.syntheses.is_empty()).count();
    let mut lines: Vec<TranscriptLine> = replies
        .iter()
        .filter_map(|reply| reply.line(turn, spoken_replies, turn_interrupted_at, bot_starts, clock))
        .collect();
    if spoken_replies == 0
        && let Some(output) = &turn.output
        && !lines.iter().any(|line| line.text.is_some())
    {
        // Spoken without a model of this turn, or by a model that was not interrupted.
        let at = replies.last().and_then(Reply::begins).map_or(Ms::default(), |at| clock.ms(at));
        lines.push(TranscriptLine { who: Speaker::Bot, at, text: Some(output.clone()), interruption: None });
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
    /// Returns the line of this reply, in a turn with `spoken_replies` synthesized replies.
    fn line(
        &self,
        turn: &TurnRecord,
        spoken_replies: usize,
        turn_interrupted_at: Option<Time>,
        bot_starts: &[Time],
        clock: Clock,
    ) -> Option<TranscriptLine> {
        let interrupted_at = self.interrupted_at();
        let heard = match (self.syntheses.is_empty(), spoken_replies) {
            (false, 1) | (true, 0) => turn.output.clone(),
            (false, _) => self.outputs(),
            (true, _) => None,
        };
        if interrupted_at.is_none() && (heard.is_none() || (self.syntheses.is_empty() && spoken_replies == 0))
        {
            return None;
        }
        let played = if heard.is_some() { None } else { self.played(turn_interrupted_at, bot_starts) };
        let is_partly_played = played.is_some_and(|(played, _)| !played.is_zero());
        let is_heard = heard.is_some() || is_partly_played;
        let ms = |duration: Duration| Ms::from_seconds(duration.as_secs_f64());
        let interruption = interrupted_at.map(|at| Interruption {
            at: clock.ms(turn_interrupted_at.filter(|_| is_heard).unwrap_or(at)),
            // If the heard words are unknown, so is the rest.
            unheard: if is_partly_played { None } else { self.unheard(heard.as_deref()) },
            played: played.map(|(played, total)| (ms(played), ms(total))),
            intended: played.and(self.input().or_else(|| self.answer().map(str::to_owned))),
        });
        Some(TranscriptLine { who: Speaker::Bot, at: clock.ms(self.begins()?), text: heard, interruption })
    }

    fn begins(&self) -> Option<Time> {
        let spoken = self.syntheses.first().map(|(span, _)| first_output_at(span).unwrap_or(span.start));
        spoken.or_else(|| self.answer.map(|(span, _)| first_output_at(span).unwrap_or(span.start)))
    }

    fn interrupted_at(&self) -> Option<Time> {
        let synthesis =
            self.syntheses.iter().find(|(_, tts)| tts.interrupted).map(|(span, _)| interrupted_at(span));
        synthesis
            .or_else(|| self.answer.filter(|(_, llm)| llm.interrupted).map(|(span, _)| interrupted_at(span)))
    }

    fn outputs(&self) -> Option<String> {
        joined(self.syntheses.iter().filter_map(|(_, tts)| tts.output.as_deref()))
    }

    fn unheard(&self, heard: Option<&str>) -> Option<String> {
        let unheard = self.answer().and_then(|answer| unheard_text(answer, heard));
        unheard.or_else(|| unheard_text(&self.input()?, heard))
    }

    /// Returns the answer of the model.
    fn answer(&self) -> Option<&str> {
        self.answer.and_then(|(_, llm)| llm.text.as_deref())
    }

    /// Returns the text that was synthesized.
    fn input(&self) -> Option<String> {
        joined(self.syntheses.iter().filter_map(|(_, tts)| tts.input.as_deref()))
    }

    /// Returns the played and the total duration of the interrupted synthesis. `None` if the bot was speaking already when
    /// its audio came: then the bot spoke another reply.
    fn played(&self, turn_interrupted_at: Option<Time>, bot_starts: &[Time]) -> Option<(Duration, Duration)> {
        let &(span, tts) = self.syntheses.iter().find(|(_, tts)| tts.interrupted)?;
        let total = tts.audio_duration?;
        let from_speech = || {
            let until = turn_interrupted_at.unwrap_or_else(|| interrupted_at(span));
            let first_audio = first_output_at(span)?;
            let start = bot_starts.iter().find(|start| (first_audio..until).contains(start))?;
            Some(until.since(*start).min(total))
        };
        Some((tts.played_duration.or_else(from_speech)?, total))
    }
}

fn joined<'a>(texts: impl Iterator<Item = &'a str>) -> Option<String> {
    let texts: Vec<&str> = texts.collect();
    (!texts.is_empty()).then(|| texts.join(" "))
}

/// Returns the time of the first token or the first audio of a span.
pub(super) fn first_output_at(span: &SpanRecord) -> Option<Time> {
    let is_first =
        |kind: &SpanEventKind| matches!(kind, SpanEventKind::FirstToken | SpanEventKind::FirstAudio);
    span.events.iter().find(|event| is_first(&event.kind)).map(|event| event.at)
}

/// Returns the time at which a span was interrupted.
pub(super) fn interrupted_at(span: &SpanRecord) -> Time {
    let event = span.events.iter().find(|event| matches!(event.kind, SpanEventKind::Interrupted));
    event.map_or(span.end, |event| event.at)
}

/// Returns the part of `text` after the part that was `heard`; `None` if there is none, or if `text` does not begin
/// with `heard`. Ignores whitespace, as services differ in where they put it.
fn unheard_text(text: &str, heard: Option<&str>) -> Option<String> {
    let mut rest = text.char_indices().filter(|(_, c)| !c.is_whitespace());
    let mut end = 0;
    for heard_char in heard.unwrap_or_default().chars().filter(|c| !c.is_whitespace()) {
        let (at, c) = rest.next()?;
        if c != heard_char {
            return None;
        }
        end = at + c.len_utf8();
    }
    let unheard = text[end..].trim();
    (!unheard.is_empty()).then(|| unheard.to_owned())
}

#[cfg(test)]
mod tests {
    use super::unheard_text;

    #[test]
    fn the_text_after_the_heard_words_is_unheard() {
        for (text, heard, unheard) in [
            ("Once upon a time.", Some("Once upon"), Some("a time.")),
            ("Once upon  a\ntime.", Some("Once upon a"), Some("time.")),
            ("今日は晴れです。", Some("今日は"), Some("晴れです。")),
            ("Once upon a time.", None, Some("Once upon a time.")),
            ("Once upon a time.", Some("Once upon a time."), None),
            ("Once upon a time.", Some("Something else"), None),
            ("Once", Some("Once upon"), None),
            ("", None, None),
        ] {
            assert_eq!(unheard_text(text, heard).as_deref(), unheard, "{text} {heard:?}");
        }
    }
}
