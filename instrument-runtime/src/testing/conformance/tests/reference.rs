//! A framework of one loop, which handles due events every few milliseconds.

use std::error::Error;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::super::harness::now;
use super::super::{
    Capabilities, Framework, Harness, LlmResponse, LlmResponseContent, ScriptedToolCall, SpokenTextSource,
    SynthesisResult, ToolOutcome, UserAction,
};
use super::faults::Fault;
use super::pipeline::{Position, TestPipeline};
use crate::engine::conversation::{FrameSupport, Support};
use crate::engine::frame::{
    Audio, ErrorReport, Frame, FunctionCall, FunctionCallResult, LlmUsage, Measurement, Metric, Spacing,
    TextChunk, Transcript,
};
use crate::json::JsonContext;
use crate::observer::Observer;

const POLL_INTERVAL: Duration = Duration::from_millis(2);
const FIRST_BYTE: Duration = Duration::from_millis(10);
/// A pause in a response after which the text so far is spoken.
const END_OF_SENTENCE: Duration = Duration::from_secs(1);

/// How much the framework reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Detail {
    /// As much as Pipecat.
    Full,
    /// Transcripts, contexts, responses, errors, tools and audio.
    Minimal,
}

pub(super) struct Reference {
    pub(super) detail: Detail,
    pub(super) fault: Option<Fault>,
}

impl Framework for Reference {
    fn capabilities(&self) -> Capabilities {
        match self.detail {
            Detail::Full => Capabilities { spoken_text: SpokenTextSource::PlayedWords, ..Capabilities::ALL },
            Detail::Minimal => Capabilities::MINIMAL,
        }
    }

    fn play(&self, harness: &Harness, observer: Observer) -> Result<(), Box<dyn Error>> {
        assert!(self.fault != Some(Fault::Panic), "on purpose");
        let inferred = Support::Inferred;
        let observer = match self.detail {
            Detail::Full => observer,
            Detail::Minimal => observer.with_frame_support(FrameSupport {
                user_speech: inferred,
                bot_speech: inferred,
                spoken_text: inferred,
            }),
        };
        let pipeline = TestPipeline::new(observer, self.fault);
        let (schedule, messages) = (Vec::new(), Vec::new());
        let mut agent =
            Agent { harness, pipeline, detail: self.detail, schedule, messages, speaking: Speaking::No };
        agent.run();
        if self.fault == Some(Fault::WorkAfterEnd) {
            let mut pipeline = agent.pipeline;
            thread::spawn(move || {
                thread::sleep(POLL_INTERVAL);
                pipeline.push(Position::UserAggregator, Position::Llm, &Frame::LlmContext(None));
            });
        }
        Ok(())
    }
}

struct Agent<'a> {
    harness: &'a Harness,
    pipeline: TestPipeline,
    detail: Detail,
    schedule: Vec<(Instant, Event)>,
    messages: Vec<Value>,
    speaking: Speaking,
}

/// Whether the bot speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Speaking {
    Yes,
    No,
}

