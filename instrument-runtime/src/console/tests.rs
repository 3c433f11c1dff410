//! Expected trees, written by hand.

use std::time::Duration;

use opentelemetry::trace::{Span, TraceContextExt, Tracer, TracerProvider};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};

use super::{Color, SpanTree, TreeStyle};
use crate::console::test_support::{TestConversation, at};
use crate::emit::keys;
use crate::emit::test_records::{clock_call, llm, stt, tool, tts, turn};
use crate::engine::record::{
    EndReason, Initiator, LlmRecord, SpanDetails, SpanEvent, SpanEventKind, SpanKind, SpanRecord, Status,
    ToolRecord, TtsRecord, TurnNumber, TurnRecord, UserRepeats,
};

fn plain(width: usize) -> TreeStyle {
    TreeStyle { width, color: Color::Never }
}

/// Records a turn with a tool call, whose speech is all shown by the turn itself.
fn tool_turn(conversation: &mut TestConversation) {
    let answer = Some("It is noon.".to_owned());
    let turn_key = conversation.start_turn(1, 0);
    let utterance = conversation.start(SpanKind::Stt, Some(turn_key), 0);
    conversation.end(utterance, 310, SpanDetails::Stt(stt()));
    let first = conversation.start(SpanKind::Llm, Some(turn_key), 320);
    let call = conversation.start(SpanKind::Tool, Some(first), 735);
    conversation.end(call, 765, SpanDetails::Tool(tool()));
    let request = LlmRecord { text: None, tool_calls: vec![clock_call()], usage: None, ..llm() };
    conversation.end(first, 730, SpanDetails::Llm(Box::new(request)));
    let second = conversation.start(SpanKind::Llm, Some(turn_key), 770);
    conversation.end(second, 1150, SpanDetails::Llm(Box::new(llm())));
    let reply = conversation.start(SpanKind::Tts, Some(turn_key), 1120);
    conversation.end(
        reply,
        1940,
        SpanDetails::Tts(TtsRecord { output: answer.clone(), interrupted: false, ..tts() }),
    );
    let ended =
        TurnRecord { number: TurnNumber(1), end_reason: EndReason::Completed, output: answer, ..turn() };
    conversation.end(turn_key, 1944, SpanDetails::Turn(ended));
}

#[test]
fn a_turn_shows_its_spans_with_services_and_times() {
    let mut conversation = TestConversation::new("call-42");
    tool_turn(&mut conversation);
    assert_eq!(
        SpanTree::from_spans(&conversation.spans()).render(plain(100)),
        r#"conversation call-42 · 1 turn · 1.94 s

turn 1  1.94 s  completed  user→bot 750 ms, 500 ms by OpenAILLMService
│  user "What time is it?"
│  bot  "It is noon."
│  wait transcription 250 ms · llm 500 ms
├─ stt      +0.0 ms  310 ms  Deepgram nova-2   ttfb 250 ms
├─ llm      +320 ms  410 ms  OpenAI gpt-4o     ttfb 250 ms  calls clock
│  └─ tool  +735 ms   30 ms  clock             {"zone":"UTC"} → "12:00"
├─ llm      +770 ms  380 ms  OpenAI gpt-4o     ttfb 250 ms  120→20 tokens (64 cached)
└─ tts      +1.12 s  820 ms  Cartesia sonic-2  ttfb 63 ms  11 characters
"#
    );
}

/// Records a turn in which the model fails, a tool is cancelled and the speech is interrupted.
fn bad_turn(conversation: &mut TestConversation) {
    let turn_key = conversation.start_turn(2, 5_000);
    let failed = conversation.start(SpanKind::Llm, Some(turn_key), 5_100);
    let call = conversation.start(SpanKind::Tool, Some(failed), 5_150);
    let cancelled = ToolRecord { result: None, cancelled: true, ..tool() };
    conversation.end(call, 5_300, SpanDetails::Tool(cancelled));
    let (message, error_type) = ("503\noverloaded".to_owned(), "RuntimeError".to_owned());
    let kind = SpanEventKind::Exception { message: message.clone(), error_type: error_type.clone() };
    let partial = LlmRecord { text: Some("It is".into()), interrupted: true, ..llm() };
    conversation.end_with(SpanRecord {
        status: Status::Error { message, error_type },
        events: vec![SpanEvent { at: at(5_200), kind }],
        ..conversation.record(failed, 5_200, SpanDetails::Llm(Box::new(partial)))
    });
    let reply = conversation.start(SpanKind::Tts, Some(turn_key), 5_190);
    conversation.end(reply, 5_400, SpanDetails::Tts(tts()));
    let output = Some("It".to_owned());
    conversation.end(
        turn_key,
        70_000,
        SpanDetails::Turn(TurnRecord { number: TurnNumber(2), output, latency: None, ..turn() }),
    );
}

