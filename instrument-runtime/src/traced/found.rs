//! What was found out of a service's work while it lasted.

use super::values::{AudioLength, CharacterCount, LlmTokens, ServiceOutput};
use crate::engine::frame::{Measurement, Spacing, TextChunk, ToolCall};
use crate::engine::operation::{Completion, Failure, Outcome, ServiceKind};
use crate::engine::record::Recording;
use crate::engine::text::StreamedText;
use crate::engine::time::Time;

/// No answer asks for so many calls; what comes beyond is left out.
const MOST_CALLS: usize = 256;

/// What was found out of a service's work so far.
#[derive(Debug)]
pub struct Found {
    kind: ServiceKind,
    recording: Recording,
    first: Option<Time>,
    text: StreamedText,
    tool_calls: Vec<ToolCall>,
    usage: Option<Measurement>,
    failure: Option<Failure>,
}

impl Found {
    pub(super) fn nothing(kind: ServiceKind, recording: Recording) -> Self {
        Self {
            kind,
            recording,
            first: None,
            text: StreamedText::default(),
            tool_calls: Vec::new(),
            usage: None,
            failure: None,
        }
    }

    /// It answered, or heard; or a piece of that.
    pub fn output(&mut self, output: &(impl ServiceOutput + ?Sized)) {
        if self.recording == Recording::Yes {
            output.visit(self);
        }
    }

    /// It took so many tokens. Of a stream, what was told last counts: providers tell it once, or as it grows.
    pub fn tokens(&mut self, tokens: &(impl LlmTokens + ?Sized)) {
        self.usage = tokens.tokens().map(Measurement::LlmUsage).or(self.usage);
    }

    /// It took so many characters; those of a stream add up.
    pub fn characters(&mut self, characters: &(impl CharacterCount + ?Sized)) {
        let so_far = match self.usage {
            Some(Measurement::TtsCharacters(characters)) => characters,
            _ => 0,
        };
        let characters = characters.characters().map(|more| so_far.saturating_add(more));
        self.usage = characters.map(Measurement::TtsCharacters).or(self.usage);
    }

    /// It took so much audio; that of a stream adds up.
    pub fn audio(&mut self, audio: &(impl AudioLength + ?Sized)) {
        let so_far = match self.usage {
            Some(Measurement::SttAudioSeconds(seconds)) => seconds,
            _ => 0.0,
        };
        self.usage = audio.seconds().map(|more| Measurement::SttAudioSeconds(so_far + more)).or(self.usage);
    }

    /// A piece of text.
    pub(super) fn add_text(&mut self, text: &str) {
        let chunk = TextChunk::new(text);
        match self.kind {
            // A model's pieces carry their spaces, and may repeat each other; transcripts are told one after another.
            ServiceKind::Llm => self.text.push(&chunk),
            ServiceKind::Stt | ServiceKind::Tts => {
                self.text.push_delta(&TextChunk { spacing: Spacing::Between, ..chunk });
            }
        }
    }

    pub(super) fn add_tool_calls(&mut self, calls: &[ToolCall]) {
        let room = MOST_CALLS.saturating_sub(self.tool_calls.len());
        self.tool_calls.extend_from_slice(&calls[..room.min(calls.len())]);
    }

    /// The first error counts.
    pub(super) fn fail(&mut self, failure: Failure) {
        self.failure.get_or_insert(failure);
    }

    /// Whether nothing of a stream has come so far.
    pub(super) const fn awaits_first(&self) -> bool {
        self.first.is_none()
    }

    pub(super) fn first_comes(&mut self, now: Time) {
        self.first.get_or_insert(now);
    }

    /// Whether anybody wants to know of what comes of it.
    pub(super) fn is_wanted(&self) -> bool {
        self.recording != Recording::No
    }

    pub(super) fn into_outcome(self, completion: Completion) -> Outcome {
        Outcome {
            completion,
            failure: self.failure,
            first: self.first,
            text: self.text.to_text(),
            tool_calls: self.tool_calls,
            usage: self.usage,
        }
    }
}
