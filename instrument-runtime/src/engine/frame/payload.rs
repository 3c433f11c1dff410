//! Contents of frames: text, audio, measurements and tool calls.

use std::borrow::Cow;
use std::time::Duration;

use crate::engine::truncate::truncate;

/// The separator between a chunk of text and the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Spacing {
    /// The chunks contain their spaces (Pipecat's `includes_inter_frame_spaces`).
    #[default]
    Included,
    /// Two chunks are joined by one space.
    Between,
}

/// The relation between the chunks of one stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Chunking {
    /// Unknown. For text of a language model, it is detected from the chunks; other text counts as
    /// [`Delta`](Self::Delta).
    #[default]
    Unknown,
    /// Each chunk is new text.
    Delta,
    /// Each chunk is the complete text so far.
    Cumulative,
    /// Each chunk may repeat the end of the text so far.
    Overlapping,
}

/// Whether a chunk of text is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Delivery {
    /// The text is spoken.
    #[default]
    Aloud,
    /// The text is passed on, for example to be displayed, but not synthesized (Pipecat's `skip_tts`).
    Silent,
}

/// A chunk of text on its way from a language model to the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TextChunk<'a> {
    /// The text.
    pub text: &'a str,
    /// The separator between it and the chunk before it.
    pub spacing: Spacing,
    /// The relation between the chunks of its stream.
    pub chunking: Chunking,
    /// The id of the reply that it belongs to.
    pub context_id: Option<&'a str>,
    /// Whether it is spoken.
    pub delivery: Delivery,
}

impl<'a> TextChunk<'a> {
    /// Creates a chunk that contains its spaces, without a reply id.
    pub const fn new(text: &'a str) -> Self {
        Self {
            text,
            spacing: Spacing::Included,
            chunking: Chunking::Unknown,
            context_id: None,
            delivery: Delivery::Aloud,
        }
    }
}

/// A transcript of user speech.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Transcript<'a> {
    /// The words.
    pub text: &'a str,
    /// The id of the user who spoke.
    pub user_id: Option<&'a str>,
    /// The language, as `en`.
    pub language: Option<&'a str>,
}

impl<'a> From<&'a str> for Transcript<'a> {
    fn from(text: &'a str) -> Self {
        Self { text, user_id: None, language: None }
    }
}

/// The size and format of a piece of 16-bit PCM audio. Samples are never read.
///
/// ```
/// use pipecat_instrument_runtime::engine::frame::Audio;
///
/// let audio = Audio::pcm16(640, 16_000, 1);
/// assert_eq!(audio.duration().as_millis(), 20);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Audio {
    /// Size of the samples in bytes.
    pub bytes: u64,
    /// Samples per second and channel.
    pub sample_rate: u32,
    /// Number of channels.
    pub channels: u16,
}

impl Audio {
    /// Creates `bytes` bytes of interleaved 16-bit samples.
    pub const fn pcm16(bytes: usize, sample_rate: u32, channels: u16) -> Self {
        Self { bytes: bytes as u64, sample_rate, channels }
    }

    /// Returns the playing time; zero if the sample rate or the channels are zero.
    pub const fn duration(self) -> Duration {
        let bytes_per_second = self.sample_rate as u64 * self.channels as u64 * 2;
        if bytes_per_second == 0 {
            return Duration::ZERO;
        }
        // One division suffices for any realistic piece, and this runs for every audio frame.
        if let Some(billionths) = self.bytes.checked_mul(1_000_000_000) {
            return Duration::from_nanos(billionths / bytes_per_second);
        }
        let seconds = self.bytes / bytes_per_second;
        let rest = (self.bytes % bytes_per_second).saturating_mul(1_000_000_000) / bytes_per_second;
        Duration::from_secs(seconds).saturating_add(Duration::from_nanos(rest))
    }
}

/// A measurement of a service, as the service reports it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Metric<'a> {
    /// The name of the measured processor.
    pub processor: &'a str,
    /// The measured model.
    pub model: Option<&'a str>,
    /// The measured value.
    pub value: Measurement,
}

