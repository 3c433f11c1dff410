//! Routes frames to the trackers, and effects of one tracker to the others.
//!
//! A frame counts once, at its first hop. Exceptions: an LLM context, End and Stop count where they are received, and
//! TTS text has one meaning at its service and another at the output transport.
//!
//! See [Frames](https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#frames).

mod llm;
mod operations;
mod tts;
mod turns;

use crate::engine::dedup::Aspect;
use crate::engine::frame::{
    ErrorReport, Frame, FrameKind, FramePushed, Measurement, MetricList, ProcessorRef, Role, Transcript,
};

use super::effect::{Effect, MetricPhase, Moment};
use super::llm::ContextSource;
use super::processors::ProcessorIndex;
use super::span::SpanError;
use super::stt::Words;
use super::tts::FirstSign;
use super::turn_scope::TurnScope;
use super::turns::Milestone;
use super::{Conversation, Ending, Phase};

impl Conversation {
    /// Handles one hop while the conversation is running.
    pub(super) fn on_frame(&mut self, hop: &FramePushed<'_>, moment: &mut Moment<'_>) {
        // Only from hops that a live observer passes on: a replay must learn the same. It keeps back later hops of a frame
        // whose hops are all alike, and hops of outgoing audio that it counts itself.
        let kind = hop.frame.kind();
        if !kind.is_hop_invariant() && !kind.is_outgoing_audio() {
            self.learn_processors(hop);
        }
        match *hop.frame {
            Frame::Other { .. } | Frame::InputAudio(_) => {}
            Frame::Start => self.on_pipeline_start(hop, moment),
            Frame::End | Frame::Stop if self.is_at_sink(hop) => self.on_pipeline_end(moment),
            Frame::End | Frame::Stop => self.ending = Ending::Requested,
            Frame::Cancel => {
                self.on_cancel(moment);
                if self.is_at_sink(hop) {
                    self.release_all(moment);
                }
            }
            Frame::LlmContext(context) => self.on_context(hop, ContextSource::Live(context), moment),
            Frame::TtsText(chunk) => self.on_tts_text(hop, &chunk, moment),
            Frame::TtsAudio(audio) | Frame::OutputAudio(audio) => self.on_audio(hop, audio, moment),
            Frame::VadUserStoppedSpeaking { stop_secs, transcript } => {
                if self.seen.insert(moment.now, hop) {
                    let effect = self.stt.on_voice_stop(stop_secs, moment);
                    self.apply(effect, moment);
                }
                if let Some(transcript) = transcript
                    && self.seen.insert_aspect(hop.id, Aspect::Resent)
                {
                    self.on_transcription(hop.source, &transcript, moment);
                }
            }
            _ if !self.seen.insert(moment.now, hop) => {}
            _ => {
                self.learn_processors(hop);
                self.on_new_frame(hop, moment);
            }
        }
    }

