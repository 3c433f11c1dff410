//! The measurements of one span: those that services report, and those taken from frames.
//!
//! See [Metrics](https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#metrics).

use super::frame::{LlmUsage, Measurement, Metric};
use super::record::{ServiceTimes, TimingSource};

/// The reported measurements of one span. Totals are sums; of times to a first event, the first counts.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Measurements {
    pub(crate) model: Option<String>,
    pub(crate) ttfb: Option<f64>,
    pub(crate) processing: Option<f64>,
    pub(crate) ttfat: Option<f64>,
    pub(crate) ttfa: Option<f64>,
    pub(crate) usage: Option<LlmUsage>,
    pub(crate) characters: Option<u64>,
    pub(crate) audio_seconds: Option<f64>,
}

impl Measurements {
    /// Adds a measurement.
    pub(crate) fn add(&mut self, metric: &Metric<'_>) {
        match metric.value {
            Measurement::TimeToFirstByte(seconds) => first(&mut self.ttfb, seconds),
            Measurement::TimeToFirstAnswerToken(seconds) => first(&mut self.ttfat, seconds),
            Measurement::TimeToFirstAudio(seconds) => first(&mut self.ttfa, seconds),
            Measurement::Processing(seconds) => sum(&mut self.processing, seconds),
            Measurement::SttAudioSeconds(seconds) => sum(&mut self.audio_seconds, seconds),
            Measurement::TtsCharacters(characters) => self.add_characters(characters),
            Measurement::LlmUsage(usage) => add_usage(&mut self.usage, &usage),
        }
        // A service without models, as Amazon Polly, names an empty one.
        if self.model.is_none() {
            self.model = metric.model.filter(|model| !model.is_empty()).map(str::to_owned);
        }
    }

    /// Adds synthesized characters.
    pub(crate) fn add_characters(&mut self, characters: u64) {
        self.characters = Some(self.characters.unwrap_or(0).saturating_add(characters));
    }

    /// Adds all measurements of `other`, as if they had come later.
    pub(crate) fn merge(&mut self, other: Self) {
        other.ttfb.into_iter().for_each(|seconds| first(&mut self.ttfb, seconds));
        other.ttfat.into_iter().for_each(|seconds| first(&mut self.ttfat, seconds));
        other.ttfa.into_iter().for_each(|seconds| first(&mut self.ttfa, seconds));
        other.processing.into_iter().for_each(|seconds| sum(&mut self.processing, seconds));
        other.audio_seconds.into_iter().for_each(|seconds| sum(&mut self.audio_seconds, seconds));
        other.characters.into_iter().for_each(|characters| self.add_characters(characters));
        other.usage.iter().for_each(|usage| add_usage(&mut self.usage, usage));
        self.model = self.model.take().or(other.model);
    }

    /// Removes the times to the first part of a response that turned out not to exist.
    pub(crate) fn forget_first_times(&mut self) {
        (self.ttfb, self.ttfat, self.ttfa) = (None, None, None);
    }

    /// Returns the times that every kind of service has: the reported ones, else those `measured` from frames.
    pub(crate) fn times(&self, measured: &MeasuredTimes) -> ServiceTimes {
        ServiceTimes {
            ttfb: self
                .ttfb
                .map(|seconds| (seconds, TimingSource::Reported))
                .or_else(|| measured.ttfb.map(|seconds| (seconds, TimingSource::Measured))),
            processing: self.processing.or(measured.processing),
        }
    }
}

/// The times of a span as measured from frames, in seconds. Empty for a service that reports its own.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct MeasuredTimes {
    pub(crate) ttfb: Option<f64>,
    pub(crate) processing: Option<f64>,
}

/// Adds cached tokens to the prompt where the provider reports the prompt without them: the total then exceeds prompt
/// and completion by exactly the cached tokens.
pub(crate) fn with_cached_tokens(mut usage: LlmUsage) -> LlmUsage {
    let beyond = usage.total.saturating_sub(usage.prompt.saturating_add(usage.completion));
    let read = usage.cache_read.unwrap_or(0);
    let cached = read.saturating_add(usage.cache_write.unwrap_or(0));
    if beyond > 0 && (beyond == cached || beyond == read) {
        usage.prompt += beyond;
    }
    usage
}

