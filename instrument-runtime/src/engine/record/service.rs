//! The content of the spans below a turn: utterances, LLM calls, syntheses and tool calls.

use std::sync::Arc;
use std::time::Duration;

use crate::engine::frame::{InstructionPlacement, LlmUsage, Message, Processor, ToolCall};

/// The visibility of a text that its span repeats in a second place. Set by [`privacy`](crate::privacy).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Visibility {
    /// The text.
    #[default]
    Full,
    /// A placeholder for the text.
    Redacted,
    /// Nothing.
    Omitted,
}

/// The origin of a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TimingSource {
    /// The service reported it.
    Reported,
    /// The engine measured it from frames.
    Measured,
}

/// The times of one span that exist for every kind of service. See [Metrics].
///
/// [Metrics]: https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#metrics
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ServiceTimes {
    /// Time to first byte in seconds, and its origin.
    pub ttfb: Option<(f64, TimingSource)>,
    /// Processing time in seconds.
    pub processing: Option<f64>,
}

/// The content of an utterance: user speech and its transcript. See [STT].
///
/// [STT]: https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#stt
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SttRecord {
    /// The service.
    pub service: Arc<Processor>,
    /// The model that the service's metrics name. It wins over that of `service`, which may be older.
    pub reported_model: Option<String>,
    /// The times of the service.
    pub times: ServiceTimes,
    /// The final transcripts, joined; `None` if there were none or they were empty.
    pub transcript: Option<String>,
    /// The visibility of the transcript as the span's output.
    pub output_visibility: Visibility,
    /// Whether a final transcript arrived.
    pub is_final: bool,
    /// The language of the last transcript that has one.
    pub language: Option<String>,
    /// The amount of transcribed audio, in seconds.
    pub audio_seconds: Option<f64>,
    /// Seconds from the end of the user's voice to the last final transcript.
    pub time_to_last_transcription: Option<f64>,
}

/// The content of an LLM call. See [LLM] and [Speech to speech].
///
/// [LLM]: https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#llm
/// [Speech to speech]: https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#speech-to-speech
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LlmRecord {
    /// The service.
    pub service: Arc<Processor>,
    /// The model that the service's metrics name. It wins over that of `service`, which may be older.
    pub reported_model: Option<String>,
    /// The times of the service.
    pub times: ServiceTimes,
    /// The request.
    pub request: LlmRequest,
    /// The text that the user said to a speech-to-speech service. For others the input is the request's last user
    /// message.
    pub user_transcript: Option<String>,
    /// The text of the response; `None` if there was none.
    pub text: Option<String>,
    /// The tool calls of the response.
    pub tool_calls: Vec<ToolCall>,
    /// The visibility of the response as a chat message, besides the span's output.
    pub message_visibility: Visibility,
    /// The tokens used. Prompt tokens include cached ones.
    pub usage: Option<LlmUsage>,
    /// Time to the first token of the answer after any reasoning, in seconds.
    pub ttfat: Option<f64>,
    /// Whether the user or a Cancel interrupted the call.
    pub interrupted: bool,
    /// Whether it was a speculation on the end of the user's turn that was withdrawn.
    pub withdrawn: bool,
}

impl LlmRecord {
    /// Returns the service's own instruction, which is sent as message 0.
    pub(crate) fn instruction(&self) -> Option<&str> {
        self.service.system_instruction.as_deref()
    }

    /// Returns the context's system message, unless the service sends its own instruction instead.
    pub(crate) fn system(&self) -> Option<&Message> {
        self.request.system.as_ref().filter(|_| !self.replaces_system())
    }

    /// Returns the number of messages sent, including the service's own instruction.
    pub(crate) fn message_count(&self) -> usize {
        let has_replaced = self.request.system.is_some() && self.replaces_system();
        (self.request.message_count + usize::from(self.instruction().is_some()))
            .saturating_sub(usize::from(has_replaced))
    }

    fn replaces_system(&self) -> bool {
        self.instruction().is_some()
            && self.service.placement_of_instruction() == InstructionPlacement::InsteadOfSystem
    }
}

/// The request of an LLM call, copied when it is sent, and limited to what a span can carry. See [LLM].
///
/// [LLM]: https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#llm
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LlmRequest {
    /// The first message, if its role is system.
    pub system: Option<Message>,
    /// The newest of the other messages, oldest first.
    pub newest: Vec<Message>,
    /// The number of all messages.
    pub message_count: usize,
    /// The text of the last user message, even if it is not among `newest`.
    pub last_user_message: Option<String>,
    /// The tools, each as JSON.
    pub tools: Vec<String>,
}

/// The content of a synthesis: the text and audio of one reply. See [TTS].
///
/// [TTS]: https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#tts
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TtsRecord {
    /// The service.
    pub service: Arc<Processor>,
    /// The model that the service's metrics name. It wins over that of `service`, which may be older.
    pub reported_model: Option<String>,
    /// The times of the service.
    pub times: ServiceTimes,
    /// The text to be spoken; `None` if no frame contained it.
    pub input: Option<String>,
    /// The text that was spoken; `None` if nothing, or if it was interrupted and no frame said where.
    pub output: Option<String>,
    /// The number of synthesized characters.
    pub characters: Option<u64>,
    /// Time to the first audio that is not silence, in seconds.
    pub ttfa: Option<f64>,
    /// The duration of the audio that was sent.
    pub audio_duration: Option<Duration>,
    /// The duration of the audio that was played, if it was interrupted and `output` is unknown.
    pub played_duration: Option<Duration>,
    /// Whether the user or a Cancel interrupted the speech.
    pub interrupted: bool,
}

/// The content of a tool call. See [Tools].
///
/// [Tools]: https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#tools
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ToolRecord {
    /// The name of the tool.
    pub name: String,
    /// The id of the call.
    pub tool_call_id: String,
    /// The arguments, as JSON.
    pub arguments: Option<String>,
    /// The last result, as JSON. That of a call which was cancelled or is unfinished is an intermediate one.
    pub result: Option<String>,
    /// The error in that result.
    pub error: Option<String>,
    /// Whether the call was cancelled.
    pub cancelled: bool,
    /// Whether the span ended before the call: its final result is not known.
    pub unfinished: bool,
}
