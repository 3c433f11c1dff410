//! Tests of the views of all frames.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use pipecat_instrument_runtime::engine::frame::{
    Audio, ChatContext, Chunking, Frame, FrameKind, Json, MessageContent, ObservedFrame, Spacing,
};
use rustvani::adapters::schemas::{AdapterType, FunctionSchema, ToolsSchema};
use rustvani::context::Message;
use rustvani::frames::FunctionCallRawResultData;
use rustvani::{
    Frame as Rustvani, FunctionCallData, FunctionCallResultData, KeypadEntry, LLMContext, StartFrameData,
    ToolCall, TranscriptionData, TranslationData,
};
use serde_json::json;

use super::{Context, RustvaniFrame};

fn transcript(text: &str) -> TranscriptionData {
    TranscriptionData::new(text, "caller", "now").with_language("ml-IN")
}

fn call() -> FunctionCallData {
    FunctionCallData {
        id: "call_1".to_owned(),
        function_name: "look_up".to_owned(),
        arguments: r#"{"day": "Tuesday"}"#.to_owned(),
    }
}

fn result(result: &str) -> FunctionCallResultData {
    FunctionCallResultData {
        id: "call_1".to_owned(),
        function_name: "look_up".to_owned(),
        result: result.to_owned(),
    }
}

/// Returns each frame with the class of its view.
fn every_frame() -> Vec<(Rustvani, &'static str)> {
    let raw = FunctionCallRawResultData {
        id: "call_1".to_owned(),
        function_name: "look_up".to_owned(),
        raw_data: json!({}),
    };
    vec![
        (Rustvani::start(StartFrameData::default()), "StartFrame"),
        (Rustvani::end(), "EndFrame"),
        (Rustvani::stop(), "StopFrame"),
        (Rustvani::cancel(), "CancelFrame"),
        (Rustvani::error("odd", false, None), "ErrorFrame"),
        (Rustvani::interruption(), "InterruptionFrame"),
        (Rustvani::user_started_speaking(), "UserStartedSpeakingFrame"),
        (Rustvani::user_stopped_speaking(), "UserStoppedSpeakingFrame"),
        (Rustvani::vad_user_started_speaking(0.2, 1.0), "VADUserStartedSpeakingFrame"),
        (Rustvani::vad_user_stopped_speaking(0.2, 1.0), "VADUserStoppedSpeakingFrame"),
        (Rustvani::bot_started_speaking(), "BotStartedSpeakingFrame"),
        (Rustvani::bot_stopped_speaking(), "BotStoppedSpeakingFrame"),
        (Rustvani::transcription(transcript("Hello").finalized()), "TranscriptionFrame"),
        (Rustvani::transcription(transcript("Hel")), "InterimTranscriptionFrame"),
        (Rustvani::llm_context(Arc::new(Mutex::new(LLMContext::new(None)))), "LLMContextFrame"),
        (Rustvani::llm_full_response_start(), "LLMFullResponseStartFrame"),
        (Rustvani::llm_text("Yes".to_owned()), "LLMTextFrame"),
        (Rustvani::llm_full_response_end(), "LLMFullResponseEndFrame"),
        (Rustvani::function_call_start(), "FunctionCallsStartedFrame"),
        (Rustvani::function_call_in_progress(call()), "FunctionCallInProgressFrame"),
        (Rustvani::function_call_result(result("{}")), "FunctionCallResultFrame"),
        (Rustvani::output_audio(vec![0; 640], 16_000, 1), "TTSAudioRawFrame"),
        (Rustvani::input_audio(vec![0; 640], 16_000, 1), "InputAudioRawFrame"),
        // Traces do not use these frames, which keep their own class names.
        (Rustvani::function_call_end(), "FunctionCallEndFrame"),
        (Rustvani::function_call_raw_result(raw), "FunctionCallRawResultFrame"),
        (Rustvani::translation(TranslationData::new(&transcript("x"), "hi", "y")), "TranslationFrame"),
        (Rustvani::client_vad_user_started_speaking(1.0), "ClientVADUserStartedSpeakingFrame"),
        (Rustvani::input_dtmf(KeypadEntry::One), "InputDTMFFrame"),
        (Rustvani::heartbeat(1.0), "HeartbeatFrame"),
        (Rustvani::end_task(), "EndTaskFrame"),
        (Rustvani::data(vec![1]), "DataFrame"),
    ]
}

#[test]
fn kind_matches_view_of_every_frame() {
    for (frame, class) in every_frame() {
        let frame = RustvaniFrame::new(&frame, "Anyone");
        let view = frame.view();
        assert_eq!(format!("{view:?}"), class);
        assert_eq!(frame.kind(), view.kind(), "{class}");
    }
}

#[test]
fn repetitions_of_the_segmenter_are_ignored() {
    let stop = Rustvani::vad_user_stopped_speaking(0.2, 1.0).with_vad_stop_transcript(transcript("Hello"));
    for frame in [Rustvani::transcription(transcript("Hello").finalized()), stop] {
        assert_eq!(RustvaniFrame::new(&frame, "SentenceSegmenter").kind(), FrameKind::Other);
        assert_ne!(RustvaniFrame::new(&frame, "DeepgramStt").kind(), FrameKind::Other);
    }
    let token = Rustvani::llm_text("Yes".to_owned());
    assert_eq!(RustvaniFrame::new(&token, "SentenceSegmenter").kind(), FrameKind::LlmText);
}