    /// Handles a frame at its first hop.
    fn on_new_frame(&mut self, hop: &FramePushed<'_>, moment: &mut Moment<'_>) {
        let source = hop.source;
        match *hop.frame {
            Frame::VadUserStartedSpeaking => {
                let turn = self.turns.current_number();
                let effects = self.stt.on_voice_start(turn, &mut self.keys, moment);
                self.apply(effects, moment);
            }
            Frame::ProposedUserStartedSpeaking => self.llm.on_user_detected(moment.now),
            Frame::EagerTranscription => self.llm.on_eager_transcript(moment.now),
            Frame::EagerEndOfTurnCancel => self.llm.on_withdrawal(moment.now),
            Frame::UserStartedSpeaking => {
                let effects = self.stt.on_user_start(moment);
                self.apply(effects, moment);
            }
            Frame::UserStoppedSpeaking => {
                self.stt.on_user_stop(moment);
                self.llm.on_user_stopped(moment.now);
                let stopped = Milestone { at: moment.now, by: Some(self.processors.index_of(source)) };
                if let Some(turn) = self.turns.current_mut() {
                    turn.on_user_stopped(stopped);
                }
            }
            Frame::Transcription(transcript) => self.on_transcription(source, &transcript, moment),
            Frame::InterimTranscription(transcript) => {
                self.on_interim_transcription(source, &transcript, moment);
            }
            Frame::BotStartedSpeaking => {
                self.processors.role_of_pusher(source, FrameKind::BotStartedSpeaking);
                // A transport that no text has reached is not known to report spoken text.
                let output = self.processors.find(source);
                let effect = self.playback.on_bot_started_frame(Milestone { at: moment.now, by: output });
                self.apply(effect, moment);
            }
            Frame::BotStoppedSpeaking => self.apply(self.playback.on_bot_stopped_frame(), moment),
            Frame::LlmResponseStart => self.on_response_start(source, moment),
            Frame::LlmText(chunk) => self.on_llm_text(source, &chunk, moment),
            Frame::LlmResponseEnd => self.on_response_end(source, moment),
            Frame::TtsSpeak(text) => {
                self.ensure_turn(moment);
                self.on_reply_request(moment.now);
                self.tts.on_speak(moment.now, text);
            }
            Frame::AggregatedText(chunk) => self.on_aggregated_text(source, &chunk, moment),
            Frame::TtsStarted { context_id } => self.on_tts_started(source, context_id, moment),
            Frame::TtsStopped { context_id } => {
                if let Some(tts) = self.as_tts(source, FrameKind::TtsStopped) {
                    self.tts.on_stop(tts, context_id, moment.now);
                }
            }
            Frame::Metrics(metrics) => self.on_metrics(source, metrics, moment),
            Frame::FunctionCallsStarted(calls) => self.on_tool_calls(source, calls, moment),
            Frame::FunctionCallInProgress(call) => self.on_tool_start(source, &call, moment),
            Frame::FunctionCallResult(result) => {
                self.llm.on_tool_result(result.tool_call_id, moment.now);
                self.tools.on_result(moment.now, &result);
                self.on_tool_result();
            }
            Frame::FunctionCallCancel { tool_call_id } => {
                self.tools.on_cancel(moment.now, tool_call_id);
                self.on_tool_result();
            }
            Frame::Error(report) => self.on_error(source, &report, moment),
            Frame::Interruption => {
                self.llm.on_interruption(moment.now);
                let interrupter = self.processors.index_of(source);
                if self.processors.is_speech_to_speech(interrupter) {
                    self.llm.on_own_interruption(interrupter, moment.now);
                }
                self.tts.on_interruption(moment.now);
            }
            _ => {}
        }
    }

    /// Handles one hop after a Cancel, on the way to the sink: only metrics count.
    pub(super) fn on_frame_after_cancel(&mut self, hop: &FramePushed<'_>, moment: &mut Moment<'_>) {
        match *hop.frame {
            Frame::Metrics(metrics) if self.seen.insert(moment.now, hop) => {
                self.on_metrics(hop.source, metrics, moment);
            }
            Frame::Cancel if self.is_at_sink(hop) => self.release_all(moment),
            _ => {}
        }
    }

    /// Passes effects to the trackers that they concern.
    pub(super) fn apply(&mut self, effects: impl IntoIterator<Item = Effect>, moment: &mut Moment<'_>) {
        for effect in effects {
            match effect {
                Effect::UserStarted { at } => self.on_user_started(at, moment),
                Effect::UtteranceJoined => {
                    if let Some(turn) = self.turns.current_mut() {
                        let mut scope = TurnScope::new(turn, &mut self.operations, moment.sink);
                        self.stt.on_joined(&mut scope, &self.processors);
                    }
                }
                Effect::UtteranceEnded => self.on_utterance_ended(moment),
                Effect::VoiceEnded { turn, stop } => {
                    if let Some(turn) = self.turns.current_mut().filter(|current| current.number() == turn) {
                        turn.on_voice_stop(stop);
                    }
                }
                Effect::AnswerText { call } => self.tts.on_answer_text(moment.now, call),
                Effect::TextAnswered => {
                    self.on_bot_started(Milestone { at: moment.now, by: None }, moment);
                    self.on_bot_stopped(moment);
                }
                Effect::BotStarted { start } => self.on_bot_started(start, moment),
                Effect::BotStopped => self.on_bot_stopped(moment),
            }
        }
    }
}

/// Handlers of errors, metrics and user speech.
impl Conversation {
    /// Handles an error: it belongs to a tool call, a service's span or the turn.
    fn on_error(&mut self, source: ProcessorRef<'_>, report: &ErrorReport<'_>, moment: &mut Moment<'_>) {
        let error = SpanError::from_report(moment.now, report);
        if report.fatal
            && let Some(turn) = self.turns.current_mut()
        {
            turn.on_fatal_error(error.clone());
        }
        let Some(error) = self.tools.on_error(moment.now, report.message, error) else { return };
        let service = match report.processor {
            Some(name) => self.processors.by_name(name),
            None => Some(self.processors.index_of(source)),
        };
        let unplaced = match service {
            Some(service) => self.on_service_error(service, error, moment),
            None => Some(error),
        };
        if let Some(error) = unplaced {
            self.turns.on_error(error, moment);
        }
    }

