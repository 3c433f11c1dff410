//! Views of flowcat's frames.

mod labels;
mod payload;
#[cfg(test)]
mod tests;

use std::time::Duration;

use flowcat_core::processor::frame::Language;
use flowcat_core::{AudioFrame, Frame as Flowcat};
use pipecat_instrument_runtime::engine::frame::{
    Audio, Chunking, ErrorReport, Frame, FrameKind, FunctionCallResult, ObservedFrame, ProcessorRef, Role,
    Spacing, TextChunk, Transcript,
};

use crate::names;
use labels::{class_of, error_category};
use payload::Payload;

pub(crate) use payload::function_call;

/// Facts about the source of a frame that determine its meaning.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Origin<'a> {
    /// The processor that pushes the frame.
    pub(crate) source: ProcessorRef<'a>,
    /// Silence that the voice detection waits for, if configured.
    pub(crate) voice_stop: Option<Duration>,
}

/// A view of one of flowcat's frames.
pub(crate) struct FlowcatFrame<'a> {
    frame: &'a Flowcat,
    origin: Origin<'a>,
    payload: Payload<'a>,
}

impl<'a> FlowcatFrame<'a> {
    #[inline]
    pub(crate) fn new(frame: &'a Flowcat, origin: Origin<'a>) -> Self {
        Self { frame, origin, payload: Payload::new(frame) }
    }
}

/// Meaning of a frame that depends on its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning<'a> {
    /// The type of the frame determines its meaning.
    Literal,
    /// Audio of a synthesis, which flowcat's adapter of the service sends as `OutputAudio`.
    SynthesizedAudio(&'a AudioFrame),
    /// No meaning: flowcat's adapter sends `TtsStarted` only when the synthesis is complete, and other processors
    /// forward it. A synthesis without that adapter sends it in time.
    LateTtsStart,
    /// Words of the bot, which speech to speech sends as a transcript.
    BotText(&'a str),
    /// The end of the bot's response, which speech to speech sends as silence, although audio may follow.
    BotResponseEnd,
}

impl FlowcatFrame<'_> {
    #[inline]
    fn meaning(&self) -> Meaning<'_> {
        let source = self.origin.source;
        match self.frame {
            Flowcat::OutputAudio(audio) if source.id() == names::TTS => Meaning::SynthesizedAudio(audio),
            Flowcat::TtsStarted { .. } if source.id() == names::TTS || source.role() != Role::Tts => {
                Meaning::LateTtsStart
            }
            Flowcat::Transcription { text, user_id, .. }
                if source.id() == names::REALTIME && **user_id == *names::BOT_USER =>
            {
                Meaning::BotText(text)
            }
            Flowcat::BotStoppedSpeaking if source.id() == names::REALTIME => Meaning::BotResponseEnd,
            _ => Meaning::Literal,
        }
    }
}

/// Returns the kind of a frame, regardless of its source.
#[inline]
pub(crate) fn kind_of(frame: &Flowcat) -> FrameKind {
    match frame {
        Flowcat::Start(_) => FrameKind::Start,
        Flowcat::End { .. } => FrameKind::End,
        Flowcat::Stop => FrameKind::Stop,
        Flowcat::Cancel { .. } => FrameKind::Cancel,
        Flowcat::Error { .. } => FrameKind::Error,
        Flowcat::Interruption => FrameKind::Interruption,
        Flowcat::UserStartedSpeaking => FrameKind::UserStartedSpeaking,
        Flowcat::UserStoppedSpeaking => FrameKind::UserStoppedSpeaking,
        Flowcat::VadUserStartedSpeaking { .. } => FrameKind::VadUserStartedSpeaking,
        Flowcat::VadUserStoppedSpeaking { .. } => FrameKind::VadUserStoppedSpeaking,
        Flowcat::BotStartedSpeaking => FrameKind::BotStartedSpeaking,
        Flowcat::BotStoppedSpeaking => FrameKind::BotStoppedSpeaking,
        Flowcat::Transcription { final_: true, .. } => FrameKind::Transcription,
        Flowcat::Transcription { .. } | Flowcat::InterimTranscription { .. } => {
            FrameKind::InterimTranscription
        }
        Flowcat::LlmContext(_) => FrameKind::LlmContext,
        Flowcat::LlmResponseStart => FrameKind::LlmResponseStart,
        Flowcat::LlmText(_) => FrameKind::LlmText,
        Flowcat::LlmResponseEnd => FrameKind::LlmResponseEnd,
        Flowcat::TtsSpeak { .. } => FrameKind::TtsSpeak,
        Flowcat::TtsText { .. } => FrameKind::TtsText,
        Flowcat::TtsStarted { .. } => FrameKind::TtsStarted,
        Flowcat::TtsStopped { .. } => FrameKind::TtsStopped,
        Flowcat::TtsAudio { .. } => FrameKind::TtsAudio,
        Flowcat::OutputAudio(_) => FrameKind::OutputAudio,
        Flowcat::InputAudio(_) | Flowcat::UserAudio { .. } => FrameKind::InputAudio,
        Flowcat::Metrics(_) => FrameKind::Metrics,
        Flowcat::FunctionCallsStarted(_) => FrameKind::FunctionCallsStarted,
        Flowcat::FunctionCallInProgress { .. } => FrameKind::FunctionCallInProgress,
        Flowcat::FunctionCallResult(_) => FrameKind::FunctionCallResult,
        Flowcat::FunctionCallCancel { .. } => FrameKind::FunctionCallCancel,
        _ => FrameKind::Other,
    }
}

