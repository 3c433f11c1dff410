//! A framework of one loop: every ten milliseconds it does what is due.

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
use super::wire::{Stop, Wire};
use crate::engine::conversation::{FrameSupport, Support};
use crate::engine::frame::{
    Audio, ErrorReport, Frame, FunctionCall, FunctionCallResult, LlmUsage, Measurement, Metric, Spacing,
    TextChunk, Transcript,
};
use crate::json::JsonContext;
use crate::observer::Observer;

const POLL_INTERVAL: Duration = Duration::from_millis(2);
const FIRST_BYTE: Duration = Duration::from_millis(10);
/// A pause in an answer after which what is there is spoken.
const END_OF_SENTENCE: Duration = Duration::from_secs(1);

/// How much is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Words {
    /// As much as Pipecat tells.
    Many,
    /// Transcripts, contexts, answers, errors, tools and audio.
    Few,
}

pub(super) struct Reference {
    pub(super) words: Words,
    pub(super) fault: Option<Fault>,
}

impl Framework for Reference {
    fn capabilities(&self) -> Capabilities {
        match self.words {
            Words::Many => Capabilities { spoken_text: SpokenTextSource::PlayedWords, ..Capabilities::ALL },
            Words::Few => Capabilities::MINIMAL,
        }
    }

    fn play(&self, harness: &Harness, observer: Observer) -> Result<(), Box<dyn Error>> {
        assert!(self.fault != Some(Fault::Panics), "as it was told to");
        let maybe = Support::Inferred;
        let observer = match self.words {
            Words::Many => observer,
            Words::Few => observer.with_frame_support(FrameSupport {
                user_speech: maybe,
                bot_speech: maybe,
                spoken_text: maybe,
            }),
        };
        let wire = Wire::new(observer, self.fault);
        let (agenda, messages) = (Vec::new(), Vec::new());
        let mut agent = Agent { harness, wire, words: self.words, agenda, messages, speaking: Speaking::No };
        agent.run();
        if self.fault == Some(Fault::GoesOn) {
            let mut wire = agent.wire;
            thread::spawn(move || {
                thread::sleep(POLL_INTERVAL);
                wire.travels(Stop::UserAggregator, Stop::Llm, &Frame::LlmContext(None));
            });
        }
        Ok(())
    }
}

struct Agent<'a> {
    harness: &'a Harness,
    wire: Wire,
    words: Words,
    agenda: Vec<(Instant, Act)>,
    messages: Vec<Value>,
    speaking: Speaking,
}

/// Whether the bot is heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Speaking {
    Yes,
    No,
}