/// A scheduled event.
#[derive(Debug)]
enum Event {
    ResponseStart,
    Token(&'static str),
    ResponseEnd(LlmUsage),
    LlmFailure(&'static str),
    ToolCalls(Vec<ScriptedToolCall>),
    ToolStart(ScriptedToolCall),
    ToolResult(ScriptedToolCall),
    FollowUp,
    Say(String),
    Audio(String, Duration),
    SpokenWord(String),
    BotStop,
}

impl Agent<'_> {
    fn run(&mut self) {
        self.pipeline.push(Position::Source, Position::Sink, &Frame::Start);
        loop {
            match self.harness.user_action() {
                UserAction::None => {}
                UserAction::StartSpeaking => self.on_user_started(),
                UserAction::StopSpeaking => self.on_user_stopped(),
                UserAction::InterimTranscript(text) => {
                    let transcript = Frame::InterimTranscription(Transcript::from(text.as_str()));
                    self.pipeline.push(Position::Stt, Position::UserAggregator, &transcript);
                }
                UserAction::FinalTranscript(text) => {
                    let transcript = Frame::Transcription(Transcript::from(text.as_str()));
                    self.pipeline.push(Position::Stt, Position::UserAggregator, &transcript);
                    self.messages.push(json!({ "role": "user", "content": text }));
                    self.call_llm(Position::UserAggregator);
                }
                UserAction::HangUp => {
                    return self.pipeline.push(Position::Source, Position::Sink, &Frame::End);
                }
                UserAction::Cancel => {
                    return self.pipeline.push(Position::Source, Position::Sink, &Frame::Cancel);
                }
                UserAction::DropTask => return,
            }
            let now = now();
            while let Some(due) = self.schedule.iter().position(|(due, _)| *due <= now) {
                let (_, event) = self.schedule.remove(due);
                self.on_event(event);
            }
            thread::sleep(POLL_INTERVAL);
        }
    }

    fn on_user_started(&mut self) {
        self.schedule.clear();
        if self.detail == Detail::Full {
            self.pipeline.push(Position::Input, Position::Sink, &Frame::VadUserStartedSpeaking);
            self.pipeline.broadcast(Position::UserAggregator, &Frame::UserStartedSpeaking);
            self.pipeline.broadcast(Position::UserAggregator, &Frame::Interruption);
        }
        self.harness.on_playback_cleared();
        self.stop_speaking();
    }

    fn on_user_stopped(&mut self) {
        if self.detail == Detail::Full {
            let stopped = Frame::VadUserStoppedSpeaking { stop_secs: Some(0.0), transcript: None };
            self.pipeline.push(Position::Input, Position::Sink, &stopped);
            self.pipeline.broadcast(Position::UserAggregator, &Frame::UserStoppedSpeaking);
        }
    }

    fn call_llm(&mut self, from: Position) {
        let messages = std::mem::take(&mut self.messages);
        let context = JsonContext { messages: &messages, tools: &[] };
        self.pipeline.push(from, Position::Llm, &Frame::LlmContext(Some(&context)));
        self.messages = messages;

        let LlmResponse { content, usage } = self.harness.llm_response();
        let mut at = now() + FIRST_BYTE;
        match content {
            LlmResponseContent::Failure(message) => self.schedule.push((at, Event::LlmFailure(message))),
            LlmResponseContent::ToolCalls(calls) => {
                self.schedule.push((at, Event::ResponseStart));
                self.schedule.push((at, Event::ToolCalls(calls)));
                self.schedule.push((at, Event::ResponseEnd(usage)));
            }
            LlmResponseContent::Text(pieces) => {
                self.schedule.push((at, Event::ResponseStart));
                let mut sentence = String::new();
                for piece in pieces {
                    if piece.delay > END_OF_SENTENCE && !sentence.is_empty() {
                        self.schedule.push((at, Event::Say(std::mem::take(&mut sentence))));
                    }
                    at += piece.delay;
                    sentence.push_str(piece.text);
                    self.schedule.push((at, Event::Token(piece.text)));
                }
                self.schedule.push((at, Event::ResponseEnd(usage)));
                if !sentence.is_empty() {
                    self.schedule.push((at, Event::Say(sentence)));
                }
            }
        }
    }

    fn on_event(&mut self, event: Event) {
        let now = now();
        match event {
            Event::ResponseStart => {
                self.send_metric(Position::Llm, Measurement::TimeToFirstByte(0.01));
                self.pipeline.push(Position::Llm, Position::Sink, &Frame::LlmResponseStart);
            }
            Event::Token(text) => {
                self.pipeline.push(Position::Llm, Position::Tts, &Frame::LlmText(TextChunk::new(text)));
            }
            Event::ResponseEnd(usage) => {
                self.send_metric(Position::Llm, Measurement::LlmUsage(usage));
                self.pipeline.push(Position::Llm, Position::Sink, &Frame::LlmResponseEnd);
            }
            Event::LlmFailure(message) => self.send_error(Position::Llm, message),
            Event::ToolCalls(calls) => {
                let requested: Vec<FunctionCall<'_>> = calls.iter().map(call_of).collect();
                self.pipeline.push(Position::Llm, Position::Sink, &Frame::FunctionCallsStarted(&requested));
                let last = calls.iter().map(|call| call.duration).max().unwrap_or_default();
                for call in calls {
                    self.schedule.push((now, Event::ToolStart(call.clone())));
                    self.schedule.push((now + call.duration, Event::ToolResult(call)));
                }
                self.schedule.push((now + last + POLL_INTERVAL, Event::FollowUp));
            }
            Event::ToolStart(call) => {
                let started = Frame::FunctionCallInProgress(call_of(&call));
                self.pipeline.push(Position::Llm, Position::Sink, &started);
            }
            Event::ToolResult(call) => self.send_tool_result(&call),
            // The assistant aggregator, behind the output, sends the context upstream.
            Event::FollowUp => self.call_llm(Position::Output),
            Event::Say(text) => self.say(&text),
            Event::Audio(text, length) => self.send_audio(&text, length),
            Event::SpokenWord(word) => {
                let spoken = Frame::TtsText(TextChunk { spacing: Spacing::Between, ..TextChunk::new(&word) });
                self.pipeline.push(Position::Output, Position::Sink, &spoken);
            }
            Event::BotStop => self.stop_speaking(),
        }
    }

    fn send_tool_result(&mut self, call: &ScriptedToolCall) {
        let (result, error) = match &call.outcome {
            ToolOutcome::Success(result) => (result.clone(), None),
            ToolOutcome::Failure(message) => (json!(message), Some(*message)),
        };
        let returned = FunctionCallResult {
            name: call.name,
            tool_call_id: call.id,
            result: Some(&result),
            error,
            is_final: true,
        };
        self.pipeline.push(Position::Llm, Position::Sink, &Frame::FunctionCallResult(returned));
        self.messages.push(json!({ "role": "tool", "tool_call_id": call.id, "content": result.to_string() }));
    }

    fn say(&mut self, text: &str) {
        let text = text.trim();
        if self.detail == Detail::Full {
            let text_frame = Frame::AggregatedText(TextChunk::new(text));
            self.pipeline.push(Position::Tts, Position::Output, &text_frame);
        }
        let at = now() + FIRST_BYTE;
        match self.harness.synthesize(text) {
            SynthesisResult::Audio(length) => self.schedule.push((at, Event::Audio(text.to_owned(), length))),
            SynthesisResult::Failure(message) => self.send_error(Position::Tts, message),
        }
    }

    fn send_audio(&mut self, text: &str, length: Duration) {
        let now = now();
        if self.detail == Detail::Full {
            self.pipeline.push(Position::Tts, Position::Output, &Frame::TtsStarted { context_id: None });
            self.send_metric(Position::Tts, Measurement::TimeToFirstByte(0.01));
            self.send_metric(Position::Tts, Measurement::TtsCharacters(text.chars().count() as u64));
        }
        let samples = usize::try_from(length.as_millis()).unwrap() * 16;
        self.pipeline.push(
            Position::Tts,
            Position::Output,
            &Frame::TtsAudio(Audio::pcm16(samples * 2, 16_000, 1)),
        );
        self.harness.on_audio_sent(length);
        if self.detail == Detail::Minimal {
            return;
        }
        self.pipeline.push(Position::Tts, Position::Output, &Frame::TtsStopped { context_id: None });
        self.pipeline.broadcast(Position::Output, &Frame::BotStartedSpeaking);
        self.speaking = Speaking::Yes;
        let words: Vec<&str> = text.split_whitespace().collect();
        for (nth, word) in (0_u32..).zip(&words) {
            let after = length * nth / u32::try_from(words.len()).unwrap();
            self.schedule.push((now + after, Event::SpokenWord((*word).to_owned())));
        }
        self.schedule.push((now + length, Event::BotStop));
    }

    fn stop_speaking(&mut self) {
        if self.speaking == Speaking::Yes {
            self.speaking = Speaking::No;
            self.pipeline.broadcast(Position::Output, &Frame::BotStoppedSpeaking);
        }
    }

    fn send_error(&mut self, source: Position, message: &'static str) {
        let report = ErrorReport { message, ..ErrorReport::default() };
        self.pipeline.push(source, Position::Source, &Frame::Error(report));
    }

    fn send_metric(&mut self, source: Position, value: Measurement) {
        if self.detail == Detail::Full {
            let processor = format!("{source:?}");
            let metrics = [Metric { processor: &processor, model: None, value }];
            self.pipeline.push(source, Position::Sink, &Frame::Metrics(&metrics));
        }
    }
}

fn call_of(call: &ScriptedToolCall) -> FunctionCall<'_> {
    FunctionCall { name: call.name, tool_call_id: call.id, arguments: Some(&call.arguments) }
}
