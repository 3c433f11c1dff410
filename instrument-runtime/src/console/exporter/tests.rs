use std::io::{self, Write};
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use opentelemetry_sdk::trace::{SpanData, SpanExporter};

use super::{ConsoleExporter, MAX_WAITING_SPANS};
use crate::console::TreeStyle;
use crate::console::test_support::TestConversation;
use crate::emit::test_records::{stt, turn};
use crate::engine::record::{SpanDetails, SpanKey, SpanKind, TurnNumber, TurnRecord};

/// A writer whose text a test can read.
#[derive(Clone, Default)]
struct SharedBuffer(Arc<Mutex<Vec<u8>>>);

impl SharedBuffer {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for SharedBuffer {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(text)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Polls an export once, as this exporter never waits.
fn export(exporter: &ConsoleExporter, batch: Vec<SpanData>) {
    let export = pin!(exporter.export(batch));
    assert!(matches!(export.poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(Ok(()))));
}

fn utterance(conversation: &mut TestConversation, turn_key: SpanKey) {
    let utterance = conversation.start(SpanKind::Stt, Some(turn_key), 100);
    conversation.end(utterance, 200, SpanDetails::Stt(stt()));
}

fn end(conversation: &mut TestConversation, turn_key: SpanKey, number: u32) {
    let ended = TurnRecord { number: TurnNumber(number), latency: None, ..turn() };
    conversation.end(turn_key, 400, SpanDetails::Turn(ended));
}

#[test]
fn a_turn_is_printed_when_it_ends_below_its_conversation() {
    let buffer = SharedBuffer::default();
    let exporter = ConsoleExporter::new(buffer.clone(), TreeStyle::default());
    let mut conversation = TestConversation::new("call-42");

    let first = conversation.start_turn(1, 0);
    utterance(&mut conversation, first);
    export(&exporter, conversation.spans());
    assert_eq!(buffer.text(), "");
    end(&mut conversation, first, 1);
    export(&exporter, conversation.spans());
    let second = conversation.start_turn(2, 0);
    end(&mut conversation, second, 2);
    export(&exporter, conversation.spans());

    assert_eq!(
        buffer.text(),
        r#"conversation call-42

turn 1  400 ms  interrupted
│  user "What time is it?"
│  bot  "It is noon."
└─ stt  +100 ms  100 ms  Deepgram nova-2  ttfb 250 ms

turn 2  400 ms  interrupted
   user "What time is it?"
   bot  "It is noon."

"#
    );
}

#[test]
fn alternating_conversations_repeat_their_headings() {
    let buffer = SharedBuffer::default();
    let exporter = ConsoleExporter::new(buffer.clone(), TreeStyle::default());
    for id in ["a", "b", "a"] {
        let mut conversation = TestConversation::new(id);
        let turn_key = conversation.start_turn(1, 0);
        end(&mut conversation, turn_key, 1);
        export(&exporter, conversation.spans());
    }
    let text = buffer.text();
    let names: Vec<&str> = text.lines().filter(|line| line.starts_with("conversation")).collect();
    assert_eq!(names, ["conversation a", "conversation b", "conversation a"]);
}

#[test]
fn spans_whose_turn_never_ends_are_discarded() {
    let exporter = ConsoleExporter::new(SharedBuffer::default(), TreeStyle::default());
    let mut conversation = TestConversation::new("call-42");
    let lost = conversation.start_turn(1, 0);
    for _ in 0..MAX_WAITING_SPANS + 10 {
        utterance(&mut conversation, lost);
    }
    export(&exporter, conversation.spans());
    assert_eq!(exporter.console.lock().unwrap().waiting.len(), MAX_WAITING_SPANS);
}