/// Something to be done.
#[derive(Debug)]
enum Act {
    ResponseStarts,
    Token(&'static str),
    ResponseEnds(LlmUsage),
    Fails(&'static str),
    Calls(Vec<ScriptedToolCall>),
    Begins(ScriptedToolCall),
    Returns(ScriptedToolCall),
    AsksAgain,
    Says(String),
    Sounds(String, Duration),
    Spoken(String),
    FallsSilent,
}

impl Agent<'_> {
    fn run(&mut self) {
        self.wire.travels(Stop::Source, Stop::Sink, &Frame::Start);
        loop {
            match self.harness.user_action() {
                UserAction::None => {}
                UserAction::StartSpeaking => self.user_starts(),
                UserAction::StopSpeaking => self.user_stops(),
                UserAction::InterimTranscript(text) => {
                    let guess = Frame::InterimTranscription(Transcript::from(text.as_str()));
                    self.wire.travels(Stop::Stt, Stop::UserAggregator, &guess);
                }
                UserAction::FinalTranscript(text) => {
                    let heard = Frame::Transcription(Transcript::from(text.as_str()));
                    self.wire.travels(Stop::Stt, Stop::UserAggregator, &heard);
                    self.messages.push(json!({ "role": "user", "content": text }));
                    self.asks(Stop::UserAggregator);
                }
                UserAction::HangUp => return self.wire.travels(Stop::Source, Stop::Sink, &Frame::End),
                UserAction::Cancel => return self.wire.travels(Stop::Source, Stop::Sink, &Frame::Cancel),
                UserAction::DropTask => return,
            }
            let now = now();
            while let Some(due) = self.agenda.iter().position(|(due, _)| *due <= now) {
                let (_, act) = self.agenda.remove(due);
                self.does(act);
            }
            thread::sleep(POLL_INTERVAL);
        }
    }

    fn user_starts(&mut self) {
        self.agenda.clear();
        if self.words == Words::Many {
            self.wire.travels(Stop::Input, Stop::Sink, &Frame::VadUserStartedSpeaking);
            self.wire.is_broadcast(Stop::UserAggregator, &Frame::UserStartedSpeaking);
            self.wire.is_broadcast(Stop::UserAggregator, &Frame::Interruption);
        }
        self.harness.on_playback_cleared();
        self.falls_silent();
    }

    fn user_stops(&mut self) {
        if self.words == Words::Many {
            let stopped = Frame::VadUserStoppedSpeaking { stop_secs: Some(0.0), transcript: None };
            self.wire.travels(Stop::Input, Stop::Sink, &stopped);
            self.wire.is_broadcast(Stop::UserAggregator, &Frame::UserStoppedSpeaking);
        }
    }

    fn asks(&mut self, from: Stop) {
        let messages = std::mem::take(&mut self.messages);
        let context = JsonContext { messages: &messages, tools: &[] };
        self.wire.travels(from, Stop::Llm, &Frame::LlmContext(Some(&context)));
        self.messages = messages;

        let LlmResponse { content, usage } = self.harness.llm_response();
        let mut at = now() + FIRST_BYTE;
        match content {
            LlmResponseContent::Failure(message) => self.agenda.push((at, Act::Fails(message))),
            LlmResponseContent::ToolCalls(calls) => {
                self.agenda.push((at, Act::ResponseStarts));
                self.agenda.push((at, Act::Calls(calls)));
                self.agenda.push((at, Act::ResponseEnds(usage)));
            }
            LlmResponseContent::Text(pieces) => {
                self.agenda.push((at, Act::ResponseStarts));
                let mut sentence = String::new();
                for piece in pieces {
                    if piece.delay > END_OF_SENTENCE && !sentence.is_empty() {
                        self.agenda.push((at, Act::Says(std::mem::take(&mut sentence))));
                    }
                    at += piece.delay;
                    sentence.push_str(piece.text);
                    self.agenda.push((at, Act::Token(piece.text)));
                }
                self.agenda.push((at, Act::ResponseEnds(usage)));
                if !sentence.is_empty() {
                    self.agenda.push((at, Act::Says(sentence)));
                }
            }
        }
    }

    fn does(&mut self, act: Act) {
        let now = now();
        match act {
            Act::ResponseStarts => {
                self.measures(Stop::Llm, Measurement::TimeToFirstByte(0.01));
                self.wire.travels(Stop::Llm, Stop::Sink, &Frame::LlmResponseStart);
            }
            Act::Token(text) => {
                self.wire.travels(Stop::Llm, Stop::Tts, &Frame::LlmText(TextChunk::new(text)));
            }
            Act::ResponseEnds(usage) => {
                self.measures(Stop::Llm, Measurement::LlmUsage(usage));
                self.wire.travels(Stop::Llm, Stop::Sink, &Frame::LlmResponseEnd);
            }
            Act::Fails(message) => self.fails(Stop::Llm, message),
            Act::Calls(calls) => {
                let told: Vec<FunctionCall<'_>> = calls.iter().map(call_of).collect();
                self.wire.travels(Stop::Llm, Stop::Sink, &Frame::FunctionCallsStarted(&told));
                let last = calls.iter().map(|call| call.duration).max().unwrap_or_default();
                for call in calls {
                    self.agenda.push((now, Act::Begins(call.clone())));
                    self.agenda.push((now + call.duration, Act::Returns(call)));
                }
                self.agenda.push((now + last + POLL_INTERVAL, Act::AsksAgain));
            }
            Act::Begins(call) => {
                let begun = Frame::FunctionCallInProgress(call_of(&call));
                self.wire.travels(Stop::Llm, Stop::Sink, &begun);
            }
            Act::Returns(call) => self.returns(&call),
            // The side of the context that is behind the loudspeaker sends it up.
            Act::AsksAgain => self.asks(Stop::Output),
            Act::Says(text) => self.says(&text),
            Act::Sounds(text, length) => self.sounds(&text, length),
            Act::Spoken(word) => {
                let spoken = Frame::TtsText(TextChunk { spacing: Spacing::Between, ..TextChunk::new(&word) });
                self.wire.travels(Stop::Output, Stop::Sink, &spoken);
            }
            Act::FallsSilent => self.falls_silent(),
        }
    }

    fn returns(&mut self, call: &ScriptedToolCall) {
        let (result, error) = match &call.outcome {
            ToolOutcome::Success(result) => (result.clone(), None),
            ToolOutcome::Failure(message) => (json!(message), Some(*message)),
        };
        let told =
            FunctionCallResult { name: call.name, tool_call_id: call.id, result: Some(&result), error };
        self.wire.travels(Stop::Llm, Stop::Sink, &Frame::FunctionCallResult(told));
        self.messages.push(json!({ "role": "tool", "tool_call_id": call.id, "content": result.to_string() }));
    }

    fn says(&mut self, text: &str) {
        let text = text.trim();
        if self.words == Words::Many {
            let asked = Frame::AggregatedText(TextChunk::new(text));
            self.wire.travels(Stop::Tts, Stop::Output, &asked);
        }
        let at = now() + FIRST_BYTE;
        match self.harness.synthesize(text) {
            SynthesisResult::Audio(length) => self.agenda.push((at, Act::Sounds(text.to_owned(), length))),
            SynthesisResult::Failure(message) => self.fails(Stop::Tts, message),
        }
    }

    fn sounds(&mut self, text: &str, length: Duration) {
        let now = now();
        if self.words == Words::Many {
            self.wire.travels(Stop::Tts, Stop::Output, &Frame::TtsStarted { context_id: None });
            self.measures(Stop::Tts, Measurement::TimeToFirstByte(0.01));
            self.measures(Stop::Tts, Measurement::TtsCharacters(text.chars().count() as u64));
        }
        let samples = usize::try_from(length.as_millis()).unwrap() * 16;
        self.wire.travels(Stop::Tts, Stop::Output, &Frame::TtsAudio(Audio::pcm16(samples * 2, 16_000, 1)));
        self.harness.on_audio_sent(length);
        if self.words == Words::Few {
            return;
        }
        self.wire.travels(Stop::Tts, Stop::Output, &Frame::TtsStopped { context_id: None });
        self.wire.is_broadcast(Stop::Output, &Frame::BotStartedSpeaking);
        self.speaking = Speaking::Yes;
        let words: Vec<&str> = text.split_whitespace().collect();
        for (nth, word) in (0_u32..).zip(&words) {
            let after = length * nth / u32::try_from(words.len()).unwrap();
            self.agenda.push((now + after, Act::Spoken((*word).to_owned())));
        }
        self.agenda.push((now + length, Act::FallsSilent));
    }

    fn falls_silent(&mut self) {
        if self.speaking == Speaking::Yes {
            self.speaking = Speaking::No;
            self.wire.is_broadcast(Stop::Output, &Frame::BotStoppedSpeaking);
        }
    }

    fn fails(&mut self, who: Stop, message: &'static str) {
        let report = ErrorReport { message, ..ErrorReport::default() };
        self.wire.travels(who, Stop::Source, &Frame::Error(report));
    }

    fn measures(&mut self, who: Stop, value: Measurement) {
        if self.words == Words::Many {
            let processor = format!("{who:?}");
            let metrics = [Metric { processor: &processor, model: None, value }];
            self.wire.travels(who, Stop::Sink, &Frame::Metrics(&metrics));
        }
    }
}

fn call_of(call: &ScriptedToolCall) -> FunctionCall<'_> {
    FunctionCall { name: call.name, tool_call_id: call.id, arguments: Some(&call.arguments) }
}
