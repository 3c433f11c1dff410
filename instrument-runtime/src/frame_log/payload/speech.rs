//! Payloads of transcripts, of text to speak, of spoken replies and of audio.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::into_bounded;
use crate::engine::frame::{Audio, Chunking, Delivery, Spacing, TextChunk, Transcript};

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
    pub(super) fn bytes(&self) -> usize {
        self.text.len()
    }

    pub(super) fn into_owned(self) -> TranscriptPayload<'static> {
        TranscriptPayload {
            text: into_bounded(self.text),
            user_id: self.user_id.map(into_bounded),
            language: self.language.map(into_bounded),
        }
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

impl<'p> From<&'p TranscriptPayload<'_>> for Transcript<'p> {
    fn from(payload: &'p TranscriptPayload<'_>) -> Self {
        Self {
            text: &payload.text,
            user_id: payload.user_id.as_deref(),
            language: payload.language.as_deref(),
        }
    }
}

/// The end of voice activity.
#[derive(Serialize, Deserialize)]
pub(in crate::frame_log) struct VadStopPayload<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) stop_secs: Option<f64>,
    /// Extension: the final transcript, in frameworks that release it with this frame.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) transcript: Option<TranscriptPayload<'a>>,
}

impl VadStopPayload<'_> {
    pub(super) fn into_owned(self) -> VadStopPayload<'static> {
        VadStopPayload {
            stop_secs: self.stop_secs,
            transcript: self.transcript.map(TranscriptPayload::into_owned),
        }
    }
}

/// A piece of text from a language model or for synthesis.
#[derive(Serialize, Deserialize)]
pub(in crate::frame_log) struct TextPayload<'a> {
    #[serde(default)]
    text: Cow<'a, str>,
    /// Whether the pieces carry their own spaces.
    #[serde(rename = "includes_inter_frame_spaces", default = "includes_spaces")]
    includes_spaces: bool,
    /// Extension: the relation between the pieces of the stream, if the adapter knows it.
    #[serde(default, with = "ChunkingName", skip_serializing_if = "is_unknown")]
    chunking: Chunking,
    #[serde(skip_serializing_if = "Option::is_none")]
    context_id: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    skip_tts: Option<bool>,
}

impl TextPayload<'_> {
    pub(super) fn bytes(&self) -> usize {
        self.text.len()
    }

    pub(super) fn into_owned(self) -> TextPayload<'static> {
        let Self { text, includes_spaces, chunking, context_id, skip_tts } = self;
        let (text, context_id) = (into_bounded(text), context_id.map(into_bounded));
        TextPayload { text, includes_spaces, chunking, context_id, skip_tts }
    }
}

const fn includes_spaces() -> bool {
    matches!(TextChunk::new("").spacing, Spacing::Included)
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_unknown(chunking: &Chunking) -> bool {
    *chunking == Chunking::Unknown
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Chunking", rename_all = "lowercase")]
enum ChunkingName {
    Delta,
    Cumulative,
    Overlapping,
    #[serde(other)]
    Unknown,
}

impl<'a> From<TextChunk<'a>> for TextPayload<'a> {
    fn from(chunk: TextChunk<'a>) -> Self {
        Self {
            text: chunk.text.into(),
            includes_spaces: chunk.spacing == Spacing::Included,
            chunking: chunk.chunking,
            context_id: chunk.context_id.map(Cow::from),
            skip_tts: (chunk.delivery == Delivery::Silent).then_some(true),
        }
    }
}

impl<'p> From<&'p TextPayload<'_>> for TextChunk<'p> {
    fn from(payload: &'p TextPayload<'_>) -> Self {
        Self {
            text: &payload.text,
            spacing: if payload.includes_spaces { Spacing::Included } else { Spacing::Between },
            chunking: payload.chunking,
            context_id: payload.context_id.as_deref(),
            delivery: if payload.skip_tts == Some(true) { Delivery::Silent } else { Delivery::Aloud },
        }
    }
}

/// A text to speak that no language model wrote.
#[derive(Serialize, Deserialize)]
pub(in crate::frame_log) struct SpeakPayload<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<Cow<'a, str>>,
}

impl SpeakPayload<'_> {
    pub(super) fn bytes(&self) -> usize {
        self.text.as_deref().map_or(0, str::len)
    }

    pub(super) fn into_owned(self) -> SpeakPayload<'static> {
        SpeakPayload { text: self.text.map(into_bounded) }
    }
}

impl<'a> From<Option<&'a str>> for SpeakPayload<'a> {
    fn from(text: Option<&'a str>) -> Self {
        Self { text: text.map(Cow::from) }
    }
}

impl<'p> From<&'p SpeakPayload<'_>> for Option<&'p str> {
    fn from(payload: &'p SpeakPayload<'_>) -> Self {
        payload.text.as_deref()
    }
}

/// The start or the end of the synthesis of one reply.
#[derive(Serialize, Deserialize)]
pub(in crate::frame_log) struct ReplyPayload<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    context_id: Option<Cow<'a, str>>,
}

impl ReplyPayload<'_> {
    pub(super) fn context_id(&self) -> Option<&str> {
        self.context_id.as_deref()
    }
}

impl<'a> From<Option<&'a str>> for ReplyPayload<'a> {
    fn from(context_id: Option<&'a str>) -> Self {
        Self { context_id: context_id.map(Cow::from) }
    }
}

/// The size and format of a piece of audio; never its samples.
#[derive(Serialize, Deserialize)]
pub(in crate::frame_log) struct AudioPayload {
    #[serde(default, with = "AudioFields")]
    audio: Audio,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Audio")]
struct AudioFields {
    #[serde(default)]
    bytes: u64,
    #[serde(default)]
    sample_rate: u32,
    #[serde(default, rename = "num_channels")]
    channels: u16,
}

impl From<Audio> for AudioPayload {
    fn from(audio: Audio) -> Self {
        Self { audio }
    }
}

impl From<&AudioPayload> for Audio {
    fn from(payload: &AudioPayload) -> Self {
        payload.audio
    }
}
