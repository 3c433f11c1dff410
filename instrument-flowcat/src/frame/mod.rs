//! flowcat's frames, as the core reads them.

mod class;
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

use crate::error::category;
use crate::names;
use class::class_of;
pub(crate) use payload::function_call;

use payload::Payload;

/// Where a frame comes from, as far as that says what it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Origin<'a> {
    /// Who pushes it.
    pub(crate) source: ProcessorRef<'a>,
    /// How much silence the voice detection waits for, where that is known.
    pub(crate) voice_stop: Option<Duration>,
}

/// A frame of flowcat's, with what it takes to read it.
pub(crate) struct FlowcatFrame<'a> {
    frame: &'a Flowcat,
    origin: Origin<'a>,
    payload: Payload<'a>,
}

impl<'a> FlowcatFrame<'a> {
    #[inline]
    pub(crate) fn new(frame: &'a Flowcat, origin: Origin<'a>) -> Self {
        Self { frame, origin, payload: Payload::of(frame) }
    }
}

/// What becomes of a frame because of who sends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning<'a> {
    /// What it says.
    Itself,
    /// Audio of a synthesis: flowcat's adapter renames what its service made.
    Synthesized(&'a AudioFrame),
    /// Nothing: flowcat's adapter says that synthesis starts when all of it is there. Only a service that is known as
    /// one and is not behind that adapter can mean it; others pass on what the adapter said.
    Late,
    /// The bot's words, which speech to speech tells as a transcript.
    BotText(&'a str),
    /// The end of the bot's answer, which speech to speech tells as silence, though audio may still be due.
    BotEnd,
}

impl FlowcatFrame<'_> {
    #[inline]
    fn meaning(&self) -> Meaning<'_> {
        let source = self.origin.source;
        match self.frame {
            Flowcat::OutputAudio(audio) if source.id() == names::TTS => Meaning::Synthesized(audio),
            Flowcat::TtsStarted { .. } if source.id() == names::TTS || source.role() != Role::Tts => {
                Meaning::Late
            }
            Flowcat::Transcription { text, user_id, .. }
                if source.id() == names::REALTIME && **user_id == *names::BOT_USER =>
            {
                Meaning::BotText(text)
            }
            Flowcat::BotStoppedSpeaking if source.id() == names::REALTIME => Meaning::BotEnd,
            _ => Meaning::Itself,
        }
    }
}

/// What a frame is by itself, wherever it comes from.
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
            Meaning::Itself => kind_of(self.frame),
            Meaning::Synthesized(_) => FrameKind::TtsAudio,
            Meaning::Late => FrameKind::Other,
            Meaning::BotText(_) => FrameKind::LlmText,
            Meaning::BotEnd => FrameKind::LlmResponseEnd,
        }
    }

    fn view(&self) -> Frame<'_> {
        match self.meaning() {
            Meaning::Itself => self.view_of(self.frame),
            Meaning::Synthesized(audio) => Frame::TtsAudio(pcm(audio)),
            // flowcat's name and not Pipecat's, so that nobody takes it for what it is there.
            Meaning::Late => Frame::Other { class: self.frame.name() },
            Meaning::BotText(text) => Frame::LlmText(piece(text, Spacing::Between, None)),
            Meaning::BotEnd => Frame::LlmResponseEnd,
        }
    }
}

impl FlowcatFrame<'_> {
    /// What `frame` tells by itself, wherever it comes from.
    fn view_of<'f>(&'f self, frame: &'f Flowcat) -> Frame<'f> {
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
                category: category(message),
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
                Frame::Transcription(heard(text, user_id, language.as_ref()))
            }
            Flowcat::Transcription { text, user_id, language, .. }
            | Flowcat::InterimTranscription { text, user_id, language } => {
                Frame::InterimTranscription(heard(text, user_id, language.as_ref()))
            }
            Flowcat::LlmResponseStart => Frame::LlmResponseStart,
            Flowcat::LlmText(text) => Frame::LlmText(piece(text, Spacing::Included, None)),
            Flowcat::LlmResponseEnd => Frame::LlmResponseEnd,
            Flowcat::TtsSpeak { text, .. } => Frame::TtsSpeak(Some(text)),
            // Services that tell the words tell them one by one.
            Flowcat::TtsText { text, context_id } => {
                Frame::TtsText(piece(text, Spacing::Between, context_id.as_deref()))
            }
            Flowcat::TtsStarted { context_id } => Frame::TtsStarted { context_id: context_id.as_deref() },
            Flowcat::TtsStopped { context_id } => Frame::TtsStopped { context_id: context_id.as_deref() },
            Flowcat::TtsAudio { audio, .. } => Frame::TtsAudio(pcm(audio)),
            Flowcat::OutputAudio(audio) => Frame::OutputAudio(pcm(audio)),
            Flowcat::InputAudio(audio) | Flowcat::UserAudio { audio, .. } => Frame::InputAudio(pcm(audio)),
            Flowcat::FunctionCallInProgress { call, .. } => {
                Frame::FunctionCallInProgress(function_call(call))
            }
            Flowcat::FunctionCallResult(result) => Frame::FunctionCallResult(FunctionCallResult {
                name: &result.function_name,
                tool_call_id: &result.tool_call_id,
                result: Some(&result.result),
                error: None,
            }),
            Flowcat::FunctionCallCancel { tool_call_id, .. } => Frame::FunctionCallCancel { tool_call_id },
            other => self.payload.view().unwrap_or(Frame::Other { class: class_of(other) }),
        }
    }
}

fn heard<'a>(text: &'a str, user_id: &'a str, language: Option<&'a Language>) -> Transcript<'a> {
    Transcript { text, user_id: Some(user_id), language: language.map(|Language(tag)| tag.as_str()) }
}

fn piece<'a>(text: &'a str, spacing: Spacing, context_id: Option<&'a str>) -> TextChunk<'a> {
    TextChunk { spacing, chunking: Chunking::Delta, context_id, ..TextChunk::new(text) }
}

fn pcm(audio: &AudioFrame) -> Audio {
    Audio::pcm16(audio.pcm.len() * size_of::<i16>(), audio.sample_rate, audio.num_channels)
}
