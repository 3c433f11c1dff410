//! Tests of the views of all frames.

use std::sync::Arc;
use std::time::Duration;

use flowcat_core::processor::frame::{FunctionCall, FunctionCallResult, Language, ServiceKind};
use flowcat_core::{
    AudioFrame, CustomFrame, Frame as Flowcat, FrameClass, KeypadEntry, LlmContext, LlmTokenUsage,
    MetricsData, StartParams,
};
use pipecat_instrument_runtime::engine::frame::{
    Audio, Frame, FrameKind, Json, Measurement, MessageContent, ObservedFrame, Processor, ProcessorRef, Role,
    Spacing,
};
use serde_json::json;

use super::{FlowcatFrame, Origin};
use crate::names;

const ANY_ORIGIN: Origin<'_> = Origin { source: ProcessorRef::named("Anyone"), voice_stop: None };

#[derive(Debug)]
struct Own;

impl CustomFrame for Own {
    fn frame_class(&self) -> FrameClass {
        FrameClass::Data
    }

    fn name(&self) -> &'static str {
        "OwnFrame"
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

/// Returns each frame with the class of its view: Pipecat's, except for the late start of a synthesis.
fn every_frame() -> Vec<(Flowcat, &'static str)> {
    let audio = Arc::new(AudioFrame::mono(vec![0; 320], 16_000));
    let user_id: Arc<str> = "caller".into();
    let call = FunctionCall {
        function_name: "look_up".to_owned(),
        tool_call_id: "call_1".to_owned(),
        arguments: json!({ "day": "Tuesday" }),
    };
    let result = FunctionCallResult {
        function_name: "look_up".to_owned(),
        tool_call_id: "call_1".to_owned(),
        result: json!({ "free": true }),
    };
    let settings = |target| Flowcat::UpdateSettings { target, settings: json!({}) };
    let message = |urgent| Flowcat::TransportMessage { payload: json!({}), urgent };
    vec![
        (Flowcat::Start(StartParams::default()), "StartFrame"),
        (Flowcat::End { reason: None }, "EndFrame"),
        (Flowcat::Stop, "StopFrame"),
        (Flowcat::Cancel { reason: None }, "CancelFrame"),
        (Flowcat::Error { message: String::new(), fatal: false, processor: None }, "ErrorFrame"),
        (Flowcat::Interruption, "InterruptionFrame"),
        (Flowcat::UserStartedSpeaking, "UserStartedSpeakingFrame"),
        (Flowcat::UserStoppedSpeaking, "UserStoppedSpeakingFrame"),
        (Flowcat::VadUserStartedSpeaking { start_secs: 0.2 }, "VADUserStartedSpeakingFrame"),
        (Flowcat::VadUserStoppedSpeaking { stop_secs: 0.2 }, "VADUserStoppedSpeakingFrame"),
        (Flowcat::BotStartedSpeaking, "BotStartedSpeakingFrame"),
        (Flowcat::BotStoppedSpeaking, "BotStoppedSpeakingFrame"),
        (transcription("caller", true), "TranscriptionFrame"),
        (transcription("caller", false), "InterimTranscriptionFrame"),
        (
            Flowcat::InterimTranscription { text: "Is".to_owned(), user_id: user_id.clone(), language: None },
            "InterimTranscriptionFrame",
        ),
        (Flowcat::LlmContext(Arc::new(LlmContext::default())), "LLMContextFrame"),
        (Flowcat::LlmResponseStart, "LLMFullResponseStartFrame"),
        (Flowcat::LlmText("Yes".to_owned()), "LLMTextFrame"),
        (Flowcat::LlmResponseEnd, "LLMFullResponseEndFrame"),
        (Flowcat::TtsSpeak { text: "Yes.".to_owned(), append_to_context: None }, "TTSSpeakFrame"),
        (Flowcat::TtsText { text: "Yes.".to_owned(), context_id: None }, "TTSTextFrame"),
        (Flowcat::TtsStarted { context_id: None }, "TtsStarted"),
        (Flowcat::TtsStopped { context_id: None }, "TTSStoppedFrame"),
        (Flowcat::TtsAudio { audio: audio.clone(), context_id: None }, "TTSAudioRawFrame"),
        (Flowcat::OutputAudio(audio.clone()), "OutputAudioRawFrame"),
        (Flowcat::InputAudio(audio.clone()), "InputAudioRawFrame"),
        (Flowcat::UserAudio { audio, user_id }, "InputAudioRawFrame"),
        (Flowcat::Metrics(Vec::new()), "MetricsFrame"),
        (Flowcat::FunctionCallsStarted(vec![call.clone()]), "FunctionCallsStartedFrame"),
        (
            Flowcat::FunctionCallInProgress { call, cancel_on_interruption: true },
            "FunctionCallInProgressFrame",
        ),
        (Flowcat::FunctionCallResult(result), "FunctionCallResultFrame"),
        (
            Flowcat::FunctionCallCancel { function_name: String::new(), tool_call_id: String::new() },
            "FunctionCallCancelFrame",
        ),
        (Flowcat::InputText(String::new()), "InputTextRawFrame"),
        (Flowcat::InputDtmf(KeypadEntry::One), "InputDTMFFrame"),
        (Flowcat::UserSpeaking, "UserSpeakingFrame"),
        (Flowcat::BotSpeaking, "BotSpeakingFrame"),
        (Flowcat::SttMute(true), "STTMuteFrame"),
        (message(true), "OutputTransportMessageUrgentFrame"),
        (message(false), "OutputTransportMessageFrame"),
        (Flowcat::ClientConnected, "ClientConnectedFrame"),
        (Flowcat::BotConnected, "BotConnectedFrame"),
        (Flowcat::Text(String::new()), "TextFrame"),
        (Flowcat::LlmRun, "LLMRunFrame"),
        (Flowcat::OutputDtmf(Vec::new()), "OutputDTMFFrame"),
        (settings(ServiceKind::Stt), "STTUpdateSettingsFrame"),
        (settings(ServiceKind::All), "ServiceUpdateSettingsFrame"),
        (Flowcat::SpeechControlParams { vad: None, turn: None }, "SpeechControlParamsFrame"),
        (Flowcat::Heartbeat { timestamp_ns: 0 }, "HeartbeatFrame"),
        (Flowcat::OutputTransportReady, "OutputTransportReadyFrame"),
        (Flowcat::FilterEnable(true), "FilterEnableFrame"),
        (Flowcat::MixerEnable(true), "MixerEnableFrame"),
        (Flowcat::Custom(Arc::new(Own)), "OwnFrame"),
    ]
}

fn transcription(user_id: &str, final_: bool) -> Flowcat {
    Flowcat::Transcription {
        text: "Is Tuesday free?".to_owned(),
        user_id: user_id.into(),
        language: Some(Language("en".to_owned())),
        final_,
    }
}

fn from(source: &str) -> Origin<'_> {
    Origin { source: ProcessorRef::named(source), ..ANY_ORIGIN }
}

