//! From a made-up hop to its frame.

use super::{CONTENT_MARK, ROLES, SyntheticHop};
use crate::engine::frame::{
    Audio, ChatContext, Chunking, Delivery, ErrorReport, Frame, FunctionCall, FunctionCallResult, Json,
    LlmUsage, Measurement, Message, Metric, Processor, Spacing, TextChunk, ToolCall, Transcript,
};

pub(super) fn with_frame(hop: &SyntheticHop, processors: &[Processor], push: impl FnOnce(&Frame<'_>)) {
    // Names are no content, what is said is.
    let name = hop.text.as_str();
    let said = if name.is_empty() { String::new() } else { format!("{CONTENT_MARK}{name}") };
    let text = said.as_str();
    let id = ["a", "b", ""][usize::try_from(hop.number).unwrap_or(0) % 3];
    let chunking = [Chunking::Unknown, Chunking::Delta, Chunking::Cumulative, Chunking::Overlapping];
    let chunk = TextChunk {
        text,
        spacing: if hop.number.is_multiple_of(2) { Spacing::Included } else { Spacing::Between },
        chunking: chunking[usize::try_from(hop.number).unwrap_or(0) % 4],
        context_id: Some(id).filter(|id| !id.is_empty()),
        delivery: if hop.after_millis == 7 { Delivery::Silent } else { Delivery::Aloud },
    };
    let transcript = Transcript { text, user_id: Some("u"), language: None };
    let audio = Audio::pcm16(usize::try_from(hop.number).unwrap_or(0) * 16_000, 16_000, 1);
    let value = match hop.number % 5 {
        0 => Measurement::TimeToFirstByte(0.1),
        1 => Measurement::Processing(0.2),
        2 => Measurement::TtsCharacters(u64::MAX / 2),
        3 => Measurement::SttAudioSeconds(f64::NAN),
        _ => Measurement::LlmUsage(LlmUsage { prompt: u64::MAX, total: u64::MAX, ..LlmUsage::default() }),
    };
    let metrics = [Metric { processor: &processors[hop.source % ROLES.len()].name, model: None, value }];
    let told = Told(text);
    let json: Option<&dyn Json> = hop.number.is_multiple_of(2).then_some(&told);
    let call = FunctionCall { name, tool_call_id: id, arguments: json };
    let report = ErrorReport { message: name, fatal: hop.number == 0, ..ErrorReport::default() };
    let stopped = Frame::VadUserStoppedSpeaking {
        stop_secs: [Some(0.2), None, Some(-1.0), Some(f64::NAN), Some(1e300)]
            [usize::try_from(hop.number).unwrap_or(0) % 5],
        transcript: (hop.number == 1).then_some(transcript),
    };
    let context_id = chunk.context_id;
    let context = Asked { text, messages: 1 + usize::try_from(hop.number).unwrap_or(0) % 6 };
    let error = hop.number.is_multiple_of(3).then_some(text);
    let result = FunctionCallResult { name, tool_call_id: id, result: json, error };
    let calls = [call, FunctionCall { tool_call_id: "c", ..call }];
    let frames = [
        Frame::Start,
        Frame::UserStartedSpeaking,
        Frame::UserStoppedSpeaking,
        Frame::VadUserStartedSpeaking,
        stopped,
        Frame::BotStartedSpeaking,
        Frame::BotStoppedSpeaking,
        Frame::Transcription(transcript),
        Frame::InterimTranscription(transcript),
        Frame::LlmContext(Some(&context)),
        Frame::LlmContext(None),
        Frame::LlmResponseStart,
        Frame::LlmText(chunk),
        Frame::LlmText(chunk),
        Frame::LlmResponseEnd,
        Frame::TtsSpeak(Some(text)),
        Frame::TtsSpeak(None),
        Frame::AggregatedText(chunk),
        Frame::TtsText(chunk),
        Frame::TtsStarted { context_id },
        Frame::TtsStopped { context_id },
        Frame::TtsAudio(audio),
        Frame::OutputAudio(audio),
        Frame::InputAudio(audio),
        Frame::Metrics(&metrics),
        Frame::FunctionCallsStarted(&calls),
        Frame::FunctionCallInProgress(call),
        Frame::FunctionCallResult(result),
        Frame::FunctionCallCancel { tool_call_id: id },
        Frame::Error(report),
        Frame::Interruption,
        Frame::Other { class: "Odd" },
    ];
    // The ends of a conversation are rare, or nothing else would be seen.
    let what = hop.what % (frames.len() + 3);
    let frame = frames.get(what).copied().unwrap_or_else(|| match (what - frames.len(), hop.number) {
        (0, 0) => Frame::End,
        (1, 0) => Frame::Stop,
        (2, 0) => Frame::Cancel,
        _ => Frame::UserStartedSpeaking,
    });
    push(&frame);
}

/// A context whose messages go on as long as it has some.
struct Asked<'a> {
    text: &'a str,
    messages: usize,
}

impl ChatContext for Asked<'_> {
    fn message_count(&self) -> usize {
        self.messages
    }

    fn role(&self, index: usize) -> &str {
        // The last one is the user's, as in most requests.
        ["user", "tool", "assistant", "user", "system"][(self.messages - 1 - index) % 5]
    }

    fn message(&self, index: usize) -> Message {
        let role = self.role(index);
        let mut message = Message::text(role, self.text);
        match role {
            "tool" => message.tool_call_id = Some("a".into()),
            "assistant" => message.tool_calls.push(ToolCall {
                id: "a".into(),
                name: "f".into(),
                arguments: Told(self.text).to_text(),
            }),
            _ => {}
        }
        message
    }

    fn tool_count(&self) -> usize {
        self.messages / 2
    }

    fn tool(&self, _: usize) -> String {
        Told(self.text).to_text()
    }
}

/// JSON with something said in it.
struct Told<'a>(&'a str);

impl Json for Told<'_> {
    fn to_text(&self) -> String {
        serde_json::json!({ "told": self.0 }).to_string()
    }

    fn error_text(&self) -> Option<String> {
        self.0.ends_with('!').then(|| self.0.to_owned())
    }
}