#[test]
fn a_turn_shows_who_began_it_and_how_often_the_user_repeated() {
    let heading_of = |turn| {
        let mut conversation = TestConversation::new("call-42");
        let key = conversation.start(SpanKind::Turn, None, 0);
        conversation.end(key, 2_000, SpanDetails::Turn(turn));
        let tree = SpanTree::from_spans(&conversation.spans()).render_turns(plain(100));
        tree.lines().next().unwrap_or_default().to_owned()
    };
    let silent = TurnRecord { latency: None, end_reason: EndReason::Completed, ..turn() };
    let repeats = Some(UserRepeats { count: 2, wait_seconds: Some(5.97) });
    let repeated = TurnRecord { repeats, ..silent.clone() };
    assert_eq!(heading_of(repeated), "turn 1  2.00 s  completed  user spoke 2 more times, waited 5.97 s");
    let answered = TurnRecord { repeats, end_reason: EndReason::Completed, ..turn() };
    assert_eq!(
        heading_of(answered),
        "turn 1  2.00 s  completed  user spoke 2 more times, waited 5.97 s  user→bot 750 ms, 500 ms by OpenA…"
    );
    let greeting = TurnRecord { initiator: Initiator::Bot, ..silent };
    assert_eq!(heading_of(greeting), "turn 1  2.00 s  completed  bot began");
}

#[test]
fn an_interrupted_reply_shows_how_much_was_played() {
    let mut conversation = TestConversation::new("call-42");
    let turn_key = conversation.start_turn(2, 0);
    let reply = conversation.start(SpanKind::Tts, Some(turn_key), 100);
    let (audio, played) = (Some(Duration::from_millis(6_500)), Some(Duration::from_millis(1_900)));
    conversation.end(
        reply,
        400,
        SpanDetails::Tts(TtsRecord {
            output: None,
            characters: None,
            audio_duration: audio,
            played_duration: played,
            ..tts()
        }),
    );
    conversation.end(
        turn_key,
        2_000,
        SpanDetails::Turn(TurnRecord { output: None, latency: None, ..turn() }),
    );
    let tree = SpanTree::from_spans(&conversation.spans()).render_turns(plain(100));
    assert!(tree.contains("interrupted  ttfb 63 ms  heard 1.90 s of 6.50 s\n"), "{tree}");
}

#[test]
fn errors_and_interruptions_are_shown_at_their_spans() {
    let mut conversation = TestConversation::new("call-42");
    bad_turn(&mut conversation);
    assert_eq!(
        SpanTree::from_spans(&conversation.spans()).render_turns(plain(100)),
        r#"turn 2  1 min 05 s  interrupted
│  user "What time is it?"
│  bot  "It"
├─ llm      +100 ms  100 ms  OpenAI gpt-4o     interrupted  ttfb 250 ms  120→20 tokens (64 cached)…
│  ✗ RuntimeError: 503 overloaded
│  └─ tool  +150 ms  150 ms  clock             cancelled  {"zone":"UTC"}
└─ tts      +190 ms  210 ms  Cartesia sonic-2  interrupted  ttfb 63 ms  heard 500 ms of 1.50 s  11…
"#
    );
}

