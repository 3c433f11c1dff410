//! Routes frames of language models. A model may turn out to be speech to speech.
//!
//! See [Speech to speech](https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#speech-to-speech).

use crate::engine::conversation::effect::{Effect, Moment};
use crate::engine::conversation::llm::{ContextDemand, ContextSource, NewCall, NewMessage};
use crate::engine::conversation::operations::Claimable;
use crate::engine::conversation::processors::ProcessorIndex;
use crate::engine::conversation::turn_scope::TurnScope;
use crate::engine::conversation::turns::{Floor, Milestone, Turn};
use crate::engine::conversation::{Conversation, Phase};
use crate::engine::frame::{
    FrameKind, FramePushed, FunctionCall, FunctionCallList, ProcessorRef, Role, TextChunk, Transcript,
};
use crate::engine::record::LlmRequest;
use crate::engine::time::Time;

impl Conversation {
    /// Returns how much of the context of `hop`, which happens at `now`, must be copied.
    pub(crate) fn demand_of_context(&self, now: Time, hop: &FramePushed<'_>) -> ContextDemand {
        if self.phase != Phase::Running || self.processors.role(hop.destination) != Role::Llm {
            return ContextDemand::Ignored;
        }
        if let Some(llm) = self.processors.find(hop.destination) {
            if self.llm.has_context_hop(hop.id, llm) {
                return ContextDemand::Ignored;
            }
            if self.processors.is_speech_to_speech(llm) {
                return ContextDemand::Hop;
            }
        }
        // A context with a typed message begins a turn if the bot has spoken, as does one after a timeout.
        let is_turn_certain = self.poll_timeout().is_none_or(|at| at > now)
            && self.turns.floor().is_some_and(|floor| !floor.bot_has_spoken());
        let is_recorded = self.turns.current().is_none_or(Turn::records_content);
        if is_recorded || !is_turn_certain { ContextDemand::Request } else { ContextDemand::UserMessage }
    }

    /// Handles a hop of a context. The context is a request at its first hop into each model.
    pub(crate) fn on_context(
        &mut self,
        hop: &FramePushed<'_>,
        context: ContextSource<'_>,
        moment: &mut Moment<'_>,
    ) {
        if self.processors.role(hop.destination) != Role::Llm {
            return;
        }
        let llm = self.processors.update(hop.destination);
        // A speech-to-speech model is sent a context after each reply, which is not a request.
        if self.llm.insert_context_hop(hop.id, llm) && !self.processors.is_speech_to_speech(llm) {
            self.on_llm_request(llm, context, moment);
        }
    }

    fn on_llm_request(
        &mut self,
        llm: ProcessorIndex,
        mut context: ContextSource<'_>,
        moment: &mut Moment<'_>,
    ) {
        let sent = context.take_sent(self.config.request_limits());
        // A provisional transcript is not what the user said.
        let new_message =
            if self.llm.is_speculating() { None } else { self.llm.new_message(llm, &sent, &self.stt) };
        let is_typed = new_message.as_ref().is_some_and(NewMessage::is_typed);
        if is_typed && self.turns.floor().is_some_and(Floor::bot_has_spoken) {
            self.on_user_turn(moment.now, moment);
        }
        self.ensure_turn_span(moment);
        let records_content = self.turns.current().is_some_and(Turn::records_content);
        if self.stt.has_words() {
            self.apply([Effect::UtteranceJoined], moment);
        }
        self.on_reply_request(moment.now);
        let request = if records_content {
            context.into_request(&sent, self.config.request_limits())
        } else {
            LlmRequest::default()
        };
        self.llm.on_request(llm, sent, self.stt.transcript_count(), moment.now);
        self.start_call(llm, request, moment.now, Claimable::Running, moment);
        let is_speculating = self.llm.is_speculating();
        if let Some(turn) = self.turns.current_mut() {
            turn.on_request(moment.now, is_speculating || !self.stt.infers_user());
            if !is_speculating {
                turn.on_context(new_message);
            }
        }
    }

    /// Handles the request for a reply. Text that still waits belongs to earlier replies and is dropped.
    pub(super) fn on_reply_request(&mut self, now: Time) {
        self.tts.on_reply_request(now);
        self.playback.on_reply_request();
    }

