//! A conversation in which each text is a marker: its spans and its frame log.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
use pipecat_instrument_runtime::emit::Tracers;
use pipecat_instrument_runtime::engine::conversation::ConversationConfig;
use pipecat_instrument_runtime::engine::frame::{
    Direction, ErrorReport, Frame, FrameId, FramePushed, FunctionCall, FunctionCallResult, Processor,
    ProcessorRef, Role, Setting, TextChunk, Transcript,
};
use pipecat_instrument_runtime::engine::record::{SpanBuffer, SpanDetails, Status};
use pipecat_instrument_runtime::frame_log::{FrameLogReader, FrameLogWriter, replay};
use pipecat_instrument_runtime::json::JsonContext;
use pipecat_instrument_runtime::observer::{ObserveOptions, Observer, ObserverProvider, caught_panics};
use pipecat_instrument_runtime::privacy::TraceConfig;
use serde_json::json;

use crate::TestResult;
use crate::options::Hidden::{
    InputImages, InputMessages, InputText, Inputs, InvocationParameters, OutputMessages, Outputs, Tools,
};
use crate::options::{each_option, every_combination, hiding};
use crate::secrets::{Secret, check, markers_in};
use crate::temp_dir::TempDir;

/// The markers in the frame log, each with the options that hide it.
const LOGGED: [Secret; 24] = [
    ("«interim»", &[Inputs]),
    ("«final»", &[Inputs]),
    ("«released»", &[Inputs]),
    ("«instruction»", &[Inputs, InputMessages, InputText]),
    ("«setting»", &[InvocationParameters]),
    ("«system»", &[Inputs, InputMessages, InputText]),
    ("«user»", &[Inputs, InputMessages, InputText]),
    ("«part»", &[Inputs, InputMessages, InputText]),
    ("«speaker»", &[Inputs, InputMessages]),
    ("«assistant»", &[Inputs, Outputs, InputMessages, InputText]),
    ("«earlier»", &[Inputs, InputMessages]),
    ("«tool message»", &[Inputs, Outputs, InputMessages, InputText]),
    ("«picture»", &[Inputs, InputMessages, InputImages]),
    ("«tool»", &[Inputs, Tools]),
    ("«token»", &[Outputs]),
    ("«asked»", &[Inputs, Outputs, OutputMessages]),
    ("«arguments»", &[Inputs]),
    ("«result»", &[Outputs]),
    ("«returned»", &[Outputs]),
    ("«sentence»", &[Inputs, Outputs]),
    ("«spoken»", &[Outputs]),
    ("«speak»", &[Inputs, Outputs]),
    ("«error»", &[]),
    ("«user id»", &[]),
];

/// Always hidden, as the image is longer than the limit.
const LARGE_PICTURE: &str = "«large picture»";

#[test]
fn every_combination_hides_its_content_in_the_log_and_nothing_else() -> TestResult<()> {
    let directory = TempDir::new("combinations")?;
    for (number, hidden) in every_combination().enumerate() {
        let exported = run(&directory, number, hiding(&hidden))?;
        check(&exported.log, &LOGGED, &hidden)?;
        if exported.log.contains(LARGE_PICTURE) || exported.spans.contains(LARGE_PICTURE) {
            return Err(format!("hiding {hidden:?}: the large image is there").into());
        }
    }
    Ok(())
}

#[test]
fn the_log_contains_nothing_that_is_hidden_in_spans() -> TestResult<()> {
    let directory = TempDir::new("spans")?;
    let in_shown_spans = markers_in(&run(&directory, 0, hiding(&[]))?.spans, &LOGGED);
    assert!(in_shown_spans.len() > 18, "only {in_shown_spans:?}");
    for (number, hidden) in every_combination().enumerate() {
        let exported = run(&directory, 1 + number, hiding(&hidden))?;
        let in_spans = markers_in(&exported.spans, &LOGGED);
        let gone: BTreeSet<_> = in_shown_spans.difference(&in_spans).copied().collect();
        let in_log = markers_in(&exported.log, &LOGGED);
        let leaked: Vec<_> = gone.intersection(&in_log).collect();
        assert!(leaked.is_empty(), "hiding {hidden:?}: {leaked:?}");
    }
    Ok(())
}

