//! Frames that pass an observer every 20 ms neither allocate nor leave memory behind.
#![allow(clippy::expect_used, reason = "a test that cannot go on fails")]

mod support;

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use allocation_counter::measure;
use opentelemetry::trace::noop::NoopTracerProvider;
use opentelemetry_sdk::trace::{InMemorySpanExporter, Sampler, SdkTracerProvider};
use pipecat_instrument::frame::{
    Audio, ChatContext, Direction, Frame, FrameId, FramePushed, ImageUrl, Message, MessageContent,
    MessagePart, Processor, ProcessorRef, Role, TextChunk,
};
use pipecat_instrument::{ObserveOptions, Observer, ObserverProvider, TraceConfig};
use pipecat_instrument_runtime::emit::Tracers;
use pipecat_instrument_runtime::engine::content::MAX_CONTEXT_LENGTH;
use pipecat_instrument_runtime::engine::conversation::{Conversation, ConversationConfig};
use pipecat_instrument_runtime::engine::record::{Recording, SpanRecord, SpanSink, SpanStart};
use pipecat_instrument_runtime::engine::time::Time;
use pipecat_instrument_runtime::engine::truncate::MAX_TEXT_LENGTH;
use pipecat_instrument_runtime::frame_log::FrameLogWriter;
use support::{provider, push};

const AUDIO: Audio = Audio::pcm16(640, 16_000, 1);
const TOKEN: Frame<'static> = Frame::LlmText(TextChunk::new(" weather"));

/// One second of a conversation has some hundred frames.
const FRAMES: u64 = 10_000;

struct Observed {
    observer: Observer,
    microphone: Processor,
    llm: Processor,
    tts: Processor,
    aggregator: Processor,
    _provider: SdkTracerProvider,
}

impl Observed {
    /// Returns a conversation in which the bot speaks.
    fn speaking() -> Self {
        Self::with_provider(provider(&InMemorySpanExporter::default()))
    }

    fn with_provider(provider: SdkTracerProvider) -> Self {
        let observers = ObserverProvider::new(Tracers::new(&provider));
        Self::new(&observers, provider)
    }

    fn with_config(config: TraceConfig) -> Self {
        let provider = provider(&InMemorySpanExporter::default());
        let observers = ObserverProvider::new(Tracers::new(&provider)).trace_config(config);
        Self::new(&observers, provider)
    }

    fn new(observers: &ObserverProvider, provider: SdkTracerProvider) -> Self {
        let processor = |name: &str, role| Processor::new(name, name, role);
        let conversation = Self {
            observer: observers.observe(ObserveOptions::new()),
            microphone: processor("Microphone", Role::InputTransport),
            llm: processor("Llm", Role::Llm),
            tts: processor("Tts", Role::Tts),
            aggregator: processor("Aggregator", Role::Other),
            _provider: provider,
        };
        let Self { observer, microphone, llm, tts, .. } = &conversation;
        push(observer, microphone, 1, &Frame::Start);
        push(observer, llm, 2, &Frame::LlmResponseStart);
        push(observer, llm, 3, &TOKEN);
        push(observer, tts, 4, &Frame::TtsStarted { context_id: None });
        push(observer, tts, 5, &Frame::TtsAudio(AUDIO));
        conversation
    }

    /// Returns the number of allocations for pushing `frame` with each of `FRAMES` ids.
    fn allocations(&self, source: &Processor, id: impl Fn(u64) -> u64, frame: &Frame<'_>) -> u64 {
        let pushed = || (0..FRAMES).for_each(|index| push(&self.observer, source, id(index), frame));
        measure(pushed).count_total
    }
}

#[test]
fn user_audio_does_not_allocate() {
    let observed = Observed::speaking();
    assert_eq!(observed.allocations(&observed.microphone, |index| 100 + index, &Frame::InputAudio(AUDIO)), 0);
    assert_eq!(
        observed.allocations(&observed.aggregator, |index| 100 + index, &Frame::Other { class: "Odd" }),
        0
    );
}

#[test]
fn bot_audio_does_not_allocate() {
    let observed = Observed::speaking();
    assert_eq!(observed.allocations(&observed.tts, |index| 100 + index, &Frame::TtsAudio(AUDIO)), 0);
    assert_eq!(
        observed.allocations(&observed.aggregator, |index| 100 + index, &Frame::TtsAudio(AUDIO)),
        0,
        "later hops"
    );
}