fn first(slot: &mut Option<f64>, seconds: f64) {
    slot.get_or_insert(seconds);
}

fn sum(slot: &mut Option<f64>, seconds: f64) {
    *slot = Some(slot.unwrap_or(0.0) + seconds);
}

fn add_usage(slot: &mut Option<LlmUsage>, new: &LlmUsage) {
    let Some(usage) = slot else {
        *slot = Some(*new);
        return;
    };
    usage.prompt = usage.prompt.saturating_add(new.prompt);
    usage.completion = usage.completion.saturating_add(new.completion);
    usage.total = usage.total.saturating_add(new.total);
    for (sum, more) in [
        (&mut usage.cache_read, new.cache_read),
        (&mut usage.cache_write, new.cache_write),
        (&mut usage.reasoning, new.reasoning),
        (&mut usage.prompt_audio, new.prompt_audio),
        (&mut usage.completion_audio, new.completion_audio),
    ] {
        if let Some(more) = more {
            *sum = Some(sum.unwrap_or(0).saturating_add(more));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Measurements, with_cached_tokens};
    use crate::engine::frame::{LlmUsage, Measurement, Metric};

    fn metric(value: Measurement) -> Metric<'static> {
        Metric { processor: "x", model: None, value }
    }

    #[test]
    fn totals_are_sums_and_first_times_count() {
        let mut all = Measurements::default();
        for value in [
            Measurement::TimeToFirstByte(0.2),
            Measurement::TimeToFirstByte(0.9),
            Measurement::Processing(1.0),
            Measurement::Processing(0.5),
            Measurement::TtsCharacters(3),
            Measurement::TtsCharacters(4),
        ] {
            all.add(&metric(value));
        }
        assert_eq!((all.ttfb, all.processing, all.characters), (Some(0.2), Some(1.5), Some(7)));
    }

    #[test]
    fn the_first_model_that_is_named_counts() {
        let mut all = Measurements::default();
        for model in [None, Some(""), Some("sonic-3"), Some("sonic-4")] {
            all.add(&Metric { model, ..metric(Measurement::Processing(1.0)) });
        }
        assert_eq!(all.model.as_deref(), Some("sonic-3"));
    }

    #[test]
    fn merge_equals_adding_later() {
        let values = [
            Measurement::TimeToFirstByte(0.2),
            Measurement::LlmUsage(LlmUsage {
                prompt: 1,
                total: 2,
                cache_read: Some(1),
                ..LlmUsage::default()
            }),
            Measurement::TimeToFirstByte(0.9),
            Measurement::LlmUsage(LlmUsage { prompt: 3, total: 4, ..LlmUsage::default() }),
        ];
        let mut whole = Measurements::default();
        let (mut early, mut late) = (Measurements::default(), Measurements::default());
        for (index, value) in values.into_iter().enumerate() {
            whole.add(&metric(value));
            if index < 2 { &mut early } else { &mut late }.add(&metric(value));
        }
        early.merge(late);
        assert_eq!(early, whole);
    }

    #[test]
    fn cached_tokens_are_added_to_a_net_prompt() {
        let net = LlmUsage {
            prompt: 12,
            completion: 20,
            total: 4_092,
            cache_read: Some(4_000),
            cache_write: Some(60),
            ..LlmUsage::default()
        };
        assert_eq!(with_cached_tokens(net).prompt, 4_072);
        let gross =
            LlmUsage { prompt: 120, completion: 20, total: 140, cache_read: Some(64), ..LlmUsage::default() };
        assert_eq!(with_cached_tokens(gross).prompt, 120);
        let unexplained = LlmUsage { total: 150, ..gross };
        assert_eq!(with_cached_tokens(unexplained).prompt, 120);
    }
}
