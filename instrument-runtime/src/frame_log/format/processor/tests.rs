//! Round trips of processor lines.

use super::{ProcessorEnvelope, ProcessorLine};
use crate::engine::frame::{Processor, Role, Setting};

fn read(line: &str) -> Processor {
    serde_json::from_str::<ProcessorEnvelope>(line).unwrap().processor.into()
}

#[test]
fn null_settings_are_dropped_and_the_instruction_is_a_field() {
    let processor = read(
        r#"{"processor":{"id":"1","class":"C","name":"C#0","role":"llm","settings":{"temperature":0.7,
        "top_k":null,"max_tokens":5,"system_instruction":"Be brief.","extra":{"a":[1]}}}}"#,
    );
    let settings = [
        ("temperature", Setting::Float(0.7)),
        ("max_tokens", Setting::Int(5)),
        ("extra", Setting::Json(r#"{"a":[1]}"#.into())),
    ];
    assert_eq!(processor.settings, settings.map(|(name, value)| (name.to_owned(), value)));
    assert_eq!(processor.system_instruction.as_deref(), Some("Be brief."));
}

#[test]
fn an_unknown_role_is_other() {
    assert_eq!(read(r#"{"processor":{"id":"1","class":"C","name":"C","role":"muxer"}}"#).role, Role::Other);
}

#[test]
fn a_processor_survives_its_line() {
    for role in [Role::Unknown, Role::Sink, Role::Tts, Role::InputTransport, Role::Other] {
        let mut processor = Processor::new("1", "Class", role)
            .model("m")
            .voice("v")
            .sample_rate(8_000)
            .setting("rate", Setting::Float(1.0))
            .setting("stream", Setting::Bool(true))
            .setting("tags", Setting::Json("[1]".into()));
        processor.system_instruction = Some("Be brief.".into());
        let line =
            serde_json::to_string(&ProcessorEnvelope { processor: ProcessorLine::from(&processor) }).unwrap();
        assert_eq!(read(&line), processor, "{line}");
    }
}
