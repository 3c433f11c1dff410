//! Builds the frame of a synthetic hop.

use super::{CONTENT_MARK, SyntheticHop};
use crate::engine::frame::{
    Audio, ChatContext, Chunking, Delivery, ErrorReport, Frame, FrameKind, FunctionCall, FunctionCallResult,
    Json, LlmUsage, Measurement, Message, Metric, Spacing, TextChunk, ToolCall, Transcript,
};

/// The number of indices for [`pick_kind`]: each kind, text of models once more, and other frames.
pub(super) const KIND_INDICES: usize = FrameKind::ALL.len() + 2;

/// Picks a kind of frame. Kinds that end the conversation are rare, as nothing counts after them.
pub(super) fn pick_kind(index: usize, number: usize) -> FrameKind {
    let index = index % KIND_INDICES;
    match FrameKind::ALL.get(index) {
        Some(FrameKind::End | FrameKind::Stop | FrameKind::Cancel) if !number.is_multiple_of(8) => {
            FrameKind::UserStartedSpeaking
        }
        Some(&kind) => kind,
        None if index == FrameKind::ALL.len() => FrameKind::LlmText,
        None => FrameKind::Other,
    }
}

/// Picks values. Each pick divides the number by the count of options, so that picks are independent.
struct Picker(usize);

impl Picker {
    fn pick<T: Copy>(&mut self, options: &[T]) -> T {
        let option = options[self.0 % options.len()];
        self.0 /= options.len();
        option
    }

    fn chunk<'a>(&mut self, text: &'a str) -> TextChunk<'a> {
        TextChunk {
            text,
            context_id: self.context_id(),
            chunking: self.pick(&[
                Chunking::Unknown,
                Chunking::Delta,
                Chunking::Cumulative,
                Chunking::Overlapping,
            ]),
            spacing: self.pick(&[Spacing::Included, Spacing::Between]),
            delivery: self.pick(&[Delivery::Aloud, Delivery::Aloud, Delivery::Aloud, Delivery::Silent]),
        }
    }

    fn context_id(&mut self) -> Option<&'static str> {
        self.pick(&[Some("a"), Some("b"), None])
    }

    fn tool_call_id(&mut self) -> &'static str {
        self.pick(&["a", "b", ""])
    }

    fn audio(&mut self) -> Audio {
        Audio::pcm16(self.pick(&[0, 16_000, 32_000, 64_000, 4_000_000]), 16_000, 1)
    }

    fn measurement(&mut self) -> Measurement {
        let usage = LlmUsage { prompt: u64::MAX, total: u64::MAX, ..LlmUsage::default() };
        self.pick(&[
            Measurement::TimeToFirstByte(0.1),
            Measurement::Processing(0.2),
            Measurement::TtsCharacters(u64::MAX / 2),
            Measurement::SttAudioSeconds(f64::NAN),
            Measurement::LlmUsage(usage),
        ])
    }
}