#[test]
fn a_narrow_tree_omits_start_times_and_shortens_speech() {
    let mut conversation = TestConversation::new("call-42");
    tool_turn(&mut conversation);
    assert_eq!(
        SpanTree::from_spans(&conversation.spans()).render_turns(plain(50)),
        r#"turn 1  1.94 s  completed  user→bot 750 ms, 500 m…
│  user "What time is it?"
│  bot  "It is noon."
│  wait transcription 250 ms · llm 500 ms
├─ stt      310 ms  Deepgram nova-2   ttfb 250 ms
├─ llm      410 ms  OpenAI gpt-4o     ttfb 250 ms…
│  └─ tool   30 ms  clock             {"z… → "12:…
├─ llm      380 ms  OpenAI gpt-4o     ttfb 250 ms…
└─ tts      820 ms  Cartesia sonic-2  ttfb 63 ms…
"#
    );
}

#[test]
fn no_line_is_wider_than_the_style_allows() {
    let mut conversation = TestConversation::new("a-conversation-with-a-rather-long-name");
    tool_turn(&mut conversation);
    bad_turn(&mut conversation);
    let tree = SpanTree::from_spans(&conversation.spans());
    for width in 0..130 {
        for line in tree.render(plain(width)).lines() {
            assert!(line.chars().count() <= width, "{width}: {line}");
        }
    }
}

#[test]
fn turns_are_ordered_by_number_and_conversations_by_start() {
    let mut earlier = TestConversation::new("earlier");
    tool_turn(&mut earlier);
    bad_turn(&mut earlier);
    let mut later = TestConversation::new("later");
    bad_turn(&mut later);
    let mut spans = [later.spans(), earlier.spans()].concat();
    spans.reverse();

    let text = SpanTree::from_spans(&spans).render(plain(100));
    let headings: Vec<&str> =
        text.lines().filter(|line| line.starts_with("turn") || line.starts_with("conversation")).collect();
    assert_eq!(
        headings,
        [
            "conversation earlier · 2 turns · 1 min 10 s",
            "turn 1  1.94 s  completed  user→bot 750 ms, 500 ms by OpenAILLMService",
            "turn 2  1 min 05 s  interrupted",
            "conversation later · 1 turn · 1 min 05 s",
            "turn 2  1 min 05 s  interrupted",
        ]
    );
}

#[test]
fn colors_change_nothing_but_escape_sequences() {
    let mut conversation = TestConversation::new("call-42");
    bad_turn(&mut conversation);
    let tree = SpanTree::from_spans(&conversation.spans());
    let colored = tree.render(TreeStyle { width: 100, color: Color::Always });
    assert!(colored.contains("\u{1b}[31m✗ RuntimeError: 503 overloaded\u{1b}[0m"));

    let escapes = colored.split('\u{1b}').enumerate();
    let text: String = escapes
        .map(
            |(index, piece)| {
                if index == 0 { piece } else { piece.split_once('m').map_or("", |(_, text)| text) }
            },
        )
        .collect();
    assert_eq!(text, tree.render(plain(100)));
}

#[test]
fn a_root_with_turns_is_replaced_by_them_and_an_orphan_is_a_root() {
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
    let (tracer, moment) = (provider.tracer("by hand"), std::time::SystemTime::UNIX_EPOCH);
    let begin = |name: &'static str, parent: &Context| {
        parent
            .with_span(tracer.span_builder(name).with_start_time(moment).start_with_context(&tracer, parent))
    };
    let stranger = begin("never exported", &Context::new());
    let orphan = begin("orphan", &stranger);
    let conversation = begin("pipecat.conversation", &Context::new());
    let turn = begin("turn-7", &conversation);
    turn.span().set_attribute(KeyValue::new(keys::TURN_NUMBER, 7));
    for context in [orphan, turn, conversation] {
        context.span().end_with_timestamp(moment);
    }

    assert_eq!(
        SpanTree::from_spans(&exporter.get_finished_spans().unwrap()).render_turns(plain(100)),
        "turn 7  0.0 ms\n\norphan  0.0 ms\n"
    );
}

#[test]
fn spans_of_other_instrumentations_are_shown_by_name() {
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
    let now = std::time::SystemTime::UNIX_EPOCH;
    let mut span = provider.tracer("others").span_builder("GET /weather").with_start_time(now);
    span = span.with_kind(opentelemetry::trace::SpanKind::Client);
    span.start(&provider.tracer("others")).end_with_timestamp(now);
    assert_eq!(
        SpanTree::from_spans(&exporter.get_finished_spans().unwrap()).render(TreeStyle::default()),
        "no conversation · 0 turns · 0.0 ms\n\nGET /weather  0.0 ms\n"
    );
}

#[test]
fn no_spans_render_to_an_empty_text() {
    assert_eq!(SpanTree::from_spans(&[]).render(TreeStyle::default()), "");
}