#[test]
fn later_hops_of_a_frame_do_not_allocate() {
    let observed = Observed::speaking();
    for frame in [TOKEN, Frame::UserStartedSpeaking, Frame::Transcription("Hello".into())] {
        push(&observed.observer, &observed.llm, 100, &frame);
        assert_eq!(observed.allocations(&observed.aggregator, |_| 100, &frame), 0, "{frame:?}");
    }
}

#[test]
fn response_pieces_allocate_only_for_text_growth() {
    let observed = Observed::speaking();
    // The text and the set of ids double in size now and then.
    let doublings = observed.allocations(&observed.llm, |index| 100 + index, &TOKEN);
    assert!(doublings < 50, "{doublings} allocations for {FRAMES} pieces");
}

/// The text is not kept; only some ids are.
#[test]
fn the_text_of_an_unsampled_response_is_not_kept() {
    let peak_bytes = |sampler| {
        let provider = SdkTracerProvider::builder().with_sampler(sampler).build();
        let observed = Observed::with_provider(provider);
        let pieces =
            || (0..FRAMES).for_each(|index| push(&observed.observer, &observed.llm, 100 + index, &TOKEN));
        measure(pieces).bytes_max
    };
    let text = FRAMES * " weather".len() as u64;
    let (sampled, unsampled) = (peak_bytes(Sampler::AlwaysOn), peak_bytes(Sampler::AlwaysOff));
    assert!(sampled > text, "{sampled} bytes for a text of {text}");
    assert!(unsampled < sampled - text, "{unsampled} bytes, {sampled} if sampled");
}

#[test]
fn a_new_conversation_takes_under_3500_bytes() {
    let observers = ObserverProvider::new(Tracers::new(&NoopTracerProvider::new()));
    let microphone = Processor::new("Microphone", "Microphone", Role::InputTransport);
    let mut observer = None;
    let memory = measure(|| {
        let started = observer.insert(observers.observe(ObserveOptions::new()));
        push(started, &microphone, 1, &Frame::Start);
    });
    assert!(memory.bytes_current < 3_500, "{} bytes", memory.bytes_current);
}

/// Pushes `context` to the model, and returns the bytes allocated for it on this thread.
fn bytes_for_context(observed: &Observed, context: &dyn ChatContext) -> u64 {
    let hop = FramePushed {
        source: (&observed.aggregator).into(),
        destination: (&observed.llm).into(),
        direction: Direction::Downstream,
        id: Some(FrameId(1_000)),
        sibling: None,
        frame: &Frame::LlmContext(Some(context)),
    };
    measure(|| observed.observer.on_push_frame(&hop)).bytes_total
}

/// Returns twenty messages with an image of 5 MB each.
fn images() -> Vec<Message> {
    let image = MessagePart::Image(ImageUrl(format!("data:image/png;base64,{}", "A".repeat(5_000_000))));
    let content = MessageContent::Parts(vec![MessagePart::Text("What is this?".into()), image]);
    vec![Message { role: "user".into(), content, ..Message::default() }; 20]
}

#[test]
fn images_that_are_redacted_are_not_copied() {
    let bytes = bytes_for_context(&Observed::speaking(), &images());
    assert!(bytes < 32 * 1024, "{bytes} bytes for 20 images of 5 MB");
    let bytes = with_log(|observed| bytes_for_context(observed, &images()));
    assert!(bytes < 64 * 1024, "{bytes} bytes with a frame log");
}

#[test]
fn a_logged_context_is_copied_but_not_encoded() {
    let messages: Vec<Message> =
        (0..100).map(|_| Message::text("user", "a \"quoted\" word".repeat(2_000))).collect();
    let unlogged = bytes_for_context(&Observed::speaking(), &messages);
    let logged = with_log(|observed| bytes_for_context(observed, &messages)) - unlogged;
    assert!(logged > 3_000_000, "{logged} bytes for a context of 3 MB");
    assert!(logged < 3_200_000, "{logged} bytes for a context of 3 MB, which is 3.4 MB of JSON");
}

