//! What the code around a service adds to what its frames told.

use std::sync::Arc;

use super::record::{audio_seconds, characters, tokens};
use super::{Operation, OperationInfo, OperationInput, Outcome};
use crate::engine::frame::{Measurement, Metric, Processor, Spacing};
use crate::engine::metrics::Measurements;
use crate::engine::record::{
    LlmRecord, ServiceTimes, SpanDetails, SpanEvent, SpanEventKind, SpanRecord, Status, SttRecord, TtsRecord,
};
use crate::engine::text::JoinedText;

impl Operation {
    /// This and more work of the same span, as one: a reply that is synthesized sentence by sentence.
    pub(crate) fn merge(&mut self, later: &Self) {
        self.info.merge_with(&later.info);
        let ended = self.end.take();
        self.end = match (ended, later.end.clone()) {
            (Some((_, mut outcome)), Some((at, more))) => {
                outcome.merge(more);
                Some((at, outcome))
            }
            (Some(only), None) | (None, Some(only)) => Some(only),
            (None, None) => None,
        };
    }

    /// Adds to `record`, which frames have told of the same work, what they did not say. What they did counts.
    pub fn merge_into(&self, record: &mut SpanRecord) {
        match &mut record.details {
            SpanDetails::Stt(stt) => self.merge_utterance(stt),
            SpanDetails::Llm(llm) => self.merge_invocation(llm),
            SpanDetails::Tts(tts) => self.merge_reply(tts),
            SpanDetails::Turn(_) | SpanDetails::Tool(_) => return,
        }
        self.add_failure(record);
    }

    fn merge_utterance(&self, stt: &mut SttRecord) {
        self.merge_service(&mut stt.service);
        self.merge_times(&mut stt.times);
        let Some(outcome) = self.outcome() else { return };
        if stt.transcript.is_none() && outcome.text.is_some() {
            stt.transcript.clone_from(&outcome.text);
            stt.is_final = true;
        }
        add(&mut stt.audio_seconds, outcome.usage.and_then(audio_seconds));
    }

    fn merge_invocation(&self, llm: &mut LlmRecord) {
        self.merge_service(&mut llm.service);
        self.merge_times(&mut llm.times);
        if llm.request.message_count == 0 {
            llm.request = self.info.input.clone().into_request();
        }
        let Some(outcome) = self.outcome() else { return };
        if llm.text.is_none() && llm.tool_calls.is_empty() {
            llm.text.clone_from(&outcome.text);
            llm.tool_calls.clone_from(&outcome.tool_calls);
        }
        add(&mut llm.usage, outcome.usage.and_then(tokens));
    }

    /// What was heard of it is told by the frames alone.
    fn merge_reply(&self, tts: &mut TtsRecord) {
        self.merge_service(&mut tts.service);
        self.merge_times(&mut tts.times);
        add(&mut tts.input, self.info.input.clone().into_text());
        add(&mut tts.characters, self.outcome().and_then(|outcome| outcome.usage).and_then(characters));
    }

    fn merge_service(&self, service: &mut Arc<Processor>) {
        let info = &self.info;
        let told = [&info.provider, &info.model, &info.voice, &info.language];
        let known = [&service.provider, &service.model, &service.voice, &service.language];
        if told.iter().zip(known).any(|(told, known)| told.is_some() && known.is_none()) {
            let service = Arc::make_mut(service);
            add(&mut service.provider, info.provider.clone());
            add(&mut service.model, info.model.clone());
            add(&mut service.voice, info.voice.clone());
            add(&mut service.language, info.language.clone());
        }
    }

    fn merge_times(&self, times: &mut ServiceTimes) {
        add(&mut times.ttfb, self.ttfb());
    }

    /// An error that a frame told, too, is told once.
    fn add_failure(&self, record: &mut SpanRecord) {
        let Some((at, failure)) = self.ended_at().zip(self.failure()) else { return };
        let is_told = |event: &SpanEvent| match &event.kind {
            SpanEventKind::Exception { message, .. } => message.contains(&failure.message),
            _ => false,
        };
        if record.events.iter().any(is_told) {
            return;
        }
        if record.status == Status::Ok {
            record.status = Status::from(failure);
        }
        let at = at.clamp(record.start, record.end);
        let place = record.events.iter().position(|event| event.at > at).unwrap_or(record.events.len());
        record.events.insert(place, SpanEvent { at, kind: SpanEventKind::from(failure) });
    }
}

impl OperationInfo {
    fn merge_with(&mut self, later: &Self) {
        add(&mut self.provider, later.provider.clone());
        add(&mut self.model, later.model.clone());
        add(&mut self.voice, later.voice.clone());
        add(&mut self.language, later.language.clone());
        match (&mut self.input, &later.input) {
            (OperationInput::Text(text), OperationInput::Text(more)) => *text = joined(text, more),
            (input @ OperationInput::Unknown, told) => *input = told.clone(),
            _ => {}
        }
    }
}

impl Outcome {
    fn merge(&mut self, later: Self) {
        self.completion = later.completion;
        add(&mut self.failure, later.failure);
        add(&mut self.first, later.first);
        self.text = match (self.text.take(), later.text) {
            (Some(text), Some(more)) => Some(joined(&text, &more)),
            (text, more) => text.or(more),
        };
        self.tool_calls.extend(later.tool_calls);
        self.usage = match (self.usage, later.usage) {
            (Some(usage), Some(more)) => Some(sum(usage, more)),
            (usage, more) => usage.or(more),
        };
    }
}

fn joined(text: &str, more: &str) -> String {
    let mut both = JoinedText::default();
    both.push(text, Spacing::Between);
    both.push(more, Spacing::Between);
    both.as_str().to_owned()
}

/// Both, if they are of one kind.
fn sum(usage: Measurement, more: Measurement) -> Measurement {
    let mut both = Measurements::default();
    for value in [usage, more] {
        both.add(&Metric { processor: "", model: None, value });
    }
    let tokens = both.usage.map(Measurement::LlmUsage);
    let characters = both.characters.map(Measurement::TtsCharacters);
    let audio = both.audio_seconds.map(Measurement::SttAudioSeconds);
    tokens.or(characters).or(audio).unwrap_or(more)
}

fn add<T>(place: &mut Option<T>, value: Option<T>) {
    if place.is_none() {
        *place = value;
    }
}
