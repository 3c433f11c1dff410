use super::{ContentLimits, LlmRequest, RequestLimits};
use crate::engine::frame::{Message, MessageContent, MessagePart};

#[test]
fn as_many_messages_are_copied_as_a_span_can_carry() {
    let mut message = Message::text("user", "");
    message.content = MessageContent::Parts(vec![MessagePart::Other("input_audio".to_owned())]);
    // Each takes two attributes: its role, and the type of its part.
    let request = LlmRequest::of(&vec![message; 10], RequestLimits { attributes: 20, content: ContentLimits::default() });
    assert_eq!(request.newest.len(), 10);
}
