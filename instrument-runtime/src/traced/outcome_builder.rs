//! Gathers the outcome of a traced call: its output, usage and failure.

use std::borrow::Cow;

use serde_json::Value;

use super::values::{CharacterCount, LlmTokens, Seconds};
use crate::engine::frame::{Measurement, Message, Spacing, TextChunk, ToolCall};
use crate::engine::operation::{Completion, Failure, Outcome, ServiceKind};
use crate::engine::record::Recording;
use crate::engine::text::StreamedText;
use crate::engine::time::Time;
use crate::observer::forward_conversion;

/// Upper bound on the tool calls of one response; later ones are dropped.
const MAX_TOOL_CALLS: usize = 256;

/// Gathers the outcome of a traced call.
#[derive(Debug)]
pub struct OutcomeBuilder {
    kind: ServiceKind,
    recording: Recording,
    first_item_at: Option<Time>,
    text: StreamedText,
    tool_calls: Vec<ToolCall>,
    usage: Option<Measurement>,
    failure: Option<Failure>,
}

impl OutcomeBuilder {
    pub(super) fn new(kind: ServiceKind, recording: Recording) -> Self {
        Self {
            kind,
            recording,
            first_item_at: None,
            text: StreamedText::default(),
            tool_calls: Vec::new(),
            usage: None,
            failure: None,
        }
    }

    /// Adds an answer or a transcript, or a chunk of one.
    pub fn output(&mut self, output: &(impl ServiceOutput + ?Sized)) {
        if self.recording == Recording::Yes {
            output.add_to(self);
        }
    }

    /// Sets the tokens used. In a stream, the last count wins: providers send it once, or a running total.
    pub fn tokens(&mut self, tokens: &(impl LlmTokens + ?Sized)) {
        self.usage = tokens.tokens().map(Measurement::LlmUsage).or(self.usage);
    }

    /// Adds the characters used by an item.
    pub fn characters(&mut self, characters: &(impl CharacterCount + ?Sized)) {
        let sum = match self.usage {
            Some(Measurement::TtsCharacters(characters)) => characters,
            _ => 0,
        };
        let characters = characters.characters().map(|more| sum.saturating_add(more));
        self.usage = characters.map(Measurement::TtsCharacters).or(self.usage);
    }

    /// Adds the seconds of audio used by an item.
    pub fn audio(&mut self, audio: &(impl Seconds + ?Sized)) {
        let sum = match self.usage {
            Some(Measurement::SttAudioSeconds(seconds)) => seconds,
            _ => 0.0,
        };
        self.usage = audio.seconds().map(|more| Measurement::SttAudioSeconds(sum + more)).or(self.usage);
    }

    fn push_text(&mut self, text: &str) {
        let chunk = TextChunk::new(text);
        match self.kind {
            // LLM chunks carry their own spaces and may be cumulative; transcripts follow each other.
            ServiceKind::Llm => self.text.push(&chunk),
            ServiceKind::Stt | ServiceKind::Tts => {
                self.text.push_delta(&TextChunk { spacing: Spacing::Between, ..chunk });
            }
        }
    }

    fn push_tool_calls(&mut self, calls: &[ToolCall]) {
        let left = MAX_TOOL_CALLS.saturating_sub(self.tool_calls.len());
        self.tool_calls.extend(calls.iter().take(left).cloned());
    }

    /// Sets the failure, unless one is set.
    pub(super) fn set_failure(&mut self, failure: Failure) {
        self.failure.get_or_insert(failure);
    }

    pub(super) const fn has_first_item(&self) -> bool {
        self.first_item_at.is_some()
    }

    pub(super) fn on_first_item(&mut self, now: Time) {
        self.first_item_at.get_or_insert(now);
    }

    pub(super) fn is_recorded(&self) -> bool {
        self.recording != Recording::No
    }

    pub(super) fn build(self, completion: Completion) -> Outcome {
        Outcome {
            completion,
            failure: self.failure,
            first: self.first_item_at,
            text: self.text.to_text(),
            tool_calls: self.tool_calls,
            usage: self.usage,
        }
    }
}

/// The output of a service: text, a message with its tool calls, or tool calls alone.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the output of a service",
    label = "neither text nor a message",
    note = "give a `&str` or `String`, a `frame::Message`, the `frame::ToolCall`s of a response, or an `Option` of one"
)]
pub trait ServiceOutput {
    /// Adds the output to `outcome`.
    fn add_to(&self, outcome: &mut OutcomeBuilder);
}

forward_conversion!(ServiceOutput::add_to(outcome: &mut OutcomeBuilder) -> (), none: ());

macro_rules! text_outputs {
    ($($text:ty),*) => {$(
        impl ServiceOutput for $text {
            fn add_to(&self, outcome: &mut OutcomeBuilder) {
                outcome.push_text(self);
            }
        }
    )*};
}

text_outputs!(str, String, Cow<'_, str>);

impl ServiceOutput for Value {
    fn add_to(&self, outcome: &mut OutcomeBuilder) {
        match self {
            Self::Null => {}
            Self::String(text) => outcome.push_text(text),
            other => outcome.push_text(&other.to_string()),
        }
    }
}

impl ServiceOutput for Message {
    fn add_to(&self, outcome: &mut OutcomeBuilder) {
        self.content.as_text().iter().for_each(|text| outcome.push_text(text));
        outcome.push_tool_calls(&self.tool_calls);
    }
}

impl ServiceOutput for [ToolCall] {
    fn add_to(&self, outcome: &mut OutcomeBuilder) {
        outcome.push_tool_calls(self);
    }
}

impl ServiceOutput for Vec<ToolCall> {
    fn add_to(&self, outcome: &mut OutcomeBuilder) {
        outcome.push_tool_calls(self);
    }
}