    pub(super) fn start_call(
        &mut self,
        llm: ProcessorIndex,
        request: LlmRequest,
        start: Time,
        claimable: Claimable,
        moment: &mut Moment<'_>,
    ) {
        self.ensure_turn_span(moment);
        let Some(turn) = self.turns.current_mut() else { return };
        turn.on_llm_call();
        let processor = self.processors.description(llm).clone();
        let new = NewCall { service: llm, processor, request, start };
        let mut scope = TurnScope::new(turn, &mut self.operations, moment.sink);
        self.llm.start(new, claimable, moment.now, &self.processors, &mut self.keys, &mut scope);
    }

    /// Starts a call of a model that answers without a known request, unless one is open.
    pub(super) fn ensure_call(&mut self, llm: ProcessorIndex, moment: &mut Moment<'_>) {
        if !self.llm.is_answering(llm) {
            self.start_response(llm, moment);
        }
    }

    /// Starts the call of a response that begins now.
    fn start_response(&mut self, llm: ProcessorIndex, moment: &mut Moment<'_>) {
        let start = if self.processors.is_speech_to_speech(llm) {
            self.llm.start_of_response(llm, moment.now)
        } else {
            moment.now
        };
        self.start_call(llm, LlmRequest::default(), start, Claimable::Any, moment);
    }

    /// Starts the call of a speech-to-speech model whose response ends without a start: it failed, or it was cancelled and
    /// has used tokens.
    pub(super) fn ensure_call_without_response(&mut self, llm: ProcessorIndex, moment: &mut Moment<'_>) {
        if self.processors.is_speech_to_speech(llm)
            && let Some(start) = self.llm.start_without_response(llm)
        {
            self.start_call(llm, LlmRequest::default(), start, Claimable::Any, moment);
        }
    }

    /// Handles the start of a response. It belongs to the call that waits for one, else to a new call.
    pub(super) fn on_response(&mut self, llm: ProcessorIndex, moment: &mut Moment<'_>) {
        if !self.llm.on_response(llm, moment.now) {
            self.start_response(llm, moment);
        }
    }

    pub(super) fn on_response_start(&mut self, source: ProcessorRef<'_>, moment: &mut Moment<'_>) {
        if let Some(llm) = self.as_llm(source, FrameKind::LlmResponseStart) {
            self.processors.update(source);
            self.on_response(llm, moment);
            self.llm.on_response_start(llm, moment.now);
        }
    }

    pub(super) fn on_llm_text(
        &mut self,
        source: ProcessorRef<'_>,
        chunk: &TextChunk<'_>,
        moment: &mut Moment<'_>,
    ) {
        if let Some(llm) = self.as_llm(source, FrameKind::LlmText) {
            self.ensure_call(llm, moment);
            let effect = self.llm.on_text(llm, moment.now, chunk);
            self.apply(effect, moment);
        }
    }

    /// Handles a chunk that only continues a response. Returns `false` if the chunk needs [`on_frame`](Self::on_frame).
    ///
    /// Such a chunk is neither the first of its response nor the first text for synthesis, and its turn cannot end
    /// without a frame while the response streams. Other due timeouts (the end of the bot's speech, the release of
    /// earlier turns) do not depend on it.
    pub(crate) fn on_untimed_llm_text(&mut self, hop: &FramePushed<'_>, chunk: &TextChunk<'_>) -> bool {
        if !self.tts.has_pending_text() || self.processors.role(hop.source) != Role::Llm {
            return false;
        }
        let Some(turn) = self.turns.current_number() else { return false };
        let Some(call) = self.llm.gathering(turn, hop.source.id()) else { return false };
        if self.seen.insert(self.now, hop) {
            call.on_more_text(chunk);
        }
        true
    }

    pub(super) fn on_response_end(&mut self, source: ProcessorRef<'_>, moment: &mut Moment<'_>) {
        if let Some(llm) = self.as_llm(source, FrameKind::LlmResponseEnd) {
            let is_text_only = !self.processors.has(Role::Tts) && !self.processors.is_speech_to_speech(llm);
            let effect = self.llm.on_response_end(llm, moment.now, is_text_only);
            self.apply(effect, moment);
        }
    }

