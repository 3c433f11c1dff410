//! `#[derive(ObservedFrame)]`: values from fields by name, by position and by expression.

mod every_kind;

use std::sync::Arc;
use std::time::Duration;

use pipecat_instrument::ObservedFrame;
use pipecat_instrument::frame::{
    ChatContext, Chunking, Frame, FrameKind, FunctionCall, Message, Metric, MetricList, Spacing,
};
use serde_json::{Value, json};

#[derive(Clone)]
struct Caller {
    name: Option<String>,
}

struct OneMessage;

impl ChatContext for OneMessage {
    fn message_count(&self) -> usize {
        1
    }
    fn role(&self, _index: usize) -> &'static str {
        "user"
    }
    fn message(&self, _index: usize) -> Message {
        Message::text("user", "Hi")
    }
    fn tool_count(&self) -> usize {
        0
    }
    fn tool(&self, _index: usize) -> String {
        String::new()
    }
}

struct NoMetrics;

impl MetricList for NoMetrics {
    fn for_each(&self, _visit: &mut dyn FnMut(Metric<'_>)) {}
}

#[derive(ObservedFrame)]
enum MyFrame<'a, T> {
    #[frame(start)]
    Start,
    #[frame(transcription(text, user_id = speaker))]
    Heard { text: String, speaker: &'a str },
    #[frame(interim_transcription(.1, user_id = .0, language = Some("en")))]
    HearsStill(Option<Arc<str>>, String),
    #[frame(transcription(text = words.as_str(), user_id = caller.name))]
    Said { words: String, caller: Caller },
    #[frame(llm_text)]
    Token(String),
    #[frame(tts_text(text, context_id = reply, spacing = Spacing::Between, chunking = Chunking::Delta))]
    Spoken { text: &'a str, reply: Option<String> },
    #[frame(tts_speak)]
    Say(String),
    #[frame(tts_started)]
    Speaks(#[allow(dead_code)] String),
    #[frame(tts_audio(samples, sample_rate = 24_000))]
    Audio { samples: Vec<i16> },
    #[frame(output_audio(bytes = bytes.len(), sample_rate = rate, channels = 2))]
    Out { bytes: &'a [u8], rate: u32 },
    #[frame(vad_user_stopped_speaking(stop_secs = after, transcript = words))]
    Quiet { after: Duration, words: Option<String> },
    #[frame(llm_context(context))]
    Ask { context: OneMessage },
    #[frame(metrics)]
    Measured(NoMetrics),
    #[frame(function_call_in_progress(name, tool_call_id = id, arguments = arguments))]
    Calls { name: String, id: String, arguments: Value },
    #[frame(function_call_result(0, tool_call_id = 1, result = 2, error = 3))]
    Called(String, String, Option<Value>, Option<String>),
    #[frame(function_call_result(name, tool_call_id = id, is_final = !*more_follow))]
    Progress { name: String, id: String, more_follow: bool },
    #[frame(error(message, fatal = is_fatal, exception = None::<&str>))]
    Failed { message: String, is_fatal: bool },
    #[frame(ignore)]
    Microphone(#[allow(dead_code)] T),
    #[frame(other)]
    Ping,
}

type Plain<'a> = MyFrame<'a, u8>;

#[test]
fn kind_equals_the_kind_of_the_view() {
    let frames: Vec<Plain<'_>> = vec![
        MyFrame::Start,
        MyFrame::Token("a".into()),
        MyFrame::Say("a".into()),
        MyFrame::Speaks("a".into()),
        MyFrame::Measured(NoMetrics),
        MyFrame::Microphone(1),
        MyFrame::Ping,
    ];
    for frame in &frames {
        assert_eq!(frame.kind(), frame.view().kind());
    }
    assert_eq!(frames[5].kind(), FrameKind::Other);
    assert!(matches!(frames[6].view(), Frame::Other { class: "Ping" }));
}

#[test]
fn transcripts_borrow_from_fields_and_expressions() {
    let heard: Plain<'_> = MyFrame::Heard { text: "Hi".into(), speaker: "ann" };
    let Frame::Transcription(transcript) = heard.view() else { panic!() };
    assert_eq!((transcript.text, transcript.user_id, transcript.language), ("Hi", Some("ann"), None));

    let guessed: Plain<'_> = MyFrame::HearsStill(None, "H".into());
    let Frame::InterimTranscription(transcript) = guessed.view() else { panic!() };
    assert_eq!((transcript.text, transcript.user_id, transcript.language), ("H", None, Some("en")));

    let caller = Caller { name: Some("bob".into()) };
    let said: Plain<'_> = MyFrame::Said { words: "Bye".into(), caller };
    let Frame::Transcription(transcript) = said.view() else { panic!() };
    assert_eq!((transcript.text, transcript.user_id), ("Bye", Some("bob")));
}

#[test]
fn text_has_spacing_and_chunking() {
    let spoken: Plain<'_> = MyFrame::Spoken { text: "Hi", reply: Some("r1".into()) };
    let Frame::TtsText(chunk) = spoken.view() else { panic!() };
    assert_eq!((chunk.text, chunk.context_id), ("Hi", Some("r1")));
    assert_eq!((chunk.spacing, chunk.chunking), (Spacing::Between, Chunking::Delta));
}

#[test]
fn audio_has_a_duration() {
    let audio: Plain<'_> = MyFrame::Audio { samples: vec![0; 480] };
    let Frame::TtsAudio(piece) = audio.view() else { panic!() };
    assert_eq!(piece.duration(), Duration::from_millis(20));

    let out: Plain<'_> = MyFrame::Out { bytes: &[0; 64], rate: 16_000 };
    let Frame::OutputAudio(piece) = out.view() else { panic!() };
    assert_eq!(piece.duration(), Duration::from_millis(1));
}

#[test]
fn function_calls_have_json() {
    let calls: Plain<'_> =
        MyFrame::Calls { name: "weather".into(), id: "1".into(), arguments: json!({"city": "Paris"}) };
    let Frame::FunctionCallInProgress(FunctionCall { name, arguments, .. }) = calls.view() else { panic!() };
    assert_eq!(name, "weather");
    assert_eq!(arguments.unwrap().to_text(), r#"{"city":"Paris"}"#);

    let called: Plain<'_> = MyFrame::Called("weather".into(), "1".into(), None, Some("no such city".into()));
    let Frame::FunctionCallResult(result) = called.view() else { panic!() };
    assert_eq!((result.tool_call_id, result.error), ("1", Some("no such city")));
    assert!(result.result.is_none() && result.is_final);

    let progress: Plain<'_> = MyFrame::Progress { name: "weather".into(), id: "1".into(), more_follow: true };
    let Frame::FunctionCallResult(result) = progress.view() else { panic!() };
    assert!(!result.is_final);
}

#[test]
fn other_kinds_have_their_arguments() {
    let quiet: Plain<'_> = MyFrame::Quiet { after: Duration::from_millis(200), words: Some("Hi".into()) };
    let Frame::VadUserStoppedSpeaking { stop_secs, transcript } = quiet.view() else { panic!() };
    assert_eq!((stop_secs, transcript.map(|said| said.text)), (Some(0.2), Some("Hi")));

    let ask: Plain<'_> = MyFrame::Ask { context: OneMessage };
    let Frame::LlmContext(Some(context)) = ask.view() else { panic!() };
    assert_eq!(context.message_count(), 1);

    let failed: Plain<'_> = MyFrame::Failed { message: "503".into(), is_fatal: true };
    let Frame::Error(report) = failed.view() else { panic!() };
    assert_eq!((report.message, report.fatal, report.exception), ("503", true, None));
}

#[derive(ObservedFrame)]
#[frame(crate = ::pipecat_instrument)]
#[frame(llm_text)]
struct Token(String);

#[derive(ObservedFrame)]
#[frame(transcription(text = words.0.as_str(), user_id = words.1))]
struct Said<W>
where
    W: Send,
{
    words: (String, Option<String>),
    #[allow(dead_code)]
    more: W,
}

#[derive(ObservedFrame)]
#[frame(end)]
struct Unit;

#[derive(ObservedFrame)]
enum Never {}

#[test]
fn struct_has_one_kind() {
    let token = Token("Hi".into());
    let Frame::LlmText(chunk) = token.view() else { panic!() };
    assert_eq!(chunk.text, "Hi");
    let said = Said { words: ("Bye".into(), Some("ann".into())), more: 1 };
    let Frame::Transcription(transcript) = said.view() else { panic!() };
    assert_eq!((transcript.text, transcript.user_id), ("Bye", Some("ann")));
    assert_eq!(Unit.kind(), FrameKind::End);
    let _: Option<Never> = None;
}