/// A measured value. Times are in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Measurement {
    /// Time to first byte.
    TimeToFirstByte(f64),
    /// Time spent on the request.
    Processing(f64),
    /// Time to the first token of the answer, after any reasoning.
    TimeToFirstAnswerToken(f64),
    /// Time to the first audio that is not silence.
    TimeToFirstAudio(f64),
    /// Tokens of an LLM call.
    LlmUsage(LlmUsage),
    /// Number of synthesized characters.
    TtsCharacters(u64),
    /// Seconds of transcribed audio.
    SttAudioSeconds(f64),
}

impl Measurement {
    /// Whether it is a duration, as opposed to a used amount.
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

/// The tokens of one LLM call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LlmUsage {
    /// Tokens sent.
    pub prompt: u64,
    /// Tokens received.
    pub completion: u64,
    /// All tokens, as the provider counts them.
    pub total: u64,
    /// Sent tokens that the provider read from its cache.
    pub cache_read: Option<u64>,
    /// Sent tokens that the provider wrote to its cache.
    pub cache_write: Option<u64>,
    /// Received tokens of reasoning.
    pub reasoning: Option<u64>,
    /// Sent tokens of audio.
    pub prompt_audio: Option<u64>,
    /// Received tokens of audio.
    pub completion_audio: Option<u64>,
}

/// The measurements of a `MetricsFrame`, in the framework's own representation.
pub trait MetricList {
    /// Calls `visit` with each measurement, in order. Measurements without a neutral form are skipped.
    fn for_each(&self, visit: &mut dyn FnMut(Metric<'_>));
}

/// JSON in the framework's own representation, converted to text only if a hop needs it.
///
/// Implemented for `serde_json::Value`, and for [`RawJson`](crate::json::RawJson), which is JSON text.
pub trait Json {
    /// Returns compact JSON text with keys in source order.
    fn to_text(&self) -> String;

    /// Returns the text, [truncated](crate::engine::truncate::truncate) to `max_length` characters. Implement it for
    /// types that can stop converting there.
    fn to_text_within(&self, max_length: usize) -> String {
        let text = self.to_text();
        match truncate(&text, max_length) {
            Cow::Borrowed(same) if same.len() == text.len() => text,
            truncated => truncated.into_owned(),
        }
    }

    /// Returns the text of a non-empty field `error` of an object.
    fn error_text(&self) -> Option<String>;
}

/// A tool call, as a language model requests it.
#[derive(Clone, Copy)]
pub struct FunctionCall<'a> {
    /// The name of the tool.
    pub name: &'a str,
    /// The id of the call.
    pub tool_call_id: &'a str,
    /// The arguments.
    pub arguments: Option<&'a dyn Json>,
}

/// The result of a tool call.
#[derive(Clone, Copy)]
pub struct FunctionCallResult<'a> {
    /// The name of the tool.
    pub name: &'a str,
    /// The id of the call.
    pub tool_call_id: &'a str,
    /// The returned value.
    pub result: Option<&'a dyn Json>,
    /// The error, if the frame has one beside its result.
    pub error: Option<&'a str>,
    /// Whether this result ends the call. `false` for an intermediate result: more results of the call follow.
    pub is_final: bool,
}

/// The calls of a `FunctionCallsStartedFrame`, in the framework's own representation.
pub trait FunctionCallList {
    /// Calls `visit` with each call, in order.
    fn for_each(&self, visit: &mut dyn FnMut(FunctionCall<'_>));
}

macro_rules! list_as_slice {
    ($([$($generic:tt)*] $list:ident<$item:ident> for $type:ty;)*) => {$(
        impl<$($generic)*> $list for $type {
            fn for_each(&self, visit: &mut dyn FnMut($item<'_>)) {
                self.iter().copied().for_each(visit);
            }
        }
    )*};
}

list_as_slice! {
    [] MetricList<Metric> for [Metric<'_>];
    [const N: usize] MetricList<Metric> for [Metric<'_>; N];
    [] FunctionCallList<FunctionCall> for [FunctionCall<'_>];
    [const N: usize] FunctionCallList<FunctionCall> for [FunctionCall<'_>; N];
    [] FunctionCallList<FunctionCall> for Vec<FunctionCall<'_>>;
}
