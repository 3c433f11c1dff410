use super::{ContentCopier, ContentKind, ContentKinds, ContentLimits, MAX_CONTEXT_LENGTH, REDACTED};
use crate::engine::frame::{ImageUrl, Message, MessageContent, MessagePart, ToolCall};
use crate::engine::truncate::MAX_TEXT_LENGTH;

fn parts(parts: Vec<MessagePart>) -> Message {
    Message { role: "user".into(), content: MessageContent::Parts(parts), ..Message::default() }
}

fn image(url: &str) -> MessagePart {
    MessagePart::Image(ImageUrl(url.to_owned()))
}

fn text_of(message: &Message) -> String {
    message.content.as_text().unwrap_or_default().into_owned()
}

#[test]
fn a_message_within_the_limits_is_copied_whole() {
    let call = ToolCall { id: "c1".into(), name: "look_up".into(), arguments: "{}".into() };
    let message = Message {
        name: Some("Ada".into()),
        tool_call_id: Some("c0".into()),
        tool_calls: vec![call],
        ..parts(vec![
            MessagePart::Text("What is this?".into()),
            image("https://example.com/cat.png"),
            image("data:image/png;base64,AAAA"),
            MessagePart::Other("input_audio".into()),
        ])
    };
    assert_eq!(ContentCopier::new(ContentLimits::default()).message(&message), message);
}

#[test]
fn a_long_image_is_redacted_and_a_long_link_is_truncated() {
    let limits = ContentLimits { data_url_length: 30, text_length: 40, ..ContentLimits::default() };
    let long = |scheme: &str| image(&format!("{scheme}{}", "a".repeat(40)));
    let message = parts(vec![long("data:image/png,"), long("DATA:image/png,"), long("https://")]);
    let link = format!("https://{}… [19 more]", "a".repeat(21));
    let expected = parts(vec![image(REDACTED), image(REDACTED), image(&link)]);
    assert_eq!(ContentCopier::new(limits).message(&message), expected);
}

#[test]
fn hidden_kinds_are_redacted_and_white_space_is_not() {
    let hidden = ContentKinds::default().with(ContentKind::BotText).with(ContentKind::ToolArguments);
    let limits = ContentLimits { hidden_in_requests: hidden, ..ContentLimits::default() };
    let copy =
        |role: &str, text: &str| text_of(&ContentCopier::new(limits).message(&Message::text(role, text)));
    assert_eq!(copy("assistant", "Hello"), REDACTED);
    assert_eq!(copy("assistant", " \n"), " \n");
    assert_eq!(copy("user", "Hello"), "Hello");
    let call = ToolCall { arguments: "{}".into(), ..ToolCall::default() };
    let asks = Message { tool_calls: vec![call], ..Message::text("assistant", "") };
    assert_eq!(ContentCopier::new(limits).message(&asks).tool_calls[0].arguments, REDACTED);
}

#[test]
fn a_long_text_is_truncated_and_marked() {
    let text = "ü".repeat(MAX_TEXT_LENGTH + 10);
    let copied = text_of(&ContentCopier::new(ContentLimits::default()).message(&Message::text("user", text)));
    assert!((MAX_TEXT_LENGTH - 5..=MAX_TEXT_LENGTH).contains(&copied.chars().count()));
    assert!(copied.ends_with("ü… [26 more]"), "room for the longest mark, of sixteen characters, is made");
}

#[test]
fn beyond_the_length_of_a_context_only_marks_are_copied() {
    let mut copier = ContentCopier::new(ContentLimits::default());
    let message = Message::text("user", "a".repeat(MAX_TEXT_LENGTH));
    let messages: Vec<Message> = (0..6).map(|_| copier.message(&message)).collect();
    let bytes: usize = messages.iter().map(|message| text_of(message).len()).sum();
    assert!((MAX_CONTEXT_LENGTH - 1_000..MAX_CONTEXT_LENGTH + 100).contains(&bytes), "{bytes}");
    assert_eq!(messages[2], message);
    assert!(text_of(&messages[3]).ends_with(" more]"), "what is left is less than its text");
    assert_eq!(messages[5], Message::text("user", "… [1048576 more]"), "its role stays");
}

#[test]
fn the_parts_of_a_message_are_bounded() {
    let message = parts(vec![MessagePart::Text("a".into()); 1_000_000]);
    let copied = ContentCopier::new(ContentLimits::default()).message(&message);
    let MessageContent::Parts(copied) = copied.content else { panic!("no parts") };
    assert!(copied.len() < 100_000, "{}", copied.len());
    let Some(MessagePart::Text(mark)) = copied.last() else { panic!("no mark") };
    assert_eq!(*mark, format!("… [{} more]", 1_000_000 - (copied.len() - 1)));
}
