//! Every combination of options, on records in which each text is a marker.

use std::sync::Arc;

use pipecat_instrument_runtime::emit::Conventions;
use pipecat_instrument_runtime::engine::frame::{
    ImageUrl, Message, MessageContent, MessagePart, Processor, Role, Setting, ToolCall,
};
use pipecat_instrument_runtime::engine::record::{
    EndReason, Initiator, LlmRecord, LlmRequest, ServiceTimes, SpanDetails, SpanEvent, SpanEventKind,
    SpanRecord, Status, SttRecord, ToolRecord, TtsRecord, TurnNumber, TurnRecord, Visibility,
};
use pipecat_instrument_runtime::engine::time::Time;

use crate::TestResult;
use crate::export::{exported, record};
use crate::options::Hidden::{
    InputImages, InputMessages, InputText, Inputs, InvocationParameters, OutputMessages, Outputs, Tools,
};
use crate::options::{Hidden, each_option, every_combination, every_set_of_conventions, hiding};
use crate::secrets::{Secret, check};

const SECRETS: [Secret; 33] = [
    ("«turn input»", &[Inputs]),
    ("«turn output»", &[Outputs]),
    ("«transcript»", &[Inputs]),
    ("«last user message»", &[Inputs]),
    ("«user transcript»", &[Inputs]),
    ("«system»", &[Inputs, InputMessages, InputText]),
    ("«service instruction»", &[Inputs, InputMessages, InputText]),
    ("«user»", &[Inputs, InputMessages, InputText]),
    ("«part»", &[Inputs, InputMessages, InputText]),
    ("«assistant»", &[Inputs, Outputs, InputMessages, InputText]),
    ("«tool message»", &[Inputs, Outputs, InputMessages, InputText]),
    ("«earlier arguments»", &[Inputs, InputMessages]),
    ("«picture»", &[Inputs, InputMessages, InputImages]),
    ("«speaker»", &[Inputs, InputMessages]),
    ("«tool»", &[Inputs, Tools]),
    ("«setting»", &[InvocationParameters]),
    ("«setting instructions»", &[InvocationParameters, Inputs, InputMessages, InputText]),
    ("«setting session»", &[InvocationParameters, Inputs, InputMessages, InputText]),
    ("«setting tools»", &[InvocationParameters, Inputs, Tools]),
    ("«text»", &[Outputs]),
    ("«arguments beside text»", &[Inputs, Outputs, OutputMessages]),
    ("«arguments without text»", &[Inputs, Outputs]),
    ("«tts input»", &[Inputs, Outputs]),
    ("«tts output»", &[Outputs]),
    ("«arguments»", &[Inputs]),
    ("«result»", &[Outputs]),
    ("«returned error»", &[Outputs]),
    ("«status»", &[]),
    ("«exception»", &[]),
    ("«user id»", &[]),
    ("«tool name»", &[]),
    ("«tenant»", &[]),
    ("«metadata»", &[]),
];

/// Always hidden, as the image is longer than the limit.
const LARGE_PICTURE: &str = "«large picture»";

#[test]
fn every_combination_hides_its_content_and_nothing_else() -> TestResult<()> {
    let all = every_set_of_conventions().fold(Conventions::OPENINFERENCE, |all, set| all | set);
    every_combination().try_for_each(|hidden| check_export(all, &hidden))
}

#[test]
fn each_option_hides_its_content_in_every_set_of_conventions() -> TestResult<()> {
    for conventions in every_set_of_conventions() {
        each_option().iter().try_for_each(|hidden| check_export(conventions, hidden))?;
    }
    Ok(())
}

fn check_export(conventions: Conventions, hidden: &[Hidden]) -> TestResult<()> {
    let spans = exported(records(), conventions, hiding(hidden))?;
    let exported = format!("{spans:?}");
    if exported.contains(LARGE_PICTURE) {
        return Err(format!("hiding {hidden:?}: the large image is there").into());
    }
    check(&exported, &SECRETS, hidden)
}

fn records() -> Vec<SpanRecord> {
    let details = [
        SpanDetails::Turn(turn()),
        SpanDetails::Stt(utterance()),
        SpanDetails::Llm(Box::new(llm_call())),
        SpanDetails::Llm(Box::new(llm_call_with_tool_calls_only())),
        SpanDetails::Llm(Box::new(speech_to_speech_call())),
        SpanDetails::Llm(Box::new(llm_call_without_messages())),
        SpanDetails::Tts(synthesis()),
    ];
    details.map(record).into_iter().chain([failed_call()]).collect()
}

fn turn() -> TurnRecord {
    TurnRecord {
        number: TurnNumber(1),
        input: Some("«turn input»".into()),
        output: Some("«turn output»".into()),
        end_reason: EndReason::Completed,
        initiator: Initiator::User,
        repeats: None,
        latency: None,
        start_missed: false,
    }
}