#[test]
fn every_frame_has_its_class() {
    for (frame, class) in every_frame() {
        let frame = FlowcatFrame::new(&frame, ANY_ORIGIN);
        let read = match frame.view() {
            Frame::Other { class } => class,
            view => view.kind().class(),
        };
        assert_eq!(read, class);
    }
}

#[test]
fn kind_matches_view_for_every_source() {
    for (frame, class) in every_frame() {
        for source in [names::TTS, names::REALTIME, "Source"] {
            let frame = FlowcatFrame::new(&frame, from(source));
            assert_eq!(frame.kind(), frame.view().kind(), "{class} from {source}");
        }
    }
}

#[test]
fn output_audio_of_tts_is_tts_audio() {
    let frame = Flowcat::OutputAudio(Arc::new(AudioFrame::mono(vec![0; 320], 16_000)));
    let audio = Audio { bytes: 640, sample_rate: 16_000, channels: 1 };
    assert!(matches!(FlowcatFrame::new(&frame, from(names::TTS)).view(), Frame::TtsAudio(it) if it == audio));
    assert!(
        matches!(FlowcatFrame::new(&frame, from(names::REALTIME)).view(), Frame::OutputAudio(it) if it == audio)
    );
}

#[test]
fn late_tts_start_is_ignored() {
    let started = Flowcat::TtsStarted { context_id: None };
    assert_eq!(FlowcatFrame::new(&started, from(names::TTS)).kind(), FrameKind::Other);
    assert_eq!(FlowcatFrame::new(&started, from("PassesItOn")).kind(), FrameKind::Other);

    let own = Processor::new("MyTts", "MyTts", Role::Tts);
    let own = Origin { source: ProcessorRef::from(&own), ..ANY_ORIGIN };
    assert_eq!(FlowcatFrame::new(&started, own).kind(), FrameKind::TtsStarted);
}

#[test]
fn bot_transcript_of_speech_to_speech_is_llm_text() {
    let bot = transcription("bot", true);
    let frame = FlowcatFrame::new(&bot, from(names::REALTIME));
    let Frame::LlmText(text) = frame.view() else { panic!("no text") };
    assert_eq!((text.text, text.spacing), ("Is Tuesday free?", Spacing::Between));
    assert_eq!(
        FlowcatFrame::new(&Flowcat::BotStoppedSpeaking, from(names::REALTIME)).kind(),
        FrameKind::LlmResponseEnd
    );

    // In the cascaded pipeline, `bot` is an ordinary user id.
    assert_eq!(FlowcatFrame::new(&bot, from("MyTts")).kind(), FrameKind::Transcription);
    let user = transcription("user", true);
    assert_eq!(FlowcatFrame::new(&user, from(names::REALTIME)).kind(), FrameKind::Transcription);
}

