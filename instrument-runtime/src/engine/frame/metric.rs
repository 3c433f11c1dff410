//! What services measured of themselves.

/// One measurement, and the processor whose name it bears.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Metric<'a> {
    /// The name of the processor that was measured.
    pub processor: &'a str,
    /// The model that was measured.
    pub model: Option<&'a str>,
    /// What was measured.
    pub value: Measurement,
}

/// What was measured. Times are in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Measurement {
    /// Time to first byte.
    TimeToFirstByte(f64),
    /// Time spent on the request.
    Processing(f64),
    /// Time to the first token of the answer, after any thinking.
    TimeToFirstAnswerToken(f64),
    /// Time to the first audio that is not silence.
    TimeToFirstAudio(f64),
    /// Tokens of a language model.
    LlmUsage(LlmUsage),
    /// Characters that were synthesized.
    TtsCharacters(u64),
    /// Seconds of audio that were transcribed.
    SttAudioSeconds(f64),
}

impl Measurement {
    /// Whether it says how long something took, and not how much of something was used.
    pub(crate) const fn is_time(self) -> bool {
        match self {
            Self::TimeToFirstByte(_)
            | Self::Processing(_)
            | Self::TimeToFirstAnswerToken(_)
            | Self::TimeToFirstAudio(_) => true,
            Self::LlmUsage(_) | Self::TtsCharacters(_) | Self::SttAudioSeconds(_) => false,
        }
    }
}

/// Tokens of one invocation of a language model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LlmUsage {
    /// Tokens sent.
    pub prompt: u64,
    /// Tokens received.
    pub completion: u64,
    /// All tokens, as the provider counts them.
    pub total: u64,
    /// Tokens sent that the provider had in its cache.
    pub cache_read: Option<u64>,
    /// Tokens sent that the provider put into its cache.
    pub cache_write: Option<u64>,
    /// Tokens of reasoning among those received.
    pub reasoning: Option<u64>,
    /// Tokens of audio among those sent.
    pub prompt_audio: Option<u64>,
    /// Tokens of audio among those received.
    pub completion_audio: Option<u64>,
}

/// The measurements of a `MetricsFrame`, wherever its framework keeps them.
pub trait MetricList {
    /// Calls `visit` with each measurement, in order. One that has no neutral form is left out.
    fn for_each(&self, visit: &mut dyn FnMut(Metric<'_>));
}

impl MetricList for [Metric<'_>] {
    fn for_each(&self, visit: &mut dyn FnMut(Metric<'_>)) {
        for metric in self {
            visit(*metric);
        }
    }
}

impl<const N: usize> MetricList for [Metric<'_>; N] {
    fn for_each(&self, visit: &mut dyn FnMut(Metric<'_>)) {
        self.as_slice().for_each(visit);
    }
}
