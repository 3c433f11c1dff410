//! Which event a frame is, and whether it counts.

use super::{Conversation, Ending, Moment};
use crate::engine::dedup::Aspect;
use crate::engine::frame::{Frame, FramePushed, Role};

impl Conversation {
    pub(super) fn takes(&mut self, hop: &FramePushed<'_>, moment: &mut Moment<'_>) {
        match *hop.frame {
            Frame::Other { .. } | Frame::InputAudio(_) => {}
            Frame::Start => self.starts(hop, moment),
            Frame::End | Frame::Stop if self.is_at_end(hop) => {
                self.pipeline_ends(moment);
                self.lets_go_of_all(moment);
            }
            Frame::End | Frame::Stop => self.ending = Ending::Requested,
            Frame::Cancel => {
                self.is_cancelled(moment);
                if self.is_at_end(hop) {
                    self.lets_go_of_all(moment);
                }
            }
            Frame::LlmContext(context) => self.context_passes(hop, context, moment),
            Frame::TtsText(chunk) => self.tts_text_passes(hop, &chunk, moment),
            Frame::TtsAudio(audio) | Frame::OutputAudio(audio) => self.audio_passes(hop, audio, moment),
            Frame::VadUserStoppedSpeaking { stop_secs, transcript } => {
                if self.seen.insert(moment.now, hop) {
                    self.voice_stops(stop_secs, moment);
                }
                if let Some(transcript) = transcript
                    && self.seen.insert_aspect(hop.id, Aspect::Resent)
                {
                    self.words_are_final(hop.source, &transcript, moment);
                }
            }
            _ if !self.seen.insert(moment.now, hop) => {}
            _ => self.takes_new(hop, moment),
        }
    }

    /// A frame that has not been seen before.
    fn takes_new(&mut self, hop: &FramePushed<'_>, moment: &mut Moment<'_>) {
        match *hop.frame {
            Frame::VadUserStartedSpeaking => self.voice_starts(moment),
            Frame::UserStartedSpeaking => self.user_is_announced(moment),
            Frame::UserStoppedSpeaking => self.user_stops(moment),
            Frame::Transcription(transcript) => self.words_are_final(hop.source, &transcript, moment),
            Frame::InterimTranscription(transcript) => {
                self.words_are_interim(hop.source, &transcript, moment);
            }
            Frame::BotStartedSpeaking => self.bot_is_announced(hop, moment),
            Frame::BotStoppedSpeaking => self.bot_stop_is_announced(moment),
            Frame::LlmResponseStart => self.response_starts(hop.source, moment),
            Frame::LlmText(chunk) => self.response_streams(hop.source, &chunk, moment),
            Frame::LlmResponseEnd => self.response_ends(hop.source, moment),
            Frame::TtsSpeak(text) => self.speech_is_asked_for(text, moment),
            Frame::AggregatedText(chunk) => self.tts_is_asked(hop.source, &chunk, moment),
            Frame::TtsStarted { context_id } => self.tts_starts(hop.source, context_id, moment),
            Frame::TtsStopped { context_id } => self.tts_stops(hop.source, context_id, moment),
            Frame::Metrics(metrics) => self.is_measured(hop.source, metrics),
            Frame::FunctionCallsStarted(calls) => self.tools_are_asked_for(hop.source, calls, moment),
            Frame::FunctionCallInProgress(call) => self.tool_starts(hop.source, &call, moment),
            Frame::FunctionCallResult(result) => self.tool_returns(&result, moment),
            Frame::FunctionCallCancel { tool_call_id } => self.tool_is_cancelled(tool_call_id, moment),
            Frame::Error(report) => self.something_fails(hop.source, &report, moment),
            // An interruption alone is none: Pipecat sends one at every start of the user.
            Frame::Interruption => self.last_interruption = Some(moment.now),
            _ => {}
        }
    }

    pub(super) fn takes_after_cancel(&mut self, hop: &FramePushed<'_>, moment: &mut Moment<'_>) {
        match *hop.frame {
            Frame::Metrics(metrics) if self.seen.insert(moment.now, hop) => {
                self.is_measured(hop.source, metrics);
            }
            Frame::Cancel if self.is_at_end(hop) => self.lets_go_of_all(moment),
            _ => {}
        }
    }

    fn is_at_end(&self, hop: &FramePushed<'_>) -> bool {
        self.services.role(hop.destination) == Role::Sink
    }
}