#[test]
fn transcript_has_user_and_language() {
    let frame = transcription("caller", true);
    let frame = FlowcatFrame::new(&frame, ANY_ORIGIN);
    let Frame::Transcription(transcript) = frame.view() else { panic!("no transcript") };
    assert_eq!(
        (transcript.text, transcript.user_id, transcript.language),
        ("Is Tuesday free?", Some("caller"), Some("en"))
    );
}

#[test]
fn voice_stop_replaces_stop_secs() {
    let stopped = Flowcat::VadUserStoppedSpeaking { stop_secs: 0.5 };
    let stop_secs = |voice_stop| {
        let frame = FlowcatFrame::new(&stopped, Origin { voice_stop, ..ANY_ORIGIN });
        match frame.view() {
            Frame::VadUserStoppedSpeaking { stop_secs, .. } => stop_secs,
            _ => None,
        }
    };
    assert_eq!(stop_secs(None), Some(0.5));
    assert_eq!(stop_secs(Some(Duration::from_millis(250))), Some(0.25));
}

#[test]
fn error_has_processor_and_category() {
    let frame = Flowcat::Error {
        message: "llm: network error: openai 503".to_owned(),
        fatal: true,
        processor: Some("Llm".into()),
    };
    let frame = FlowcatFrame::new(&frame, ANY_ORIGIN);
    let Frame::Error(error) = frame.view() else { panic!("no error") };
    assert_eq!(error.message, "llm: network error: openai 503");
    assert_eq!((error.fatal, error.processor, error.category), (true, Some("Llm"), Some("network")));
}

#[test]
fn context_has_messages_and_tools() {
    let frame = Flowcat::LlmContext(Arc::new(LlmContext {
        messages: vec![json!({ "role": "user", "content": "Hi" })],
        tools: vec![json!({ "name": "look_up" })],
    }));
    let frame = FlowcatFrame::new(&frame, ANY_ORIGIN);
    let Frame::LlmContext(Some(context)) = frame.view() else { panic!("no context") };
    assert_eq!((context.message_count(), context.role(0)), (1, "user"));
    assert_eq!(context.message(0).content, MessageContent::Text("Hi".to_owned()));
    assert_eq!((context.tool_count(), context.tool(0).as_str()), (1, r#"{"name":"look_up"}"#));
}

#[test]
fn tool_calls_keep_their_order_and_omit_null_arguments() {
    let call = |id: &str, arguments| FunctionCall {
        function_name: "look_up".to_owned(),
        tool_call_id: id.to_owned(),
        arguments,
    };
    let frame =
        Flowcat::FunctionCallsStarted(vec![call("a", json!({ "day": "Tuesday" })), call("b", json!(null))]);
    let frame = FlowcatFrame::new(&frame, ANY_ORIGIN);
    let Frame::FunctionCallsStarted(calls) = frame.view() else { panic!("no calls") };
    let mut values = Vec::new();
    calls.for_each(&mut |call| {
        values.push((call.tool_call_id.to_owned(), call.arguments.map(Json::to_text)));
    });
    assert_eq!(values, [("a".to_owned(), Some(r#"{"day":"Tuesday"}"#.to_owned())), ("b".to_owned(), None)]);
}

#[test]
fn metrics_keep_their_processor_and_predictions_are_omitted() {
    let (processor, model) = ("Llm".to_owned(), Some("gpt-4o-mini".to_owned()));
    let tokens =
        LlmTokenUsage { prompt_tokens: 9, completion_tokens: 3, total_tokens: 12, ..Default::default() };
    let frame = Flowcat::Metrics(vec![
        MetricsData::Ttfb { processor: processor.clone(), model: model.clone(), seconds: 0.5 },
        MetricsData::Processing { processor: processor.clone(), model: model.clone(), seconds: 1.5 },
        MetricsData::LlmUsage { processor: processor.clone(), model, tokens },
        MetricsData::TtsUsage { processor: processor.clone(), characters: 42 },
        MetricsData::TurnPrediction {
            processor,
            is_complete: true,
            probability: 0.9,
            e2e_processing_ms: 1.0,
        },
    ]);
    let frame = FlowcatFrame::new(&frame, ANY_ORIGIN);
    let Frame::Metrics(metrics) = frame.view() else { panic!("no metrics") };
    let mut values = Vec::new();
    metrics.for_each(&mut |metric| {
        assert_eq!(metric.processor, "Llm");
        values.push(metric.value);
    });
    assert_eq!(values.len(), 4);
    assert_eq!(values[..2], [Measurement::TimeToFirstByte(0.5), Measurement::Processing(1.5)]);
    assert!(matches!(values[2], Measurement::LlmUsage(usage) if (usage.prompt, usage.total) == (9, 12)));
    assert_eq!(values[3], Measurement::TtsCharacters(42));
}
