//! Conversions that adapters depend on.

use serde_json::{Value, json};

use super::{JsonContext, RawJson, message_from_json, message_to_json};
use crate::engine::content::{ContentCopier, ContentLimits};
use crate::engine::frame::{ChatContext, ImageUrl, Json, Message, MessageContent, MessagePart, ToolCall};

#[test]
fn text_is_compact_in_source_order_and_not_escaped() {
    let value: Value = serde_json::from_str(r#"{"z": 1, "a": ["ü", null]}"#).unwrap();
    assert_eq!(value.to_text(), r#"{"z":1,"a":["ü",null]}"#);
    assert_eq!(json!("sunny").to_text(), r#""sunny""#);
}

#[test]
fn an_error_is_a_non_empty_field_of_that_name() {
    for (value, error) in [
        (json!({"error": "boom"}), Some("boom")),
        (json!({"error": {"code": 7}}), Some(r#"{"code":7}"#)),
        (json!({"error": false}), Some("false")),
        (json!({"error": ""}), None),
        (json!({"error": null}), None),
        (json!({"ok": true}), None),
        (json!("error"), None),
        (json!(["error"]), None),
    ] {
        assert_eq!(value.error_text().as_deref(), error, "{value}");
        assert_eq!(RawJson(&value.to_string()).error_text().as_deref(), error, "{value}");
    }
}

#[test]
fn content_is_text_parts_or_nothing() {
    let image = MessagePart::Image(ImageUrl("https://example.com/cat.png".into()));
    for (content, expected) in [
        (json!("Hi"), MessageContent::Text("Hi".into())),
        (json!(null), MessageContent::None),
        (json!([]), MessageContent::None),
        (
            json!([
                {"type": "text", "text": "What is this?"},
                {"type": "image_url", "image_url": {"url": "https://example.com/cat.png"}},
                {"type": "input_audio", "input_audio": {"data": "…"}},
            ]),
            MessageContent::Parts(vec![
                MessagePart::Text("What is this?".into()),
                image.clone(),
                MessagePart::Other("input_audio".into()),
            ]),
        ),
        (
            json!([{"type": "input_image", "image_url": "https://example.com/cat.png"}]),
            MessageContent::Parts(vec![image.clone()]),
        ),
        (json!({"degrees": 21}), MessageContent::Text(r#"{"degrees":21}"#.into())),
        (json!([{"degrees": 21}]), MessageContent::Text(r#"[{"degrees":21}]"#.into())),
    ] {
        let message = message_from_json(&json!({"role": "tool", "content": content}));
        assert_eq!(message.content, expected, "{content}");
    }
}

#[test]
fn tool_calls_have_their_arguments_as_text() {
    let message = message_from_json(&json!({
        "role": "assistant",
        "tool_calls": [
            {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{\"x\": 1}"}},
            {"id": "b", "type": "function", "function": {"name": "g", "arguments": {"x": 1}}},
            {"id": "c", "type": "function", "function": {"name": "h"}},
        ],
    }));
    let call = |id: &str, name: &str, arguments: &str| ToolCall {
        id: id.into(),
        name: name.into(),
        arguments: arguments.into(),
    };
    let calls = vec![call("a", "f", r#"{"x": 1}"#), call("b", "g", r#"{"x":1}"#), call("c", "h", "")];
    assert_eq!(message.tool_calls, calls);
    assert_eq!(message.content, MessageContent::None);
}

#[test]
fn a_message_survives_conversion_to_json_and_back() {
    let messages = [
        Message::text("user", "Hi"),
        Message { name: Some("Ada".into()), ..Message::text("user", "Hi") },
        Message { tool_call_id: Some("a".into()), ..Message::text("tool", "{}") },
        Message {
            role: "assistant".into(),
            tool_calls: vec![ToolCall { id: "a".into(), name: "f".into(), arguments: "{}".into() }],
            ..Message::default()
        },
        Message {
            role: "user".into(),
            content: MessageContent::Parts(vec![
                MessagePart::Text("?".into()),
                MessagePart::Image(ImageUrl("data:,".into())),
                MessagePart::Other("file".into()),
            ]),
            ..Message::default()
        },
    ];
    for message in messages {
        assert_eq!(message_from_json(&message_to_json(message.clone())), message);
    }
}

#[test]
fn an_index_beyond_the_end_does_not_panic() {
    let context = JsonContext { messages: &[], tools: &[json!({"type": "function"})] };
    assert_eq!((context.message_count(), context.tool_count()), (0, 1));
    assert_eq!(context.tool(0), r#"{"type":"function"}"#);
    assert_eq!(
        (context.role(3), context.message(3), context.tool(3)),
        ("", Message::default(), String::new())
    );
}

#[test]
fn a_text_within_a_length_is_cut_before_it_is_converted() {
    let value = json!({"city": "Köln", "days": [1, 2, 3]});
    assert_eq!(value.to_text_within(30), value.to_text());
    assert_eq!(value.to_text_within(20), r#"{"city":"… [21 more]"#);
    let long = json!(["日本語".repeat(100_000), 1]);
    let text = long.to_text_within(20);
    assert_eq!(text, "[\"日本語日本語日本語日… [more]");
    assert_eq!(text.chars().count(), 20);
}

#[test]
fn raw_json_that_is_too_long_is_not_parsed() {
    assert_eq!(RawJson(r#"{ "city": "Paris" }"#).to_text_within(30), r#"{"city":"Paris"}"#);
    assert_eq!(RawJson(r#"{ "city": "Paris" }"#).to_text_within(15), r#"{ "c… [15 more]"#);
}

#[test]
fn a_context_is_copied_within_limits() {
    let image = format!("data:image/png;base64,{}", "A".repeat(100));
    let messages = [json!({
        "role": "user",
        "content": [{"type": "text", "text": "What is this, please?"}, {"type": "image_url", "image_url": {"url": image}}],
        "tool_calls": [{"id": "c1", "function": {"name": "look", "arguments": {"at": "x".repeat(30)}}}],
    })];
    let tools = [json!({"name": "x".repeat(30)})];
    let context = JsonContext { messages: &messages, tools: &tools };
    let limits = ContentLimits { text_length: 16, data_url_length: 100, ..ContentLimits::default() };
    let mut copier = ContentCopier::new(limits);
    let message = context.copy_message(0, &mut copier);
    let expected = MessageContent::Parts(vec![
        MessagePart::Text("What … [16 more]".into()),
        MessagePart::Image(ImageUrl("__REDACTED__".into())),
    ]);
    assert_eq!(message.content, expected);
    assert_eq!(message.tool_calls[0].arguments.chars().count(), 16);
    assert_eq!(context.copy_tool(0, &mut copier).chars().count(), 16);
}