    pub(super) fn on_tool_calls(
        &mut self,
        source: ProcessorRef<'_>,
        calls: &dyn FunctionCallList,
        moment: &mut Moment<'_>,
    ) {
        self.processors.role_of_pusher(source, FrameKind::FunctionCallsStarted);
        let llm = self.processors.index_of(source);
        // A speech-to-speech model that only asks for tool calls does not announce a response.
        if !self.llm.is_answering(llm) && self.may_be_speech_to_speech(llm) {
            self.on_response(llm, moment);
            self.llm.on_response_start(llm, moment.now);
        }
        self.llm.on_tool_calls(llm, moment.now, calls);
        if self.processors.is_speech_to_speech(llm) {
            self.llm.on_tools_asked(llm, moment.now);
        }
    }

    pub(super) fn on_tool_start(
        &mut self,
        source: ProcessorRef<'_>,
        call: &FunctionCall<'_>,
        moment: &mut Moment<'_>,
    ) {
        if self.tools.is_running(call.tool_call_id) {
            return;
        }
        self.processors.role_of_pusher(source, FrameKind::FunctionCallInProgress);
        let llm = self.processors.index_of(source);
        let key = self.keys.allocate();
        self.ensure_turn_span(moment);
        if let Some(turn) = self.turns.current_mut() {
            let mut scope = TurnScope::new(turn, &mut self.operations, moment.sink);
            let parent = self.llm.on_tool_start(llm, call, &mut scope);
            self.tools.on_start(call, key, parent, moment.now, &mut scope);
        }
        if self.processors.is_speech_to_speech(llm) {
            self.llm.on_tools_asked(llm, moment.now);
        }
    }

    /// Handles the result or the cancellation of a tool call. A context that comes then continues the request.
    pub(super) fn on_tool_result(&mut self) {
        if let Some(turn) = self.turns.current_mut() {
            turn.on_tool_result();
        }
    }

    pub(super) fn as_llm(&mut self, source: ProcessorRef<'_>, kind: FrameKind) -> Option<ProcessorIndex> {
        (self.processors.role_of_pusher(source, kind) == Role::Llm).then(|| self.processors.index_of(source))
    }
}

impl Conversation {
    /// Handles the first sign that a model is speech to speech: it hears or speaks by itself.
    pub(super) fn on_speech_to_speech(
        &mut self,
        source: ProcessorRef<'_>,
        moment: &mut Moment<'_>,
    ) -> ProcessorIndex {
        let llm = self.processors.update(source);
        self.processors.on_speech_to_speech(llm);
        if let Some(turn) = self.turns.current_mut() {
            let mut scope = TurnScope::new(turn, &mut self.operations, moment.sink);
            self.llm.on_speech_to_speech(llm, &mut scope);
        }
        llm
    }

    pub(super) fn may_be_speech_to_speech(&self, llm: ProcessorIndex) -> bool {
        self.processors.is_speech_to_speech(llm) || self.processors.may_have_speech_to_speech()
    }

    pub(super) fn on_llm_transcript(
        &mut self,
        source: ProcessorRef<'_>,
        transcript: &Transcript<'_>,
        moment: &mut Moment<'_>,
    ) {
        self.stt.on_user_id(transcript);
        let llm = self.on_speech_to_speech(source, moment);
        let answered_in = self.llm.on_user_transcript(llm, transcript.text);
        if answered_in.is_none() {
            self.ensure_turn(moment);
        }
        if let Some(number) = answered_in.or(self.turns.current_number())
            && let Some(turn) = self.turns.get_mut(number)
        {
            turn.begin(moment.sink);
            turn.on_transcript(transcript.text, Milestone { at: moment.now, by: Some(llm) });
        }
    }

    /// Handles audio, or TTS text, from a model. Late output of an interrupted response does not start another one.
    pub(super) fn on_llm_speech(&mut self, source: ProcessorRef<'_>, moment: &mut Moment<'_>) {
        let llm = self.on_speech_to_speech(source, moment);
        self.ensure_call(llm, moment);
        self.llm.on_speech(llm, moment.now);
    }

    pub(super) fn on_llm_speech_text(
        &mut self,
        source: ProcessorRef<'_>,
        chunk: &TextChunk<'_>,
        moment: &mut Moment<'_>,
    ) {
        self.on_llm_speech(source, moment);
        let llm = self.processors.index_of(source);
        self.llm.on_spoken_text(llm, chunk.text, chunk.spacing);
    }
}
