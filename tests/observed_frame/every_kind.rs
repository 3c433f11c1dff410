//! Every kind of frame, with all its arguments.

use std::sync::Arc;
use std::time::Duration;

use pipecat_instrument::ObservedFrame;
use pipecat_instrument::frame::{Chunking, Delivery, Frame, FrameKind, FunctionCall, Spacing};
use serde_json::{Value, json};

use crate::{Caller, NoMetrics, OneMessage};

/// A variant for every kind of frame, with all its arguments.
#[derive(ObservedFrame)]
enum Every {
    #[frame(start)]
    Start,
    #[frame(end)]
    End(),
    #[frame(stop)]
    Stop {},
    #[frame(cancel)]
    Cancel,
    #[frame(error(.0, fatal = .1, exception = .2, processor = .3, category = Some("network")))]
    Error(String, bool, Option<String>, Arc<str>),
    #[frame(interruption)]
    Interruption,
    #[frame(user_started_speaking)]
    UserStartedSpeaking,
    #[frame(user_stopped_speaking)]
    UserStoppedSpeaking,
    #[frame(proposed_user_started_speaking)]
    ProposedUserStartedSpeaking,
    #[frame(eager_transcription)]
    EagerTranscription,
    #[frame(eager_end_of_turn_cancel)]
    EagerEndOfTurnCancel,
    #[frame(vad_user_started_speaking)]
    VadUserStartedSpeaking,
    #[frame(vad_user_stopped_speaking(stop_secs = 0.2, transcript = None::<&str>))]
    VadUserStoppedSpeaking,
    #[frame(bot_started_speaking)]
    BotStartedSpeaking,
    #[frame(bot_stopped_speaking)]
    BotStoppedSpeaking,
    #[frame(transcription(.0.text, user_id = .0.speaker.name, language = .0.language))]
    Transcription(Utterance),
    #[frame(interim_transcription(.0.text.as_str(), language = .1))]
    InterimTranscription(Utterance, &'static str),
    #[frame(llm_context)]
    LlmContext(OneMessage),
    #[frame(llm_response_start)]
    LlmResponseStart,
    #[frame(llm_text(text, context_id = id, spacing = spacing, chunking = how.0, delivery = Delivery::Silent))]
    LlmText { text: Box<str>, id: Option<Arc<str>>, spacing: Spacing, how: (Chunking, u8) },
    #[frame(llm_response_end)]
    LlmResponseEnd,
    #[frame(tts_speak(text))]
    TtsSpeak { text: Option<String> },
    #[frame(aggregated_text)]
    AggregatedText(Arc<str>),
    #[frame(tts_text)]
    TtsText(&'static str),
    #[frame(tts_started(context_id = .0))]
    TtsStarted(String),
    #[frame(tts_stopped)]
    TtsStopped,
    #[frame(tts_audio(.0, sample_rate = .1, channels = .2))]
    TtsAudio(Box<[i16]>, u32, u8),
    #[frame(output_audio(.0, sample_rate = 8_000))]
    OutputAudio([u8; 16]),
    #[frame(input_audio(bytes = .0.len(), sample_rate = 8_000))]
    InputAudio(Vec<u8>),
    #[frame(metrics)]
    Metrics(NoMetrics),
    #[frame(function_calls_started)]
    FunctionCallsStarted([FunctionCall<'static>; 1]),
    #[frame(function_call_in_progress(.0.name, tool_call_id = .0.id, arguments = .0.arguments))]
    FunctionCallInProgress(Call),
    #[frame(function_call_result(.0.name, tool_call_id = .0.id, result = .1, error = None::<&str>))]
    FunctionCallResult(Call, Option<Value>),
    #[frame(function_call_cancel)]
    FunctionCallCancel(String),
    #[frame(other)]
    Other,
    #[cfg(any())]
    #[frame(no_such_kind)]
    NotThere(NoSuchType),
    #[cfg_attr(not(any()), frame(ignore))]
    Ignored,
}

struct Utterance {
    text: String,
    speaker: Caller,
    language: Option<String>,
}

struct Call {
    name: String,
    id: Arc<str>,
    arguments: Option<Value>,
}

fn every() -> Vec<Every> {
    let utterance =
        || Utterance { text: "Hi".into(), speaker: Caller { name: Some("ann".into()) }, language: None };
    let call = || Call { name: "weather".into(), id: "1".into(), arguments: Some(json!({})) };
    let requested = FunctionCall { name: "weather", tool_call_id: "1", arguments: None };
    vec![
        Every::Start,
        Every::End(),
        Every::Stop {},
        Every::Cancel,
        Every::Error("503".into(), true, None, "Llm".into()),
        Every::Interruption,
        Every::UserStartedSpeaking,
        Every::UserStoppedSpeaking,
        Every::ProposedUserStartedSpeaking,
        Every::EagerTranscription,
        Every::EagerEndOfTurnCancel,
        Every::VadUserStartedSpeaking,
        Every::VadUserStoppedSpeaking,
        Every::BotStartedSpeaking,
        Every::BotStoppedSpeaking,
        Every::Transcription(utterance()),
        Every::InterimTranscription(utterance(), "en"),
        Every::LlmContext(OneMessage),
        Every::LlmResponseStart,
        Every::LlmText {
            text: "Hi".into(),
            id: None,
            spacing: Spacing::Between,
            how: (Chunking::Cumulative, 0),
        },
        Every::LlmResponseEnd,
        Every::TtsSpeak { text: None },
        Every::AggregatedText("Hi".into()),
        Every::TtsText("Hi"),
        Every::TtsStarted("r1".into()),
        Every::TtsStopped,
        Every::TtsAudio(vec![0; 480].into(), 24_000, 2),
        Every::OutputAudio([0; 16]),
        Every::InputAudio(vec![0; 16]),
        Every::Metrics(NoMetrics),
        Every::FunctionCallsStarted([requested]),
        Every::FunctionCallInProgress(call()),
        Every::FunctionCallResult(call(), None),
        Every::FunctionCallCancel("1".into()),
        Every::Other,
        Every::Ignored,
    ]
}

#[test]
fn every_kind_has_an_attribute() {
    let kinds: Vec<FrameKind> = every().iter().map(|frame| frame.view().kind()).collect();
    let expected: Vec<FrameKind> =
        FrameKind::ALL.iter().copied().chain([FrameKind::Other, FrameKind::Other]).collect();
    assert_eq!(kinds, expected);
    assert_eq!(every().iter().map(ObservedFrame::kind).collect::<Vec<_>>(), expected);
}

#[test]
fn fields_of_fields_are_read_by_position() {
    let frames = every();
    let view_of = |wanted| frames.iter().find(|frame| frame.kind() == wanted).unwrap().view();
    let Frame::Transcription(transcript) = view_of(FrameKind::Transcription) else { panic!() };
    assert_eq!((transcript.text, transcript.user_id), ("Hi", Some("ann")));
    let Frame::InterimTranscription(transcript) = view_of(FrameKind::InterimTranscription) else { panic!() };
    assert_eq!((transcript.text, transcript.language), ("Hi", Some("en")));
    let Frame::FunctionCallInProgress(call) = view_of(FrameKind::FunctionCallInProgress) else { panic!() };
    assert_eq!((call.name, call.tool_call_id, call.arguments.is_some()), ("weather", "1", true));
    let Frame::LlmText(chunk) = view_of(FrameKind::LlmText) else { panic!() };
    assert_eq!((chunk.chunking, chunk.delivery), (Chunking::Cumulative, Delivery::Silent));
    let Frame::TtsAudio(audio) = view_of(FrameKind::TtsAudio) else { panic!() };
    assert_eq!((audio.bytes, audio.channels, audio.duration()), (960, 2, Duration::from_millis(10)));
}

#[test]
fn views_do_not_allocate() {
    let frames = every();
    let allocations = allocation_counter::measure(|| {
        for frame in &frames {
            std::hint::black_box((frame.kind(), frame.view()));
        }
    });
    assert_eq!(allocations.count_total, 0);
}