/// Calls `measured` with an observed conversation that has a frame log.
fn with_log<T>(measured: impl FnOnce(&Observed) -> T) -> T {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let name = format!("allocations-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let directory = std::env::temp_dir().join(name);
    let logs = FrameLogWriter::new(directory.join("frames.jsonl")).expect("the directory can be written");
    let provider = provider(&InMemorySpanExporter::default());
    let observers = ObserverProvider::new(Tracers::new(&provider)).frame_log(logs.clone());
    let observed = Observed::new(&observers, provider);
    let result = measured(&observed);
    drop((observed, observers));
    logs.flush(Duration::from_secs(60)).expect("the log is written");
    std::fs::remove_dir_all(directory).expect("the log can be removed");
    result
}

#[test]
fn hidden_texts_are_not_copied() {
    let mut messages = vec![Message::text("assistant", "a".repeat(5_000_000)); 20];
    messages.push(Message::text("user", "And then?"));
    let hiding = Observed::with_config(TraceConfig::default().hide_outputs(true));
    let bytes = bytes_for_context(&hiding, &messages);
    assert!(bytes < 32 * 1024, "{bytes} bytes for 20 hidden answers of 5 MB");
}

#[test]
fn texts_are_copied_as_far_as_a_span_can_carry_them() {
    let messages = vec![Message::text("user", "a".repeat(5_000_000)); 20];
    let bytes = bytes_for_context(&Observed::speaking(), &messages);
    let limit = MAX_CONTEXT_LENGTH + 3 * MAX_TEXT_LENGTH;
    assert!(
        bytes < limit as u64 + 32 * 1024,
        "{bytes} bytes: the context, and three times the last user message"
    );
    let config = TraceConfig::default().max_value_length(1_000);
    let bytes = bytes_for_context(&Observed::with_config(config), &messages);
    assert!(bytes < 64 * 1024, "{bytes} bytes for 20 texts that are truncated to a thousand characters");
}

/// Compares a context of 100 messages with one of 400.
#[test]
fn a_growing_context_costs_no_more_than_a_span_can_carry() {
    let bytes_with = |count: u32| {
        let messages: Vec<Message> = (0..count).map(|_| Message::text("user", "a".repeat(100))).collect();
        bytes_for_context(&Observed::speaking(), &messages)
    };
    let (some, many) = (bytes_with(100), bytes_with(400));
    assert!(many <= some, "{some} bytes for 100 messages, {many} for 400");
}

/// Runs on conversation time, so that an hour takes no time.
#[test]
fn memory_of_a_conversation_is_bounded_after_an_hour() {
    let (turn, minute, hour) = (bytes_after(1), bytes_after(10), bytes_after(600));
    assert!(turn < 3 * 1024, "{turn} bytes after a turn");
    assert!(minute < 5 * 1024, "{minute} bytes after a minute");
    assert!(hour < 21 * 1024, "{hour} bytes after an hour, including remembered ids");
    assert!(bytes_after(6_000) <= hour, "after ten hours");
}

/// Returns the bytes that a conversation takes after this many turns, in a pause.
fn bytes_after(turns: u64) -> i64 {
    let processor = |name: &str, role| Processor::new(name, name, role);
    let (input, stt) = (processor("Input", Role::InputTransport), processor("Stt", Role::Stt));
    let (llm, tts, output) = (
        processor("Llm", Role::Llm),
        processor("Tts", Role::Tts),
        processor("Output", Role::OutputTransport),
    );
    let turn = [
        (&input, Frame::VadUserStartedSpeaking),
        (&input, Frame::UserStartedSpeaking),
        (&stt, Frame::Transcription("What is the weather?".into())),
        (&input, Frame::UserStoppedSpeaking),
        (&llm, Frame::LlmResponseStart),
        (&llm, TOKEN),
        (&llm, TOKEN),
        (&llm, Frame::LlmResponseEnd),
        (&tts, Frame::TtsStarted { context_id: None }),
        (&tts, Frame::TtsStopped { context_id: None }),
        (&output, Frame::BotStartedSpeaking),
        (&output, Frame::BotStoppedSpeaking),
    ];
    let mut conversation = None;
    measure(|| {
        let conversation = conversation.insert(Conversation::new(ConversationConfig::default()));
        for index in 0..turns * turn.len() as u64 {
            let (source, frame) = &turn[usize::try_from(index).unwrap_or(0) % turn.len()];
            let hop = FramePushed {
                source: (*source).into(),
                destination: ProcessorRef::named("Next"),
                direction: Direction::Downstream,
                id: Some(FrameId(index * 9)),
                sibling: None,
                frame,
            };
            conversation.handle_input(Time::from_unix_nanos(index * 500_000_000), &hop, &mut Discard);
        }
        let pause = Time::from_unix_nanos(u64::MAX / 2);
        conversation.handle_timeout(pause, &mut Discard);
    })
    .bytes_current
}

/// Discards all spans.
struct Discard;

impl SpanSink for Discard {
    fn start(&mut self, _: SpanStart) -> Recording {
        Recording::Yes
    }

    fn end(&mut self, _: SpanRecord) {}
}
