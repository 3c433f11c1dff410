//! Input messages within the limit, and the fields of each.

use std::sync::Arc;

use opentelemetry::KeyValue;

use super::put_input;
use crate::emit::attributes::Attributes;
use crate::emit::span_scope::SpanScope;
use crate::emit::test_records::{clock_call, llm, record, text};
use crate::emit::{EmitSettings, Session, keys, span_attributes};
use crate::engine::frame::{ImageUrl, Message, MessageContent, MessagePart};
use crate::engine::record::{LlmRecord, LlmRequest, SpanDetails};

/// A request of `system` and `newest` messages, numbered from 1, of two keys each.
fn context(system: Option<&str>, newest: usize) -> LlmRecord {
    let mut llm = llm();
    llm.request = LlmRequest {
        system: system.map(|text| Message::text("system", text)),
        newest: (1..=newest).map(|number| Message::text("user", format!("message {number}"))).collect(),
        message_count: newest + usize::from(system.is_some()),
        last_user_message: None,
        tools: Vec::new(),
    };
    llm
}

/// Describes the model of `llm` as a service of `class` that sends an instruction of its own.
fn instruct(llm: &mut LlmRecord, class: &str, instruction: &str) {
    let service = Arc::make_mut(&mut llm.service);
    class.clone_into(&mut service.class);
    service.provider = None;
    service.system_instruction = Some(instruction.to_owned());
}

/// Returns the input messages of `llm` within `limit` attributes as text.
fn written(llm: &LlmRecord, limit: usize) -> String {
    let mut out = Attributes::with_limit(limit);
    put_input(llm.clone(), &mut out);
    text(&out.into_vec())
}

#[test]
fn system_message_comes_first_then_the_newest_that_fit() {
    assert_eq!(
        written(&context(Some("Be brief."), 9), 7),
        "\
llm.input_messages.0.message.role = system
llm.input_messages.0.message.content = Be brief.
llm.input_messages.2.message.role = user
llm.input_messages.2.message.content = message 9
llm.input_messages.1.message.role = user
llm.input_messages.1.message.content = message 8
"
    );
}

#[test]
fn oldest_message_has_index_0_if_there_is_no_system_message() {
    assert_eq!(
        written(&context(None, 9), 4),
        "\
llm.input_messages.1.message.role = user
llm.input_messages.1.message.content = message 9
llm.input_messages.0.message.role = user
llm.input_messages.0.message.content = message 8
"
    );
}

#[test]
fn three_hundred_messages_fill_the_span_and_are_all_counted() {
    // The other attributes leave an even number, as each message takes two.
    let record = record(SpanDetails::Llm(Box::new(context(Some("Be brief."), 299))));
    let (session, settings) = (Session::new("call-42"), EmitSettings::default());
    let attributes = span_attributes::all_of_record(
        record,
        &SpanScope { session: &session, settings: &settings, turn: None },
    );
    assert_eq!(attributes.len(), 128);
    let count = attributes.iter().find(|attribute| attribute.key.as_str() == keys::LLM_MESSAGES_COUNT);
    assert_eq!(count, Some(&KeyValue::new(keys::LLM_MESSAGES_COUNT, 300)));

    let messages: Vec<_> =
        attributes.iter().filter(|a| a.key.as_str().starts_with("llm.input_messages")).collect();
    let newest = messages.len() / 2 - 1;
    assert_eq!(text(&[messages[1].clone()]), "llm.input_messages.0.message.content = Be brief.\n");
    assert_eq!(
        text(&[messages[3].clone()]),
        format!("llm.input_messages.{newest}.message.content = message 299\n")
    );
}

#[test]
fn a_message_that_does_not_fit_is_left_out_completely() {
    assert_eq!(written(&context(None, 1), 1), "");
}

#[test]
fn chat_completion_services_send_instruction_and_system_message() {
    let mut llm = context(Some("Be brief."), 1);
    instruct(&mut llm, "OpenAILLMService", "Be kind.");
    assert_eq!(
        written(&llm, 128),
        "\
llm.input_messages.0.message.role = system
llm.input_messages.0.message.content = Be kind.
llm.input_messages.1.message.role = system
llm.input_messages.1.message.content = Be brief.
llm.input_messages.2.message.role = user
llm.input_messages.2.message.content = message 1
"
    );
    assert_eq!(llm.message_count(), 3);
}

#[test]
fn other_services_send_the_instruction_instead_of_a_first_system_message() {
    let mut llm = context(Some("Be brief."), 1);
    llm.request.newest.push(Message::text("system", "The user is new."));
    llm.request.message_count = 3;
    instruct(&mut llm, "AnthropicLLMService", "Be kind.");
    assert_eq!(
        written(&llm, 128),
        "\
llm.input_messages.0.message.role = system
llm.input_messages.0.message.content = Be kind.
llm.input_messages.2.message.role = system
llm.input_messages.2.message.content = The user is new.
llm.input_messages.1.message.role = user
llm.input_messages.1.message.content = message 1
"
    );
    assert_eq!(llm.message_count(), 3);
}

#[test]
fn instruction_is_sent_with_an_empty_context() {
    for class in ["OpenAILLMService", "GoogleLLMService"] {
        let mut llm = context(None, 0);
        instruct(&mut llm, class, "Be kind.");
        assert_eq!(
            written(&llm, 128),
            "\
llm.input_messages.0.message.role = system
llm.input_messages.0.message.content = Be kind.
"
        );
        assert_eq!(llm.message_count(), 1);
    }
}

#[test]
fn every_field_of_a_message_is_written() {
    let mut llm = context(None, 0);
    llm.request.newest = vec![
        Message {
            role: "user".into(),
            content: MessageContent::Parts(vec![
                MessagePart::Text("Look at this".into()),
                MessagePart::Image(ImageUrl("data:image/png;base64,AAAA".into())),
                MessagePart::Other("input_audio".into()),
            ]),
            name: Some("ann".into()),
            ..Message::default()
        },
        Message { role: "assistant".into(), tool_calls: vec![clock_call()], ..Message::default() },
        Message { tool_call_id: Some("call_1".into()), ..Message::text("tool", r#""12:00""#) },
    ];
    assert_eq!(
        written(&llm, 128),
        "\
llm.input_messages.2.message.role = tool
llm.input_messages.2.message.content = \"12:00\"
llm.input_messages.2.message.tool_call_id = call_1
llm.input_messages.1.message.role = assistant
llm.input_messages.1.message.tool_calls.0.tool_call.id = call_1
llm.input_messages.1.message.tool_calls.0.tool_call.function.name = clock
llm.input_messages.1.message.tool_calls.0.tool_call.function.arguments = {\"zone\":\"UTC\"}
llm.input_messages.0.message.role = user
llm.input_messages.0.message.contents.0.message_content.type = text
llm.input_messages.0.message.contents.0.message_content.text = Look at this
llm.input_messages.0.message.contents.1.message_content.type = image
llm.input_messages.0.message.contents.1.message_content.image.image.url = data:image/png;base64,AAAA
llm.input_messages.0.message.contents.2.message_content.type = input_audio
llm.input_messages.0.message.name = ann
"
    );
    assert_eq!(written(&llm, 14), written(&llm, 128), "the predicted number of attributes suffices");
    assert_eq!(written(&llm, 13).lines().count(), 7, "the oldest is left out completely");
}
