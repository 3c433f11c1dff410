//! What services say of themselves: errors, audio, the bounds of voices and replies.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::text::TranscriptPayload;
use crate::engine::frame::{Audio, ErrorReport, Frame, Transcript};

/// Something failed.
#[derive(Serialize, Deserialize)]
pub(in crate::frame_log) struct ErrorPayload<'a> {
    #[serde(default)]
    error: Cow<'a, str>,
    #[serde(default)]
    fatal: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    exception: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    processor: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<Cow<'a, str>>,
}

impl ErrorPayload<'_> {
    /// The same, as an error that the pipeline does not survive.
    pub(super) fn fatal(self) -> Self {
        Self { fatal: true, ..self }
    }

    pub(super) fn report(&self) -> ErrorReport<'_> {
        ErrorReport {
            message: &self.error,
            fatal: self.fatal,
            exception: self.exception.as_deref(),
            processor: self.processor.as_deref(),
            category: self.category.as_deref(),
        }
    }
}

impl<'a> From<ErrorReport<'a>> for ErrorPayload<'a> {
    fn from(report: ErrorReport<'a>) -> Self {
        Self {
            error: report.message.into(),
            fatal: report.fatal,
            exception: report.exception.map(Cow::from),
            processor: report.processor.map(Cow::from),
            category: report.category.map(Cow::from),
        }
    }
}

/// A voice fell silent.
#[derive(Serialize, Deserialize)]
pub(in crate::frame_log) struct VadStopPayload<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    stop_secs: Option<f64>,
    /// Ours: the final transcript, in frameworks that release it with this frame.
    #[serde(skip_serializing_if = "Option::is_none")]
    transcript: Option<TranscriptPayload<'a>>,
}

impl<'a> VadStopPayload<'a> {
    pub(super) fn new(stop_secs: Option<f64>, transcript: Option<Transcript<'a>>) -> Self {
        Self { stop_secs, transcript: transcript.map(TranscriptPayload::from) }
    }

    pub(super) fn frame(&self) -> Frame<'_> {
        Frame::VadUserStoppedSpeaking {
            stop_secs: self.stop_secs,
            transcript: self.transcript.as_ref().map(TranscriptPayload::transcript),
        }
    }
}

/// A text to be spoken.
#[derive(Serialize, Deserialize)]
pub(in crate::frame_log) struct SpeakPayload<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<Cow<'a, str>>,
}

impl<'a> SpeakPayload<'a> {
    pub(super) fn new(text: Option<&'a str>) -> Self {
        Self { text: text.map(Cow::from) }
    }

    pub(super) fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }
}

/// The begin or end of a spoken reply.
#[derive(Serialize, Deserialize)]
pub(in crate::frame_log) struct ReplyPayload<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    context_id: Option<Cow<'a, str>>,
}

impl<'a> ReplyPayload<'a> {
    pub(super) fn new(context_id: Option<&'a str>) -> Self {
        Self { context_id: context_id.map(Cow::from) }
    }

    pub(super) fn context_id(&self) -> Option<&str> {
        self.context_id.as_deref()
    }
}

/// A piece of audio; never its samples.
#[derive(Serialize, Deserialize)]
pub(in crate::frame_log) struct AudioPayload {
    #[serde(default)]
    audio: AudioShape,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct AudioShape {
    bytes: u64,
    sample_rate: u32,
    num_channels: u16,
}

impl AudioPayload {
    pub(super) const fn audio(&self) -> Audio {
        let AudioShape { bytes, sample_rate, num_channels } = self.audio;
        Audio { bytes, sample_rate, channels: num_channels }
    }
}

impl From<Audio> for AudioPayload {
    fn from(Audio { bytes, sample_rate, channels }: Audio) -> Self {
        Self { audio: AudioShape { bytes, sample_rate, num_channels: channels } }
    }
}