#[test]
fn a_redacted_log_replays_to_the_same_spans() -> TestResult<()> {
    let directory = TempDir::new("replay")?;
    let shown = replayed(&run(&directory, 0, hiding(&[]))?.path)?;
    for (number, hidden) in each_option().into_iter().enumerate() {
        let spans = replayed(&run(&directory, 1 + number, hiding(&hidden))?.path)?;
        assert_eq!(skeleton(&spans), skeleton(&shown), "hiding {hidden:?}");
    }
    Ok(())
}

#[test]
fn a_stream_of_redacted_chunks_is_one_redacted_text() -> TestResult<()> {
    let directory = TempDir::new("stream")?;
    let spans = replayed(&run(&directory, 0, hiding(&[Outputs]))?.path)?;
    let texts: Vec<&str> = spans
        .ended
        .iter()
        .filter_map(|record| match &record.details {
            SpanDetails::Llm(llm) => llm.text.as_deref(),
            SpanDetails::Tts(tts) => tts.output.as_deref(),
            SpanDetails::Turn(_) | SpanDetails::Stt(_) | SpanDetails::Tool(_) => None,
        })
        .collect();
    assert_eq!(texts, ["__REDACTED__"; 2]);
    Ok(())
}

#[test]
fn a_panicking_hook_redacts_all_content_and_keeps_the_spans() -> TestResult<()> {
    let directory = TempDir::new("panic")?;
    // Panics without a message on the terminal.
    let panicking = hiding(&[]).redact_with(|_, _| std::panic::resume_unwind(Box::new("no")));
    let exported = run(&directory, 0, panicking)?;
    let shown = run(&directory, 1, hiding(&[]))?;

    // These are not content, so the hook does not get them.
    let names = BTreeSet::from(["«setting»", "«speaker»", "«user id»"]);
    assert_eq!(markers_in(&exported.log, &LOGGED), names);
    assert_eq!(markers_in(&exported.spans, &LOGGED), names);
    assert_eq!(skeleton(&replayed(&exported.path)?), skeleton(&replayed(&shown.path)?));
    assert!(caught_panics() > 0);
    Ok(())
}

/// The spans and the frame log of a conversation.
struct Exported {
    spans: String,
    log: String,
    path: PathBuf,
}

/// Runs the conversation `number` with `config`.
fn run(directory: &TempDir, number: usize, config: TraceConfig) -> TestResult<Exported> {
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
    let logs = FrameLogWriter::new(directory.path("{conversation_id}.jsonl"))?;
    let group = ObserverProvider::new(Tracers::new(&provider)).frame_log(logs).trace_config(config);
    let observer = group.observe(ObserveOptions::new().conversation_id(&number));
    Pipeline { observer, newest_id: 0 }.converse();
    group.flush_frame_logs(Duration::from_secs(60))?;

    let path = directory.path(&format!("{number}.jsonl"));
    let spans = format!("{:?}", exporter.get_finished_spans()?);
    Ok(Exported { spans, log: fs::read_to_string(&path)?, path })
}

fn replayed(path: &Path) -> TestResult<SpanBuffer> {
    let mut reader = FrameLogReader::open(path)?;
    let config = reader.header().config(ConversationConfig::default());
    let mut spans = SpanBuffer::default();
    let report = replay(&mut reader, config, &mut spans);
    if report.bad_lines.is_empty() { Ok(spans) } else { Err(format!("{:?}", report.bad_lines).into()) }
}

/// Returns the parts of a trace that no option hides: the spans, and which of them failed.
fn skeleton(spans: &SpanBuffer) -> Vec<String> {
    spans
        .ended
        .iter()
        .map(|record| {
            let started = spans.started.iter().find(|start| start.key == record.key);
            let kind = started.map(|start| (start.kind, start.parent, start.turn));
            format!("{kind:?} failed: {}", record.status != Status::Ok)
        })
        .collect()
}

/// A pipeline with its observer.
struct Pipeline {
    observer: Observer,
    newest_id: u64,
}

impl Pipeline {
    fn push(&mut self, source: &Processor, frame: Frame<'_>) {
        self.push_to(source, ProcessorRef::named("Next"), frame);
    }

    fn push_to(&mut self, source: &Processor, destination: ProcessorRef<'_>, frame: Frame<'_>) {
        self.newest_id += 1;
        self.observer.on_push_frame(&FramePushed {
            source: source.into(),
            destination,
            direction: Direction::Downstream,
            id: Some(FrameId(self.newest_id)),
            sibling: None,
            frame: &frame,
        });
    }

    fn converse(mut self) {
        self.user_speaks();
        self.model_is_asked();
        self.tool_is_called();
        self.bot_speaks();
        self.bot_speaks_without_a_model();
        self.observer.close();
    }

