//! Merges an operation into a later one, or into a record that was made from frames.

use std::sync::Arc;

use super::{Operation, OperationInfo, OperationInput, Outcome, audio_seconds, characters, tokens};
use crate::engine::frame::{Measurement, Metric, Processor, Spacing};
use crate::engine::measurements::Measurements;
use crate::engine::record::{SpanDetails, SpanEvent, SpanEventKind, SpanRecord, Status};
use crate::engine::text::JoinedText;

impl Operation {
    /// Merges later work of the same span, for example the next sentence of a reply.
    pub(crate) fn merge(&mut self, later: &Self) {
        self.info.merge(&later.info);
        let ended = self.end.take();
        self.end = match (ended, later.end.clone()) {
            (Some((_, mut outcome)), Some((at, more))) => {
                outcome.merge(more);
                Some((at, outcome))
            }
            (ended, later) => ended.or(later),
        };
    }

    /// Fills the missing fields of `record`, which was made from frames of the same work.
    pub fn merge_into(&self, record: &mut SpanRecord) {
        match &mut record.details {
            SpanDetails::Stt(stt) => {
                self.merge_service(&mut stt.service);
                fill(&mut stt.times.ttfb, self.ttfb());
                if let Some(outcome) = self.outcome() {
                    if stt.transcript.is_none() && outcome.text.is_some() {
                        stt.transcript.clone_from(&outcome.text);
                        stt.is_final = true;
                    }
                    fill(&mut stt.audio_seconds, outcome.usage.and_then(audio_seconds));
                }
            }
            SpanDetails::Llm(llm) => {
                self.merge_service(&mut llm.service);
                fill(&mut llm.times.ttfb, self.ttfb());
                if llm.request.message_count == 0 {
                    llm.request = self.info.input.clone().into_request();
                }
                if let Some(outcome) = self.outcome() {
                    if llm.text.is_none() && llm.tool_calls.is_empty() {
                        llm.text.clone_from(&outcome.text);
                        llm.tool_calls.clone_from(&outcome.tool_calls);
                    }
                    fill(&mut llm.usage, outcome.usage.and_then(tokens));
                }
            }
            SpanDetails::Tts(tts) => {
                // Only frames contain the spoken text, so the output is not filled.
                self.merge_service(&mut tts.service);
                fill(&mut tts.times.ttfb, self.ttfb());
                fill(&mut tts.input, self.info.input.clone().into_text());
                let usage = self.outcome().and_then(|outcome| outcome.usage);
                fill(&mut tts.characters, usage.and_then(characters));
            }
            SpanDetails::Turn(_) | SpanDetails::Tool(_) => return,
        }
        self.merge_failure(record);
    }

    fn merge_service(&self, service: &mut Arc<Processor>) {
        let OperationInfo { provider, model, voice, language, .. } = &self.info;
        let known = [&service.provider, &service.model, &service.voice, &service.language];
        if [provider, model, voice, language]
            .iter()
            .zip(known)
            .any(|(new, known)| new.is_some() && known.is_none())
        {
            let service = Arc::make_mut(service);
            fill(&mut service.provider, provider.clone());
            fill(&mut service.model, model.clone());
            fill(&mut service.voice, voice.clone());
            fill(&mut service.language, language.clone());
        }
    }

    /// Adds the error, unless an error frame reported it already.
    fn merge_failure(&self, record: &mut SpanRecord) {
        let Some((at, failure)) = self.ended_at().zip(self.failure()) else { return };
        let is_reported = record.events.iter().any(|event| match &event.kind {
            SpanEventKind::Exception { message, .. } => message.contains(&failure.message),
            _ => false,
        });
        if is_reported {
            return;
        }
        if record.status == Status::Ok {
            record.status = Status::from(failure);
        }
        let at = at.clamp(record.start, record.end);
        let index = record.events.iter().position(|event| event.at > at).unwrap_or(record.events.len());
        record.events.insert(index, SpanEvent { at, kind: SpanEventKind::from(failure) });
    }
}

impl OperationInfo {
    fn merge(&mut self, later: &Self) {
        fill(&mut self.provider, later.provider.clone());
        fill(&mut self.model, later.model.clone());
        fill(&mut self.voice, later.voice.clone());
        fill(&mut self.language, later.language.clone());
        match (&mut self.input, &later.input) {
            (OperationInput::Text(text), OperationInput::Text(more)) => *text = join(text, more),
            (input @ OperationInput::Unknown, later) => *input = later.clone(),
            _ => {}
        }
    }
}

impl Outcome {
    fn merge(&mut self, later: Self) {
        self.completion = later.completion;
        fill(&mut self.failure, later.failure);
        fill(&mut self.first, later.first);
        self.text = match (self.text.take(), later.text) {
            (Some(text), Some(more)) => Some(join(&text, &more)),
            (text, more) => text.or(more),
        };
        self.tool_calls.extend(later.tool_calls);
        self.usage = match (self.usage, later.usage) {
            (Some(usage), Some(more)) => Some(sum(usage, more)),
            (usage, more) => usage.or(more),
        };
    }
}

fn join(text: &str, more: &str) -> String {
    let mut joined = JoinedText::default();
    joined.push(text, Spacing::Between);
    joined.push(more, Spacing::Between);
    joined.to_text().unwrap_or_default()
}

/// Returns the sum of two measurements of the same kind.
fn sum(usage: Measurement, more: Measurement) -> Measurement {
    let mut total = Measurements::default();
    for value in [usage, more] {
        total.add(&Metric { processor: "", model: None, value });
    }
    let tokens = total.usage.map(Measurement::LlmUsage);
    let characters = total.characters.map(Measurement::TtsCharacters);
    let audio = total.audio_seconds.map(Measurement::SttAudioSeconds);
    tokens.or(characters).or(audio).unwrap_or(more)
}

/// Sets `field` to `value` if it is `None`.
fn fill<T>(field: &mut Option<T>, value: Option<T>) {
    if field.is_none() {
        *field = value;
    }
}