fn utterance() -> SttRecord {
    SttRecord {
        service: Arc::new(Processor::new("Stt#0", "DeepgramSTTService", Role::Stt)),
        reported_model: None,
        times: ServiceTimes::default(),
        transcript: Some("«transcript»".into()),
        output_visibility: Visibility::Full,
        is_final: true,
        language: None,
        audio_seconds: None,
        time_to_last_transcription: None,
    }
}

fn llm_call() -> LlmRecord {
    let session = r#"{"voice":{"prompt":"«setting session»"},"tools":["«setting tools»"]}"#;
    let service = Processor::new("Llm#0", "OpenAILLMService", Role::Llm)
        .setting("stop", Setting::Text("«setting»".into()))
        .setting("system_prompt", Setting::Text("«setting instructions»".into()))
        .setting("session_properties", Setting::Json(session.into()));
    LlmRecord {
        service: Arc::new(service),
        reported_model: None,
        times: ServiceTimes::default(),
        request: LlmRequest {
            system: Some(Message::text("system", "«system»")),
            newest: history(),
            message_count: 5,
            last_user_message: Some("What time is it?".into()),
            tools: vec![r#"{"name":"«tool»"}"#.into()],
        },
        user_transcript: None,
        text: Some("«text»".into()),
        tool_calls: vec![call(r#"{"zone":"«arguments beside text»"}"#)],
        message_visibility: Visibility::Full,
        usage: None,
        ttfat: None,
        interrupted: false,
        withdrawn: false,
    }
}

fn history() -> Vec<Message> {
    let large_picture = format!("data:image/png;base64,{}{LARGE_PICTURE}", "A".repeat(32_000));
    let parts = vec![
        MessagePart::Text("«part»".into()),
        MessagePart::Image(ImageUrl("data:image/png;base64,«picture»".into())),
        MessagePart::Image(ImageUrl(large_picture)),
    ];
    vec![
        Message { name: Some("«speaker»".into()), ..Message::text("user", "«user»") },
        Message { content: MessageContent::Parts(parts), ..Message::text("user", "") },
        Message {
            tool_calls: vec![call(r#"{"zone":"«earlier arguments»"}"#)],
            ..Message::text("assistant", "«assistant»")
        },
        Message { tool_call_id: Some("call_1".into()), ..Message::text("tool", "«tool message»") },
    ]
}

fn call(arguments: &str) -> ToolCall {
    ToolCall { id: "call_1".into(), name: "clock".into(), arguments: arguments.into() }
}

fn llm_call_with_tool_calls_only() -> LlmRecord {
    let service = Processor {
        system_instruction: Some("«service instruction»".into()),
        ..Processor::new("Llm#0", "OpenAILLMService", Role::Llm)
    };
    LlmRecord {
        service: Arc::new(service),
        request: LlmRequest { message_count: 1, ..LlmRequest::default() },
        text: None,
        tool_calls: vec![call(r#"{"zone":"«arguments without text»"}"#)],
        ..llm_call()
    }
}

fn speech_to_speech_call() -> LlmRecord {
    LlmRecord {
        user_transcript: Some("«user transcript»".into()),
        request: LlmRequest::default(),
        text: None,
        tool_calls: vec![],
        ..llm_call()
    }
}

/// Returns a call whose only recorded message is the last user message.
fn llm_call_without_messages() -> LlmRecord {
    let last_user_message = Some("«last user message»".into());
    LlmRecord { request: LlmRequest { last_user_message, ..LlmRequest::default() }, ..llm_call() }
}

fn synthesis() -> TtsRecord {
    TtsRecord {
        service: Arc::new(Processor::new("Tts#0", "CartesiaTTSService", Role::Tts)),
        reported_model: None,
        times: ServiceTimes::default(),
        input: Some("«tts input»".into()),
        output: Some("«tts output»".into()),
        characters: Some(11),
        ttfa: None,
        audio_duration: None,
        played_duration: None,
        interrupted: false,
    }
}

/// A tool call with an error in its result, and another one from the framework.
fn failed_call() -> SpanRecord {
    let tool = ToolRecord {
        name: "«tool name»".into(),
        tool_call_id: "call_1".into(),
        arguments: Some(r#"{"zone":"«arguments»"}"#.into()),
        result: Some(r#"{"error":"«returned error»","at":"«result»"}"#.into()),
        error: Some("«returned error»".into()),
        cancelled: false,
        unfinished: false,
    };
    let exception = |message: &str| SpanEvent {
        at: Time::from_unix_nanos(2_000_000_000),
        kind: SpanEventKind::Exception { message: message.into(), error_type: "_OTHER".into() },
    };
    SpanRecord {
        status: Status::Error { message: "«status»".into(), error_type: "_OTHER".into() },
        events: vec![exception("«returned error»"), exception("«exception»")],
        user_id: Some("«user id»".into()),
        ..record(SpanDetails::Tool(tool))
    }
}