    fn user_speaks(&mut self) {
        let stt = Processor::new("Stt", "DeepgramSTTService", Role::Stt);
        let transcript = |text| Transcript { text, user_id: Some("«user id»"), language: None };
        self.push(&output(), Frame::Start);
        self.push(&stt, Frame::VadUserStartedSpeaking);
        self.push(&stt, Frame::UserStartedSpeaking);
        self.push(&stt, Frame::InterimTranscription(transcript("«interim»")));
        self.push(&stt, Frame::Transcription(transcript("«final»")));
        let released = Some(transcript("«released»"));
        self.push(&stt, Frame::VadUserStoppedSpeaking { stop_secs: Some(0.2), transcript: released });
        self.push(&stt, Frame::UserStoppedSpeaking);
    }

    fn model_is_asked(&mut self) {
        let large_picture = format!("data:image/png;base64,{}{LARGE_PICTURE}", "A".repeat(32_000));
        let call = json!({"id": "c0", "function": {"name": "clock", "arguments": "{\"at\":\"«earlier»\"}"}});
        let messages = [
            json!({"role": "system", "content": "«system»"}),
            json!({"role": "assistant", "content": "«assistant»", "tool_calls": [call]}),
            json!({"role": "tool", "tool_call_id": "c0", "content": "«tool message»"}),
            json!({"role": "user", "name": "«speaker»", "content": [
                {"type": "text", "text": "«part»"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,«picture»"}},
                {"type": "image_url", "image_url": {"url": large_picture}},
            ]}),
            json!({"role": "user", "content": "«user»"}),
        ];
        let tools = [json!({"type": "function", "function": {"name": "«tool»"}})];
        let context = JsonContext { messages: &messages, tools: &tools };
        let aggregator = Processor::new("Aggregator", "LLMUserAggregator", Role::Other);
        self.push_to(&aggregator, (&llm()).into(), Frame::LlmContext(Some(&context)));
        self.push(&llm(), Frame::LlmResponseStart);
        for piece in ["«token»", " and", " more"] {
            self.push(&llm(), Frame::LlmText(TextChunk::new(piece)));
        }
    }

    fn tool_is_called(&mut self) {
        let (asked, arguments) = (json!({"at": "«asked»"}), json!({"at": "«arguments»"}));
        let result = json!({"error": "«returned»", "at": "«result»"});
        let call = |arguments| FunctionCall { name: "clock", tool_call_id: "c1", arguments };
        self.push(&llm(), Frame::FunctionCallsStarted(&[call(Some(&asked))]));
        self.push(&llm(), Frame::FunctionCallInProgress(call(Some(&arguments))));
        let result = Some(&result as _);
        let returned =
            FunctionCallResult { name: "clock", tool_call_id: "c1", result, error: None, is_final: true };
        self.push(&llm(), Frame::FunctionCallResult(returned));
        self.push(&llm(), Frame::Error(ErrorReport { message: "«error»", ..ErrorReport::default() }));
        self.push(&llm(), Frame::LlmResponseEnd);
    }

    fn bot_speaks(&mut self) {
        self.push(&tts(), Frame::AggregatedText(TextChunk::new("«sentence»")));
        self.push(&tts(), Frame::TtsStarted { context_id: None });
        self.push(&output(), Frame::BotStartedSpeaking);
        for piece in ["«spoken»", " words"] {
            self.push(&tts(), Frame::TtsText(TextChunk::new(piece)));
            self.push(&output(), Frame::TtsText(TextChunk::new(piece)));
        }
        self.push(&tts(), Frame::TtsStopped { context_id: None });
        self.push(&output(), Frame::BotStoppedSpeaking);
    }

    fn bot_speaks_without_a_model(&mut self) {
        self.push_to(&output(), (&tts()).into(), Frame::TtsSpeak(Some("«speak»")));
        self.push(&tts(), Frame::TtsStarted { context_id: None });
        self.push(&tts(), Frame::TtsStopped { context_id: None });
    }
}

fn llm() -> Processor {
    Processor {
        system_instruction: Some("«instruction»".into()),
        ..Processor::new("Llm", "OpenAILLMService", Role::Llm)
            .setting("stop", Setting::Text("«setting»".into()))
    }
}

fn tts() -> Processor {
    Processor::new("Tts", "CartesiaTTSService", Role::Tts)
}

fn output() -> Processor {
    Processor::new("Output", "OutputTransport", Role::OutputTransport)
}
