//! Scripted services.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use flowcat_core::processor::frame::FunctionCall;
use flowcat_core::service::{LlmService, SttService, Tool, TtsService};
use flowcat_core::{AudioFrame, FlowcatError, Frame, Language, LlmContext, StartParams};
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use pipecat_instrument_runtime::testing::conformance::{
    Harness, LlmResponseContent, ResponseChunk, ScriptedToolCall, SynthesisResult,
};

use crate::transport::SAMPLE_RATE;

/// Latency of the model and the synthesis.
const FIRST_BYTE: Duration = Duration::from_millis(20);
/// Audio in one frame. flowcat's transport accepts one frame of the bot for each frame of the user. With shorter ones,
/// an interruption would reach the synthesis late, and drop the next reply, which is queued by then.
const FRAME: Duration = Duration::from_millis(100);

/// The next transcripts of the speech-to-text service.
#[derive(Clone, Default)]
pub(crate) struct TranscriptQueue(Arc<Mutex<VecDeque<ScriptedTranscript>>>);

/// A transcript.
pub(crate) enum ScriptedTranscript {
    Interim(String),
    Final(String),
}

impl TranscriptQueue {
    pub(crate) fn push(&self, transcript: ScriptedTranscript) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push_back(transcript);
    }

    fn take(&self) -> Vec<ScriptedTranscript> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).drain(..).collect()
    }
}

pub(crate) struct ScriptedStt(pub(crate) TranscriptQueue);

#[async_trait]
impl SttService for ScriptedStt {
    fn name(&self) -> &'static str {
        "scripted"
    }

    async fn start(&mut self, _params: &StartParams) -> flowcat_core::Result<()> {
        Ok(())
    }

    async fn run_stt(&mut self, _audio: Arc<AudioFrame>) -> flowcat_core::Result<Vec<Frame>> {
        let (user_id, language) = (Arc::from("caller"), Some(Language("en".to_owned())));
        let frame = |transcript| match transcript {
            ScriptedTranscript::Interim(text) => Frame::InterimTranscription {
                text,
                user_id: Arc::clone(&user_id),
                language: language.clone(),
            },
            ScriptedTranscript::Final(text) => Frame::Transcription {
                text,
                user_id: Arc::clone(&user_id),
                language: language.clone(),
                final_: true,
            },
        };
        Ok(self.0.take().into_iter().map(frame).collect())
    }

    /// Does nothing, so that the user can interrupt the bot.
    async fn set_muted(&mut self, _muted: bool) {}
}

pub(crate) struct ScriptedLlm(pub(crate) Harness);

#[async_trait]
impl LlmService for ScriptedLlm {
    fn name(&self) -> &'static str {
        "scripted"
    }

    async fn start(&mut self, _params: &StartParams) -> flowcat_core::Result<()> {
        Ok(())
    }

    async fn run_llm<'a>(
        &'a mut self,
        _context: &'a LlmContext,
    ) -> flowcat_core::Result<BoxStream<'a, Frame>> {
        let answer = self.0.llm_response();
        tokio::time::sleep(FIRST_BYTE).await;
        let content = match answer.content {
            LlmResponseContent::Failure(message) => return Err(FlowcatError::Network(message.to_owned())),
            LlmResponseContent::Text(pieces) => stream::iter(pieces).then(streamed).boxed(),
            LlmResponseContent::ToolCalls(calls) => {
                let calls = calls.iter().map(to_function_call).collect();
                stream::iter([Frame::FunctionCallsStarted(calls)]).boxed()
            }
        };
        let (start, end) = (stream::iter([Frame::LlmResponseStart]), stream::iter([Frame::LlmResponseEnd]));
        Ok(start.chain(content).chain(end).boxed())
    }

    fn set_tools(&mut self, _tools: Vec<Tool>) {}
}

async fn streamed(piece: ResponseChunk) -> Frame {
    tokio::time::sleep(piece.delay).await;
    Frame::LlmText(piece.text.to_owned())
}

fn to_function_call(call: &ScriptedToolCall) -> FunctionCall {
    FunctionCall {
        function_name: call.name.to_owned(),
        tool_call_id: call.id.to_owned(),
        arguments: call.arguments.clone(),
    }
}

pub(crate) struct ScriptedTts(pub(crate) Harness);

#[async_trait]
impl TtsService for ScriptedTts {
    fn name(&self) -> &'static str {
        "scripted"
    }

    fn sample_rate(&self) -> u32 {
        SAMPLE_RATE
    }

    async fn start(&mut self, _params: &StartParams) -> flowcat_core::Result<()> {
        Ok(())
    }

    async fn run_tts(&mut self, text: &str) -> flowcat_core::Result<Vec<Frame>> {
        tokio::time::sleep(FIRST_BYTE).await;
        let length = match self.0.synthesize(text) {
            SynthesisResult::Audio(length) => length,
            SynthesisResult::Failure(message) => return Err(FlowcatError::Network(message.to_owned())),
        };
        let samples = SAMPLE_RATE as usize * FRAME.as_millis() as usize / 1_000;
        let audio = (0..length.as_millis() / FRAME.as_millis()).map(|_| Frame::TtsAudio {
            audio: Arc::new(AudioFrame::mono(vec![0; samples], SAMPLE_RATE)),
            context_id: None,
        });
        let mut frames = vec![Frame::TtsStarted { context_id: None }];
        frames.extend(audio);
        frames.push(Frame::TtsStopped { context_id: None });
        Ok(frames)
    }
}
