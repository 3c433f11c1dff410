//! Text that was heard, and text on its way to a loudspeaker.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::engine::frame::{Chunking, Delivery, Spacing, TextChunk, Transcript};

/// What was heard.
#[derive(Serialize, Deserialize)]
pub(in crate::frame_log) struct TranscriptPayload<'a> {
    #[serde(default)]
    text: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<Cow<'a, str>>,
}

impl TranscriptPayload<'_> {
    pub(super) fn transcript(&self) -> Transcript<'_> {
        Transcript { text: &self.text, user_id: self.user_id.as_deref(), language: self.language.as_deref() }
    }
}

impl<'a> From<Transcript<'a>> for TranscriptPayload<'a> {
    fn from(transcript: Transcript<'a>) -> Self {
        Self {
            text: transcript.text.into(),
            user_id: transcript.user_id.map(Cow::from),
            language: transcript.language.map(Cow::from),
        }
    }
}

/// A piece of text.
#[derive(Serialize, Deserialize)]
pub(in crate::frame_log) struct TextPayload<'a> {
    #[serde(default)]
    text: Cow<'a, str>,
    /// Whether the pieces carry their spaces.
    #[serde(rename = "includes_inter_frame_spaces", default = "spaces_included")]
    spaces_included: bool,
    /// Ours: how the pieces of its stream relate, where the adapter knows.
    #[serde(default, skip_serializing_if = "ChunkingName::is_unknown")]
    chunking: ChunkingName,
    #[serde(skip_serializing_if = "Option::is_none")]
    context_id: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    skip_tts: Option<bool>,
}

const fn spaces_included() -> bool {
    matches!(TextChunk::new("").spacing, Spacing::Included)
}

impl TextPayload<'_> {
    pub(super) fn chunk(&self) -> TextChunk<'_> {
        TextChunk {
            text: &self.text,
            spacing: if self.spaces_included { Spacing::Included } else { Spacing::Between },
            chunking: self.chunking.into(),
            context_id: self.context_id.as_deref(),
            delivery: if self.skip_tts == Some(true) { Delivery::Silent } else { Delivery::Aloud },
        }
    }
}

impl<'a> From<TextChunk<'a>> for TextPayload<'a> {
    fn from(chunk: TextChunk<'a>) -> Self {
        Self {
            text: chunk.text.into(),
            spaces_included: chunk.spacing == Spacing::Included,
            chunking: chunk.chunking.into(),
            context_id: chunk.context_id.map(Cow::from),
            skip_tts: (chunk.delivery == Delivery::Silent).then_some(true),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ChunkingName {
    Delta,
    Cumulative,
    Overlapping,
    #[default]
    #[serde(other)]
    Unknown,
}

impl ChunkingName {
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
    fn is_unknown(&self) -> bool {
        *self == Self::Unknown
    }
}

impl From<Chunking> for ChunkingName {
    fn from(chunking: Chunking) -> Self {
        match chunking {
            Chunking::Unknown => Self::Unknown,
            Chunking::Delta => Self::Delta,
            Chunking::Cumulative => Self::Cumulative,
            Chunking::Overlapping => Self::Overlapping,
        }
    }
}

impl From<ChunkingName> for Chunking {
    fn from(name: ChunkingName) -> Self {
        match name {
            ChunkingName::Unknown => Self::Unknown,
            ChunkingName::Delta => Self::Delta,
            ChunkingName::Cumulative => Self::Cumulative,
            ChunkingName::Overlapping => Self::Overlapping,
        }
    }
}
