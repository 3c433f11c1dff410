//! Scripted telephone calls of any length, recorded by the real frame log at the pace of speech.

use std::path::{Path, PathBuf};
use std::time::Duration;

use pipecat_instrument_runtime::engine::frame::{
    Audio, Direction, ErrorReport, Frame, FrameId, FramePushed, FunctionCall, FunctionCallResult, Json,
    LlmUsage, Measurement, Message, Metric, Processor, Role, Spacing, TextChunk, Transcript,
};
use pipecat_instrument_runtime::engine::time::Time;
use pipecat_instrument_runtime::frame_log::{ConversationLog, FrameLogWriter, HeaderInfo, PartSize};

const STT: usize = 1;
const LLM: usize = 2;
const TTS: usize = 3;
const OUT: usize = 4;
/// 2026-11-20, 09:00 UTC.
const BEGAN: u64 = 1_795_165_200_000;

/// A scripted call. Times are milliseconds from its start.
pub(crate) struct Call {
    logs: FrameLogWriter,
    log: ConversationLog,
    processors: Vec<Processor>,
    messages: Vec<Message>,
    now: u64,
    next_id: u64,
}

/// JSON text.
struct RawText<'a>(&'a str);

impl Json for RawText<'_> {
    fn to_text(&self) -> String {
        self.0.to_owned()
    }

    fn error_text(&self) -> Option<String> {
        None
    }
}

impl Call {
    /// Begins the call `id`, with a log at `path`, in parts of `part_size` if given.
    pub(crate) fn begin(id: &str, path: &Path, part_size: Option<PartSize>) -> Self {
        let logs = match part_size {
            Some(size) => FrameLogWriter::in_parts(path, size).unwrap(),
            None => FrameLogWriter::new(path).unwrap(),
        };
        let log = logs.conversation(&HeaderInfo::new(id, time(0)));
        let processors = vec![
            Processor::new("Source", "Source", Role::Other),
            Processor::new("DeepgramSTTService#0", "DeepgramSTTService", Role::Stt).model("nova-3"),
            Processor::new("OpenAILLMService#0", "OpenAILLMService", Role::Llm).model("gpt-4.1"),
            Processor::new("CartesiaTTSService#0", "CartesiaTTSService", Role::Tts).model("sonic-2"),
            Processor::new("Output#0", "Output", Role::OutputTransport),
            Processor::new("Sink", "Sink", Role::Sink),
        ];
        let mut call = Self {
            logs,
            log,
            processors,
            messages: vec![Message::text("system", "Be brief.")],
            now: 0,
            next_id: 0,
        };
        call.passes_all(&Frame::Start);
        call
    }

    pub(crate) fn now(&self) -> u64 {
        self.now
    }

    pub(crate) fn wait(&mut self, ms: u64) -> &mut Self {
        self.now += ms;
        self
    }

    /// The user speaks for `ms`; the transcript comes a little later.
    pub(crate) fn user_says(&mut self, ms: u64, text: &str) -> &mut Self {
        self.push(0, &Frame::VadUserStartedSpeaking).push(0, &Frame::UserStartedSpeaking);
        self.wait(ms + 200)
            .push(0, &Frame::VadUserStoppedSpeaking { stop_secs: Some(0.2), transcript: None });
        self.wait(90).push(STT, &Frame::Transcription(Transcript::from(text)));
        self.wait(10).push(0, &Frame::UserStoppedSpeaking);
        self.messages.push(Message::text("user", text));
        self
    }

    /// The model gets a request, and its first token comes `first_token` ms later.
    pub(crate) fn asks(&mut self, first_token: u64) -> &mut Self {
        let messages = self.messages.clone();
        let id = self.new_id();
        self.hop(0, LLM, &Frame::LlmContext(Some(&messages)), id);
        self.wait(first_token).push(LLM, &Frame::LlmResponseStart)
    }

    /// The model calls a function.
    pub(crate) fn calls(&mut self, name: &str, arguments: &str, ms: u64, result: &str) -> &mut Self {
        let id = format!("call-{}", self.now);
        let call = FunctionCall { name, tool_call_id: &id, arguments: Some(&RawText(arguments)) };
        self.push(LLM, &Frame::FunctionCallsStarted(&[call])).push(LLM, &Frame::LlmResponseEnd);
        self.push(LLM, &Frame::FunctionCallInProgress(call)).wait(ms);
        let result = FunctionCallResult {
            name,
            tool_call_id: &id,
            result: Some(&RawText(result)),
            error: None,
            is_final: true,
        };
        self.push(LLM, &Frame::FunctionCallResult(result))
    }

    pub(crate) fn fails(&mut self, message: &str) -> &mut Self {
        let exception = Some("TimeoutError('the model')");
        self.push(LLM, &Frame::Error(ErrorReport { message, exception, ..ErrorReport::default() }))
    }