impl ObservedFrame for FlowcatFrame<'_> {
    #[inline]
    fn kind(&self) -> FrameKind {
        match self.meaning() {
            Meaning::Literal => kind_of(self.frame),
            Meaning::SynthesizedAudio(_) => FrameKind::TtsAudio,
            Meaning::LateTtsStart => FrameKind::Other,
            Meaning::BotText(_) => FrameKind::LlmText,
            Meaning::BotResponseEnd => FrameKind::LlmResponseEnd,
        }
    }

    fn view(&self) -> Frame<'_> {
        match self.meaning() {
            Meaning::Literal => self.literal_view(self.frame),
            Meaning::SynthesizedAudio(audio) => Frame::TtsAudio(audio_format(audio)),
            // flowcat's name, because Pipecat's would mean the start of the synthesis.
            Meaning::LateTtsStart => Frame::Other { class: self.frame.name() },
            Meaning::BotText(text) => Frame::LlmText(text_chunk(text, Spacing::Between, None)),
            Meaning::BotResponseEnd => Frame::LlmResponseEnd,
        }
    }
}

impl FlowcatFrame<'_> {
    /// Returns the view of a frame, regardless of its source.
    fn literal_view<'f>(&'f self, frame: &'f Flowcat) -> Frame<'f> {
        match frame {
            Flowcat::Start(_) => Frame::Start,
            Flowcat::End { .. } => Frame::End,
            Flowcat::Stop => Frame::Stop,
            Flowcat::Cancel { .. } => Frame::Cancel,
            Flowcat::Error { message, fatal, processor } => Frame::Error(ErrorReport {
                message,
                fatal: *fatal,
                exception: None,
                processor: processor.as_deref(),
                category: error_category(message),
            }),
            Flowcat::Interruption => Frame::Interruption,
            Flowcat::UserStartedSpeaking => Frame::UserStartedSpeaking,
            Flowcat::UserStoppedSpeaking => Frame::UserStoppedSpeaking,
            Flowcat::VadUserStartedSpeaking { .. } => Frame::VadUserStartedSpeaking,
            Flowcat::VadUserStoppedSpeaking { stop_secs } => {
                let silence =
                    self.origin.voice_stop.map_or(f64::from(*stop_secs), |silence| silence.as_secs_f64());
                Frame::VadUserStoppedSpeaking { stop_secs: Some(silence), transcript: None }
            }
            Flowcat::BotStartedSpeaking => Frame::BotStartedSpeaking,
            Flowcat::BotStoppedSpeaking => Frame::BotStoppedSpeaking,
            Flowcat::Transcription { text, user_id, language, final_: true } => {
                Frame::Transcription(transcript(text, user_id, language.as_ref()))
            }
            Flowcat::Transcription { text, user_id, language, .. }
            | Flowcat::InterimTranscription { text, user_id, language } => {
                Frame::InterimTranscription(transcript(text, user_id, language.as_ref()))
            }
            Flowcat::LlmResponseStart => Frame::LlmResponseStart,
            Flowcat::LlmText(text) => Frame::LlmText(text_chunk(text, Spacing::Included, None)),
            Flowcat::LlmResponseEnd => Frame::LlmResponseEnd,
            Flowcat::TtsSpeak { text, .. } => Frame::TtsSpeak(Some(text)),
            // Services with word timing send one word a frame.
            Flowcat::TtsText { text, context_id } => {
                Frame::TtsText(text_chunk(text, Spacing::Between, context_id.as_deref()))
            }
            Flowcat::TtsStarted { context_id } => Frame::TtsStarted { context_id: context_id.as_deref() },
            Flowcat::TtsStopped { context_id } => Frame::TtsStopped { context_id: context_id.as_deref() },
            Flowcat::TtsAudio { audio, .. } => Frame::TtsAudio(audio_format(audio)),
            Flowcat::OutputAudio(audio) => Frame::OutputAudio(audio_format(audio)),
            Flowcat::InputAudio(audio) | Flowcat::UserAudio { audio, .. } => {
                Frame::InputAudio(audio_format(audio))
            }
            Flowcat::FunctionCallInProgress { call, .. } => {
                Frame::FunctionCallInProgress(function_call(call))
            }
            Flowcat::FunctionCallResult(result) => Frame::FunctionCallResult(FunctionCallResult {
                name: &result.function_name,
                tool_call_id: &result.tool_call_id,
                result: Some(&result.result),
                error: None,
                is_final: true,
            }),
            Flowcat::FunctionCallCancel { tool_call_id, .. } => Frame::FunctionCallCancel { tool_call_id },
            other => self.payload.view().unwrap_or(Frame::Other { class: class_of(other) }),
        }
    }
}

fn transcript<'a>(text: &'a str, user_id: &'a str, language: Option<&'a Language>) -> Transcript<'a> {
    Transcript { text, user_id: Some(user_id), language: language.map(|Language(tag)| tag.as_str()) }
}

fn text_chunk<'a>(text: &'a str, spacing: Spacing, context_id: Option<&'a str>) -> TextChunk<'a> {
    TextChunk { spacing, chunking: Chunking::Delta, context_id, ..TextChunk::new(text) }
}

fn audio_format(audio: &AudioFrame) -> Audio {
    Audio::pcm16(audio.pcm.len() * size_of::<i16>(), audio.sample_rate, audio.num_channels)
}