#[test]
fn voice_stop_has_silence_and_transcript() {
    let frame = Rustvani::vad_user_stopped_speaking(0.5, 1.0).with_vad_stop_transcript(transcript("Hello"));
    let frame = RustvaniFrame::new(&frame, "DeepgramStt");
    let Frame::VadUserStoppedSpeaking { stop_secs, transcript: Some(heard) } = frame.view() else {
        panic!("{:?}", frame.view())
    };
    assert_eq!(stop_secs, Some(0.5));
    assert_eq!((heard.text, heard.user_id, heard.language), ("Hello", Some("caller"), Some("ml-IN")));
}

#[test]
fn llm_text_is_a_delta_that_includes_spaces() {
    let frame = Rustvani::llm_text(" there".to_owned());
    let frame = RustvaniFrame::new(&frame, "OpenAILLM");
    let Frame::LlmText(chunk) = frame.view() else { panic!("{:?}", frame.view()) };
    assert_eq!((chunk.text, chunk.spacing, chunk.chunking), (" there", Spacing::Included, Chunking::Delta));
}

#[test]
fn output_audio_is_16_bit_tts_audio() {
    let frame = Rustvani::output_audio(vec![0; 9_600], 24_000, 1);
    let frame = RustvaniFrame::new(&frame, "DeepgramTts");
    let Frame::TtsAudio(audio) = frame.view() else { panic!("{:?}", frame.view()) };
    assert_eq!(audio, Audio::pcm16(9_600, 24_000, 1));
}

#[test]
fn arguments_and_results_are_json_unless_empty() {
    let text = |frame: &Rustvani| match RustvaniFrame::new(frame, "OpenAILLM").view() {
        Frame::FunctionCallInProgress(call) => call.arguments.map(Json::to_text),
        Frame::FunctionCallResult(result) => result.result.map(Json::to_text),
        other => panic!("{other:?}"),
    };
    let called = |arguments: &str| FunctionCallData { arguments: arguments.to_owned(), ..call() };
    assert_eq!(text(&Rustvani::function_call_in_progress(call())).as_deref(), Some(r#"{"day":"Tuesday"}"#));
    assert_eq!(text(&Rustvani::function_call_in_progress(called(""))), None);
    assert_eq!(text(&Rustvani::function_call_result(result("sunny"))).as_deref(), Some(r#""sunny""#));
}

#[test]
fn error_category_comes_from_its_text() {
    for (error, category) in [
        ("OpenAILLM: HTTP 429 Too Many Requests", Some("rate_limited")),
        ("OpenAILLM: HTTP 402 Payment Required", Some("credits")),
        ("OpenAILLM: request failed: operation timed out", Some("timeout")),
        ("Pipeline error: OpenAILLM: HTTP 503 Service Unavailable — down", Some("503")),
        ("HTTP over", None),
        ("HTTP ü", None),
        ("connection reset", None),
    ] {
        let frame = Rustvani::error(error, true, Some("OpenAILLM".to_owned()));
        let frame = RustvaniFrame::new(&frame, "OpenAILLM");
        let Frame::Error(report) = frame.view() else { panic!("{:?}", frame.view()) };
        assert_eq!((report.message, report.category), (error, category));
        assert_eq!((report.processor, report.fatal), (Some("OpenAILLM"), true));
    }
}

#[test]
fn context_is_prompt_messages_and_current_round() {
    let mut context = LLMContext::new(Some("Be brief.".to_owned()));
    context.add_user_message("Is Tuesday free?");
    let custom = HashMap::from([(AdapterType::OpenAI, vec![json!({ "type": "web_search" })])]);
    context.tools = Some(ToolsSchema::with_custom(vec![FunctionSchema::new("look_up", "Looks")], custom));
    let call =
        ToolCall { id: "call_1".to_owned(), function_name: "look_up".to_owned(), arguments: "{}".to_owned() };
    let round = [
        Message::Assistant { content: None, tool_calls: Some(vec![call]) },
        Message::ToolResult { tool_call_id: "call_1".to_owned(), content: "yes".to_owned() },
    ];
    let context = Mutex::new(context);

    let view = Context::with_round(&context, &round);
    let roles: Vec<&str> = (0..view.message_count()).map(|index| view.role(index)).collect();
    assert_eq!(roles, ["system", "user", "assistant", "tool"]);
    assert_eq!(view.message(0).content, MessageContent::Text("Be brief.".to_owned()));
    assert_eq!(view.message(2).content, MessageContent::None);
    assert_eq!(view.message(2).tool_calls[0].name, "look_up");
    assert_eq!(view.message(3).tool_call_id.as_deref(), Some("call_1"));
    assert_eq!(view.tool_count(), 2);
    assert_eq!(view.tool(0), r#"{"type":"function","function":{"name":"look_up","description":"Looks"}}"#);
    assert_eq!(view.tool(1), r#"{"type":"web_search"}"#);
}

#[test]
fn context_without_prompt_starts_with_first_message() {
    let mut context = LLMContext::new(None);
    context.add_user_message("Hello?");
    let context = Mutex::new(context);
    let view = Context::new(&context);
    assert_eq!((view.message_count(), view.role(0)), (1, "user"));
    assert_eq!((view.tool_count(), view.tool(0).as_str()), (0, ""));
}
