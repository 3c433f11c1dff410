//! The costly parts of lines: copied by the pipeline, redacted and encoded by the writer thread.
//!
//! ```text
//!   pipeline                               writer thread
//!   {"n":7,…,"payload":        }  ──▶      {"n":7,…,"payload":{"messages":[…]}}
//!            └─ Deferred ──────────▶ redact ─▶ encode ──▶ ┘
//! ```

use std::sync::Arc;

use super::format::{ProcessorEnvelope, ProcessorLine, append_line};
use super::payload::{ContextPayload, ContextSnapshot, LoggedContext, OwnedPayload, Payload};
use crate::engine::frame::{Frame, FrameKind, FramePushed, Processor, Setting};
use crate::privacy::Privacy;

/// A part of a line that the writer thread encodes.
pub(super) struct Deferred {
    content: DeferredContent,
    privacy: Privacy,
}

enum DeferredContent {
    /// The payload of the first hop of a context.
    Context(ContextSnapshot),
    /// The payload of any other frame.
    Payload(OwnedPayload),
    /// A complete line.
    Processor(Arc<Processor>),
}

impl Deferred {
    /// Copies the payload of `hop`, if it is costly to encode or needs a redaction hook, which may be slow. `is_new`
    /// returns whether this is the first hop of a context. Calls code of the program.
    pub(super) fn of_payload(
        hop: &FramePushed<'_>,
        privacy: &Privacy,
        is_new: impl FnOnce() -> bool,
    ) -> Option<Self> {
        let content = match *hop.frame {
            Frame::LlmContext(Some(context)) if is_new() => {
                DeferredContent::Context(ContextSnapshot::new(context, privacy.content_limits()))
            }
            frame if is_costly(frame.kind()) || (privacy.has_hook() && has_complete_text(frame.kind())) => {
                DeferredContent::Payload(OwnedPayload::of(&frame)?)
            }
            _ => return None,
        };
        Some(Self { content, privacy: privacy.clone() })
    }

    /// Defers the line of a processor.
    pub(super) fn processor(processor: Arc<Processor>, privacy: &Privacy) -> Self {
        Self { content: DeferredContent::Processor(processor), privacy: privacy.clone() }
    }

    /// Returns the id of the processor whose line it is; `None` if it is part of another line.
    pub(super) fn processor_id(&self) -> Option<&str> {
        match &self.content {
            DeferredContent::Processor(processor) => Some(&processor.id),
            DeferredContent::Context(_) | DeferredContent::Payload(_) => None,
        }
    }

    /// Returns the memory that it takes, in bytes.
    pub(super) fn bytes(&self) -> usize {
        size_of::<Self>()
            + match &self.content {
                DeferredContent::Context(context) => context.bytes(),
                DeferredContent::Payload(payload) => payload.bytes(),
                DeferredContent::Processor(processor) => bytes_of_processor(processor),
            }
    }

    /// Redacts and encodes it at the end of `line`.
    pub(super) fn append_to(self, line: &mut Vec<u8>) {
        match &self.content {
            DeferredContent::Context(context) => {
                let frame = Frame::LlmContext(Some(context));
                self.privacy.with_redacted_frame(&frame, |frame| {
                    if let Frame::LlmContext(Some(context)) = *frame {
                        let context = Arc::new(LoggedContext::of(context));
                        append_payload(line, &Payload::LlmContext(ContextPayload::Full(context)));
                    }
                });
            }
            DeferredContent::Payload(payload) => {
                let append = |frame: &Frame<'_>| append_payload(line, &Payload::of(frame));
                self.privacy.with_redacted_frame(&payload.frame(), append);
            }
            DeferredContent::Processor(processor) => {
                let processor = ProcessorLine::from(&*self.privacy.redact_processor(processor));
                append_line(line, &ProcessorEnvelope { processor });
            }
        }
    }
}

/// Appends a payload; an empty one if it cannot be encoded.
fn append_payload(line: &mut Vec<u8>, payload: &Payload<'_>) {
    let before = line.len();
    if serde_json::to_writer(&mut *line, payload).is_err() {
        line.truncate(before);
        line.extend_from_slice(b"{}");
    }
}

/// Whether encoding a frame of `kind` takes more than copying it: its JSON is checked.
const fn is_costly(kind: FrameKind) -> bool {
    matches!(
        kind,
        FrameKind::FunctionCallsStarted | FrameKind::FunctionCallInProgress | FrameKind::FunctionCallResult
    )
}

/// Whether a frame of `kind` has a complete text, which a hook redacts. Chunks of streams are redacted without it.
const fn has_complete_text(kind: FrameKind) -> bool {
    matches!(
        kind,
        FrameKind::Transcription
            | FrameKind::VadUserStoppedSpeaking
            | FrameKind::TtsSpeak
            | FrameKind::AggregatedText
            | FrameKind::Error
    )
}

fn bytes_of_processor(processor: &Processor) -> usize {
    let settings = processor.settings.iter().map(|(name, setting)| {
        let text = match setting {
            Setting::Text(text) | Setting::Json(text) => text.len(),
            Setting::Bool(_) | Setting::Int(_) | Setting::Float(_) => 0,
        };
        size_of::<(String, Setting)>() + name.len() + text
    });
    size_of::<Processor>()
        + processor.system_instruction.as_deref().map_or(0, str::len)
        + settings.sum::<usize>()
}
