use super::{ContentLimits, LlmRequest, RequestLimits};
use crate::engine::content::MAX_CONTEXT_LENGTH;
use crate::engine::frame::{Message, MessageContent, MessagePart};

#[test]
fn as_many_messages_are_copied_as_a_span_can_carry() {
    let mut message = Message::text("user", "");
    message.content = MessageContent::Parts(vec![MessagePart::Other("input_audio".to_owned())]);
    // Each takes two attributes: its role, and the type of its part.
    let request = LlmRequest::of(
        &vec![message; 10],
        RequestLimits { attributes: 20, content: ContentLimits::default() },
    );
    assert_eq!(request.newest.len(), 10);
}

#[test]
fn a_request_has_the_newest_messages_that_fit_into_a_context() {
    let text = |letter: char| letter.to_string().repeat(MAX_CONTEXT_LENGTH / 8);
    let mut messages = vec![Message::text("system", "Be brief.")];
    messages.extend("abcdefghijkl".chars().map(|letter| Message::text("user", text(letter))));
    let request =
        LlmRequest::of(&messages, RequestLimits { attributes: 128, content: ContentLimits::default() });
    assert_eq!(request.system, Some(Message::text("system", "Be brief.")));
    assert_eq!(request.message_count, 13);
    let lengths: Vec<usize> = request.newest.iter().map(length_of).collect();
    assert_eq!(lengths[1..], [MAX_CONTEXT_LENGTH / 8; 7], "complete");
    let oldest = request.newest[0].content.as_text().unwrap();
    assert!(oldest.starts_with("eee") && oldest.ends_with(" more]"), "only its beginning fits");
    assert!(request.last_user_message == Some(text('l')));
}

fn length_of(message: &Message) -> usize {
    message.content.as_text().map_or(0, |text| text.len())
}

#[test]
fn what_has_no_role_is_not_a_message() {
    let thought = Message::text("", "a signature");
    let messages = [
        thought.clone(),
        Message::text("system", "Be brief."),
        Message::text("user", "Hello."),
        thought.clone(),
        Message::text("assistant", "Hi."),
        thought,
    ];
    let request = LlmRequest::of(
        &messages.to_vec(),
        RequestLimits { attributes: 128, content: ContentLimits::default() },
    );
    assert_eq!(request.message_count, 3);
    assert_eq!(request.system.as_ref(), Some(&messages[1]));
    assert_eq!(request.newest, [messages[2].clone(), messages[4].clone()]);
    assert_eq!(request.last_user_message.as_deref(), Some("Hello."));
}