    /// The bot answers with `text`, and speaks until `heard` has been spoken.
    pub(crate) fn bot_says(&mut self, text: &str, heard: &str) -> &mut Self {
        let reply = format!("reply-{}", self.now);
        let chunk =
            |text| TextChunk { spacing: Spacing::Between, context_id: Some(&reply), ..TextChunk::new(text) };
        self.push(LLM, &Frame::LlmText(TextChunk::new(text)));
        let completion = text.split(' ').count() as u64;
        let usage = LlmUsage { prompt: 180, completion, total: 180 + completion, ..LlmUsage::default() };
        self.measures(LLM, Measurement::LlmUsage(usage)).push(LLM, &Frame::LlmResponseEnd);
        self.wait(40).push(TTS, &Frame::AggregatedText(chunk(text)));
        self.push(TTS, &Frame::TtsStarted { context_id: Some(&reply) });
        self.measures(TTS, Measurement::TtsCharacters(text.chars().count() as u64));
        self.wait(110).push(TTS, &Frame::TtsText(chunk(text)));
        self.push(TTS, &Frame::TtsAudio(Audio::pcm16(32_000, 16_000, 1)));
        self.wait(30).push(OUT, &Frame::BotStartedSpeaking);
        for word in heard.split(' ') {
            self.wait(260).push(OUT, &Frame::TtsText(chunk(word)));
        }
        if heard == text {
            self.push(TTS, &Frame::TtsStopped { context_id: Some(&reply) });
            self.push(OUT, &Frame::BotStoppedSpeaking);
        }
        self.messages.push(Message::text("assistant", heard));
        self
    }

    /// The user interrupts the bot.
    pub(crate) fn interrupts(&mut self, ms: u64, text: &str) -> &mut Self {
        self.push(0, &Frame::Interruption);
        let begun = self.now;
        self.user_says(ms, text);
        assert!(self.now > begun);
        self
    }

    pub(crate) fn ends(&mut self) {
        self.wait(400).passes_all(&Frame::End);
        self.log.finish();
        self.flush();
    }

    /// Writes all events to the file.
    pub(crate) fn flush(&self) {
        self.logs.flush(Duration::from_secs(60)).unwrap();
    }

    fn measures(&mut self, processor: usize, value: Measurement) -> &mut Self {
        let name = self.processors[processor].name.clone();
        self.push(processor, &Frame::Metrics(&[Metric { processor: &name, model: None, value }]))
    }

    fn push(&mut self, source: usize, frame: &Frame<'_>) -> &mut Self {
        let id = self.new_id();
        self.hop(source, (source + 1).min(5), frame, id)
    }

    fn passes_all(&mut self, frame: &Frame<'_>) -> &mut Self {
        let id = self.new_id();
        for source in 0..5 {
            self.hop(source, source + 1, frame, id);
        }
        self
    }

    fn new_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    fn hop(&mut self, source: usize, destination: usize, frame: &Frame<'_>, id: u64) -> &mut Self {
        let hop = FramePushed {
            source: (&self.processors[source]).into(),
            destination: (&self.processors[destination]).into(),
            direction: Direction::Downstream,
            id: Some(FrameId(id)),
            sibling: None,
            frame,
        };
        self.log.record(time(self.now), &hop);
        self
    }
}

fn time(ms: u64) -> Time {
    Time::from_unix_nanos((BEGAN + ms) * 1_000_000)
}

/// Records a call of `turns` turns and returns the path of its log. The user interrupts every seventh turn, every fifth
/// has a tool call, and every fiftieth an error.
pub(crate) fn long_call(turns: u64, directory: &Path) -> PathBuf {
    let _ = std::fs::remove_dir_all(directory);
    let mut call = Call::begin("long", &directory.join("frames.jsonl"), None);
    call.wait(500);
    let mut is_interrupted = false;
    for turn in 1..=turns {
        // Varied, but equal in each run.
        let vary =
            |least: u64, most: u64| least + (turn.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) % (most - least);
        let question = format!("Question number {turn}: is day {} free?", turn % 28 + 1);
        if is_interrupted {
            call.interrupts(vary(700, 2_400), &question);
        } else {
            call.wait(vary(300, 2_000)).user_says(vary(700, 2_400), &question);
        }
        call.asks(vary(180, 900));
        if turn % 5 == 0 {
            call.calls(
                "check_calendar",
                r#"{"day":"Tuesday"}"#,
                vary(100, 1_300),
                r#"{"free":["9:30","14:00"]}"#,
            );
            call.asks(vary(150, 400));
        }
        if turn % 50 == 0 {
            call.fails("the model took too long").asks(300);
        }
        let answer = format!("Answer number {turn}: half past nine is free, and so is two in the afternoon.");
        is_interrupted = turn % 7 == 0 && turn < turns;
        let heard = if is_interrupted { &answer[..answer.find(", and").unwrap()] } else { answer.as_str() };
        call.bot_says(&answer, heard);
    }
    call.ends();
    directory.join("frames-long.jsonl")
}
