//! Hidden texts of recorded conversations, whose contexts repeat them in each request, appear nowhere.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
use pipecat_instrument_runtime::emit::{EmitSettings, Emitter, Session, Tracers};
use pipecat_instrument_runtime::engine::conversation::ConversationConfig;
use pipecat_instrument_runtime::engine::record::{SpanBuffer, SpanDetails};
use pipecat_instrument_runtime::engine::time::Time;
use pipecat_instrument_runtime::frame_log::{FrameLogReader, FrameLogWriter, HeaderInfo, replay};
use pipecat_instrument_runtime::privacy::Privacy;

use crate::TestResult;
use crate::options::{Hidden, hiding};
use crate::temp_dir::TempDir;

const RECORDINGS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/corpus/frames");

/// A timeout far longer than the test takes.
const LONG: Duration = Duration::from_secs(60);

/// The minimum length of a text to search for, in bytes. Shorter texts occur in others by chance.
const SHORTEST: usize = 8;

#[test]
fn hidden_inputs_appear_nowhere() -> TestResult<()> {
    let search = Search::with_hidden(Hidden::Inputs)?;
    let searched = in_every_recording(|recording| {
        let SpokenTexts { mut by_user, by_bot } = SpokenTexts::in_recording(recording)?;
        // A bot may say what the user said.
        by_user.retain(|text| !by_bot.iter().any(|said| said.contains(text)));
        search.finds_none(&by_user, recording)
    })?;
    assert!(searched > 20, "only {searched} texts");
    Ok(())
}

#[test]
fn hidden_outputs_appear_nowhere() -> TestResult<()> {
    let search = Search::with_hidden(Hidden::Outputs)?;
    let searched = in_every_recording(|recording| {
        let SpokenTexts { by_user, mut by_bot } = SpokenTexts::in_recording(recording)?;
        by_bot.retain(|text| !by_user.iter().any(|said| said.contains(text)));
        search.finds_none(&by_bot, recording)
    })?;
    assert!(searched > 60, "only {searched} texts");
    Ok(())
}

/// Returns the number of texts searched for.
fn in_every_recording(search: impl Fn(&Path) -> TestResult<usize>) -> TestResult<usize> {
    let mut searched = 0;
    for entry in fs::read_dir(RECORDINGS)? {
        searched += search(&entry?.path())?;
    }
    Ok(searched)
}

/// Searches the spans and logs of recordings with one option on.
struct Search {
    privacy: Privacy,
    directory: TempDir,
    logs: FrameLogWriter,
}

impl Search {
    fn with_hidden(option: Hidden) -> TestResult<Self> {
        let directory = TempDir::new(&format!("recordings-{option:?}"))?;
        let logs = FrameLogWriter::new(directory.path("{conversation_id}.jsonl"))?;
        Ok(Self { privacy: Privacy::new(hiding(&[option])), directory, logs })
    }

    /// Fails if the spans or the log of `recording` contain one of `texts`; else returns the number of texts.
    fn finds_none(&self, texts: &BTreeSet<String>, recording: &Path) -> TestResult<usize> {
        let spans = spans_of(recording, self.privacy.clone())?;
        let log = log_of(recording, &self.logs, &self.directory, self.privacy.clone())?;
        // JSON is escaped within JSON and in debug output.
        let exported = (spans + &log).replace('\\', "");
        match texts.iter().find(|text| exported.contains(&text.replace('\\', ""))) {
            Some(text) => Err(format!("{}: {text:?} is there", recording.display()).into()),
            None => Ok(texts.len()),
        }
    }
}

/// The texts of a conversation in its records.
#[derive(Default)]
struct SpokenTexts {
    by_user: BTreeSet<String>,
    by_bot: BTreeSet<String>,
}

impl SpokenTexts {
    fn in_recording(recording: &Path) -> TestResult<Self> {
        let mut reader = FrameLogReader::open(recording)?;
        let config = reader.header().config(ConversationConfig::default());
        let mut spans = SpanBuffer::default();
        replay(&mut reader, config, &mut spans);
        let mut said = Self::default();
        spans.ended.into_iter().for_each(|record| said.add(record.details));
        Ok(said)
    }

    fn add(&mut self, details: SpanDetails) {
        let (user, bot) = match details {
            SpanDetails::Turn(turn) => (vec![turn.input], vec![turn.output]),
            SpanDetails::Stt(stt) => (vec![stt.transcript], vec![]),
            SpanDetails::Llm(llm) => {
                (vec![llm.user_transcript, llm.request.last_user_message], vec![llm.text])
            }
            SpanDetails::Tts(tts) => (vec![], vec![tts.input, tts.output]),
            SpanDetails::Tool(tool) => (vec![tool.arguments], vec![tool.result]),
        };
        let long = |texts: Vec<Option<String>>| {
            texts.into_iter().flatten().filter(|text| text.chars().count() >= SHORTEST)
        };
        self.by_user.extend(long(user));
        self.by_bot.extend(long(bot));
    }
}

fn spans_of(recording: &Path, privacy: Privacy) -> TestResult<String> {
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
    let settings = Arc::new(EmitSettings::default());
    let mut emitter =
        Emitter::new(&Tracers::new(&provider), settings, Session::new("call-42")).privacy(privacy);
    let mut reader = FrameLogReader::open(recording)?;
    let config = reader.header().config(ConversationConfig::default());
    replay(&mut reader, config, &mut emitter);
    Ok(format!("{:?}", exporter.get_finished_spans()?))
}

/// Returns the frame log of the replayed recording.
fn log_of(
    recording: &Path,
    logs: &FrameLogWriter,
    directory: &TempDir,
    privacy: Privacy,
) -> TestResult<String> {
    let id = recording.file_stem().and_then(|stem| stem.to_str()).ok_or("no name")?;
    let log = logs.conversation(&HeaderInfo::new(id, Time::default())).privacy(privacy);
    for (number, event) in FrameLogReader::open(recording)?.filter_map(Result::ok).enumerate() {
        log.record(event.at(), &event.hop(&event.frame()));
        // Keeps the queue within its limit.
        if number % 1_000 == 999 {
            logs.flush(LONG)?;
        }
    }
    drop(log);
    logs.flush(LONG)?;
    Ok(fs::read_to_string(directory.path(&format!("{id}.jsonl")))?)
}