    /// Handles an error of a service. Returns the error if no span of the service is open or has just closed.
    fn on_service_error(
        &mut self,
        service: ProcessorIndex,
        error: SpanError,
        moment: &mut Moment<'_>,
    ) -> Option<SpanError> {
        match self.processors.role_at(service) {
            Role::Stt => self.stt.on_error(error, moment.now),
            Role::Llm => {
                self.ensure_call_without_response(service, moment);
                self.llm.on_error(service, error, moment.now)
            }
            Role::Tts => {
                if self.tts.fails_before_start(service, &self.processors) {
                    self.start_synthesis(service, FirstSign::Work, moment.now, moment);
                }
                self.tts.on_error(service, error, moment.now)
            }
            _ => Some(error),
        }
    }

    /// Handles metrics. A processor's metrics count only if it sent them itself: a pipeline's source sends zeros for
    /// all services at the start.
    fn on_metrics(&mut self, source: ProcessorRef<'_>, metrics: &dyn MetricList, moment: &mut Moment<'_>) {
        let index = self.processors.index_of(source);
        let phase =
            if self.phase == Phase::Cancelled { MetricPhase::Cancelled } else { MetricPhase::Running };
        metrics.for_each(&mut |metric| {
            if metric.processor != source.name() {
                return;
            }
            if metric.value.is_time() {
                self.processors.on_reported_time(index);
            }
            match (self.processors.role_at(index), phase) {
                (Role::Stt, MetricPhase::Running) => self.stt.on_metric(&metric),
                (Role::Stt, MetricPhase::Cancelled) => {
                    if let Some(cancelled) = self.turns.last_ended() {
                        self.stt.on_metric_after_cancel(cancelled, &metric);
                    }
                }
                (Role::Llm, _) => {
                    let may_be_early = self.may_be_speech_to_speech(index);
                    let has_used_tokens = matches!(metric.value, Measurement::LlmUsage(_));
                    if has_used_tokens && phase == MetricPhase::Running && !self.llm.is_answering(index) {
                        self.ensure_call_without_response(index, moment);
                    }
                    self.llm.on_metric(index, &metric, moment.now, phase, may_be_early);
                }
                (Role::Tts, _) => match metric.value {
                    Measurement::TtsCharacters(characters) => {
                        self.tts.on_characters(index, characters, phase);
                    }
                    _ => self.tts.on_metric(index, &metric, phase),
                },
                _ => {}
            }
        });
    }

    fn is_at_sink(&self, hop: &FramePushed<'_>) -> bool {
        self.processors.role(hop.destination) == Role::Sink
    }

    fn on_transcription(
        &mut self,
        source: ProcessorRef<'_>,
        transcript: &Transcript<'_>,
        moment: &mut Moment<'_>,
    ) {
        self.stt.on_final_text(transcript.text);
        if self.processors.role_of_pusher(source, FrameKind::Transcription) == Role::Llm {
            self.on_llm_transcript(source, transcript, moment);
        } else {
            self.on_words(source, transcript, Words::Final(transcript), moment);
        }
    }

    fn on_interim_transcription(
        &mut self,
        source: ProcessorRef<'_>,
        transcript: &Transcript<'_>,
        moment: &mut Moment<'_>,
    ) {
        if self.processors.role_of_pusher(source, FrameKind::InterimTranscription) != Role::Llm {
            self.on_words(source, transcript, Words::Interim, moment);
        }
    }

    fn on_words(
        &mut self,
        source: ProcessorRef<'_>,
        transcript: &Transcript<'_>,
        words: Words<'_>,
        moment: &mut Moment<'_>,
    ) {
        self.stt.on_user_id(transcript);
        let turn = self.turns.current_number();
        let effects = self.stt.before_words(turn, &mut self.keys, moment.now);
        self.apply(effects, moment);
        let stt = self.processors.update(source);
        let service = (stt, self.processors.description(stt).clone());
        let turn = self.turns.current_mut();
        let mut scope = turn.map(|turn| TurnScope::new(turn, &mut self.operations, moment.sink));
        self.stt.on_words(words, service, moment.now, scope.as_mut());
    }

    fn on_utterance_ended(&mut self, moment: &mut Moment<'_>) {
        let turn = self.stt.ended_in().and_then(|number| self.turns.get_mut(number));
        let mut scope = turn.map(|turn| TurnScope::new(turn, &mut self.operations, moment.sink));
        self.stt.settle(scope.as_mut());
        self.release_oldest_spans(moment);
    }
}