/// Calls `push` with the frame of `hop`. Names have no content mark, texts do.
pub(super) fn with_frame(hop: &SyntheticHop, source: &str, push: impl FnOnce(&Frame<'_>)) {
    let name = hop.text.as_str();
    let marked = if name.is_empty() { String::new() } else { format!("{CONTENT_MARK}{name}") };
    let text = marked.as_str();
    let transcript = Transcript { text, user_id: Some("u"), language: None };
    let json = TextAsJson(text);
    let mut picker = Picker(hop.number);
    match hop.kind {
        FrameKind::Start => push(&Frame::Start),
        FrameKind::End => push(&Frame::End),
        FrameKind::Stop => push(&Frame::Stop),
        FrameKind::Cancel => push(&Frame::Cancel),
        FrameKind::Error => {
            let fatal = picker.pick(&[true, false, false, false, false]);
            push(&Frame::Error(ErrorReport { message: name, fatal, ..ErrorReport::default() }));
        }
        FrameKind::Interruption => push(&Frame::Interruption),
        FrameKind::UserStartedSpeaking => push(&Frame::UserStartedSpeaking),
        FrameKind::UserStoppedSpeaking => push(&Frame::UserStoppedSpeaking),
        FrameKind::ProposedUserStartedSpeaking => push(&Frame::ProposedUserStartedSpeaking),
        FrameKind::EagerTranscription => push(&Frame::EagerTranscription),
        FrameKind::EagerEndOfTurnCancel => push(&Frame::EagerEndOfTurnCancel),
        FrameKind::VadUserStartedSpeaking => push(&Frame::VadUserStartedSpeaking),
        FrameKind::VadUserStoppedSpeaking => push(&Frame::VadUserStoppedSpeaking {
            stop_secs: picker.pick(&[Some(0.2), None, Some(-1.0), Some(f64::NAN), Some(1e300)]),
            transcript: picker.pick(&[None, None, None, Some(transcript)]),
        }),
        FrameKind::BotStartedSpeaking => push(&Frame::BotStartedSpeaking),
        FrameKind::BotStoppedSpeaking => push(&Frame::BotStoppedSpeaking),
        FrameKind::Transcription => push(&Frame::Transcription(transcript)),
        FrameKind::InterimTranscription => push(&Frame::InterimTranscription(transcript)),
        FrameKind::LlmContext => {
            let context = SyntheticContext { text, message_count: picker.pick(&[1, 2, 3, 4, 5, 6]) };
            push(&Frame::LlmContext(picker.pick(&[Some(&context as &dyn ChatContext), None])));
        }
        FrameKind::LlmResponseStart => push(&Frame::LlmResponseStart),
        FrameKind::LlmText => push(&Frame::LlmText(picker.chunk(text))),
        FrameKind::LlmResponseEnd => push(&Frame::LlmResponseEnd),
        FrameKind::TtsSpeak => push(&Frame::TtsSpeak(picker.pick(&[Some(text), None]))),
        FrameKind::AggregatedText => push(&Frame::AggregatedText(picker.chunk(text))),
        FrameKind::TtsText => push(&Frame::TtsText(picker.chunk(text))),
        FrameKind::TtsStarted => push(&Frame::TtsStarted { context_id: picker.context_id() }),
        FrameKind::TtsStopped => push(&Frame::TtsStopped { context_id: picker.context_id() }),
        FrameKind::TtsAudio => push(&Frame::TtsAudio(picker.audio())),
        FrameKind::OutputAudio => push(&Frame::OutputAudio(picker.audio())),
        FrameKind::InputAudio => push(&Frame::InputAudio(picker.audio())),
        FrameKind::Metrics => {
            let metric = Metric { processor: source, model: None, value: picker.measurement() };
            push(&Frame::Metrics(&[metric]));
        }
        FrameKind::FunctionCallsStarted => {
            let arguments = picker.pick(&[Some(&json as &dyn Json), None]);
            let call = |tool_call_id| FunctionCall { name, tool_call_id, arguments };
            push(&Frame::FunctionCallsStarted(&[call(picker.tool_call_id()), call("c")]));
        }
        FrameKind::FunctionCallInProgress => push(&Frame::FunctionCallInProgress(FunctionCall {
            name,
            tool_call_id: picker.tool_call_id(),
            arguments: picker.pick(&[Some(&json as &dyn Json), None]),
        })),
        FrameKind::FunctionCallResult => push(&Frame::FunctionCallResult(FunctionCallResult {
            name,
            tool_call_id: picker.tool_call_id(),
            result: picker.pick(&[Some(&json as &dyn Json), None]),
            error: picker.pick(&[Some(text), None, None]),
            is_final: picker.pick(&[true, true, false]),
        })),
        FrameKind::FunctionCallCancel => {
            push(&Frame::FunctionCallCancel { tool_call_id: picker.tool_call_id() });
        }
        FrameKind::Other => push(&Frame::Other { class: "Odd" }),
    }
}

/// A context of messages with one text.
struct SyntheticContext<'a> {
    text: &'a str,
    message_count: usize,
}

impl ChatContext for SyntheticContext<'_> {
    fn message_count(&self) -> usize {
        self.message_count
    }

    fn role(&self, index: usize) -> &str {
        // The last message is the user's, as in most requests.
        ["user", "tool", "assistant", "user", "system"][(self.message_count - 1 - index) % 5]
    }

    fn message(&self, index: usize) -> Message {
        let role = self.role(index);
        let mut message = Message::text(role, self.text);
        match role {
            "tool" => message.tool_call_id = Some("a".into()),
            "assistant" => message.tool_calls.push(ToolCall {
                id: "a".into(),
                name: "f".into(),
                arguments: TextAsJson(self.text).to_text(),
            }),
            _ => {}
        }
        message
    }

    fn tool_count(&self) -> usize {
        self.message_count / 2
    }

    fn tool(&self, _: usize) -> String {
        TextAsJson(self.text).to_text()
    }
}

/// A JSON object that contains a text. A text that ends with `!` is an error.
struct TextAsJson<'a>(&'a str);

impl Json for TextAsJson<'_> {
    fn to_text(&self) -> String {
        serde_json::json!({ "text": self.0 }).to_string()
    }

    fn error_text(&self) -> Option<String> {
        self.0.ends_with('!').then(|| self.0.to_owned())
    }
}
