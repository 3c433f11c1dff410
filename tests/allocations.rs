//! What goes past an observer in every 20 ms leaves no memory behind, and takes none.
#![allow(clippy::expect_used, reason = "a test that cannot go on fails")]

mod support;

use allocation_counter::measure;
use opentelemetry::trace::noop::NoopTracerProvider;
use opentelemetry_sdk::trace::{InMemorySpanExporter, Sampler, SdkTracerProvider};
use pipecat_instrument::frame::{
    Audio, Direction, Frame, FrameId, FramePushed, Processor, ProcessorRef, Role, TextChunk,
};
use pipecat_instrument::{ObserveOptions, Observer, ObserverProvider};
use pipecat_instrument_runtime::emit::Tracers;
use pipecat_instrument_runtime::engine::conversation::{Conversation, ConversationConfig};
use pipecat_instrument_runtime::engine::record::{Recording, SpanRecord, SpanSink, SpanStart};
use pipecat_instrument_runtime::engine::time::Time;
use support::{provider, push};

const AUDIO: Audio = Audio::pcm16(640, 16_000, 1);
const TOKEN: Frame<'static> = Frame::LlmText(TextChunk::new(" weather"));

/// A second of a conversation is some hundred frames.
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
    /// The bot speaks.
    fn under_way() -> Self {
        Self::traced_by(provider(&InMemorySpanExporter::default()))
    }

    fn traced_by(provider: SdkTracerProvider) -> Self {
        let group = ObserverProvider::new(Tracers::new(&provider));
        let of = |name: &str, role| Processor::new(name, name, role);
        let conversation = Self {
            observer: group.observe(ObserveOptions::new()),
            microphone: of("Microphone", Role::InputTransport),
            llm: of("Llm", Role::Llm),
            tts: of("Tts", Role::Tts),
            aggregator: of("Aggregator", Role::Other),
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

    /// How many allocations it takes to push `frame`, of `FRAMES` ids that are new or all the same.
    fn allocations(&self, source: &Processor, id: impl Fn(u64) -> u64, frame: &Frame<'_>) -> u64 {
        let pushed = || (0..FRAMES).for_each(|index| push(&self.observer, source, id(index), frame));
        measure(pushed).count_total
    }
}

#[test]
fn audio_of_the_user_takes_none() {
    let it = Observed::under_way();
    assert_eq!(it.allocations(&it.microphone, |index| 100 + index, &Frame::InputAudio(AUDIO)), 0);
    assert_eq!(it.allocations(&it.aggregator, |index| 100 + index, &Frame::Other { class: "Odd" }), 0);
}

#[test]
fn audio_of_the_bot_takes_none() {
    let it = Observed::under_way();
    assert_eq!(it.allocations(&it.tts, |index| 100 + index, &Frame::TtsAudio(AUDIO)), 0);
    assert_eq!(it.allocations(&it.aggregator, |index| 100 + index, &Frame::TtsAudio(AUDIO)), 0, "later hops");
}

#[test]
fn the_later_hops_of_a_frame_take_none() {
    let it = Observed::under_way();
    for frame in [TOKEN, Frame::UserStartedSpeaking, Frame::Transcription("Hello".into())] {
        push(&it.observer, &it.llm, 100, &frame);
        assert_eq!(it.allocations(&it.aggregator, |_| 100, &frame), 0, "{frame:?}");
    }
}

#[test]
fn the_pieces_of_an_answer_take_none_but_for_the_growth_of_its_text() {
    let it = Observed::under_way();
    // Text and what is remembered of ids double in size now and then.
    let doublings = it.allocations(&it.llm, |index| 100 + index, &TOKEN);
    assert!(doublings < 50, "{doublings} allocations for {FRAMES} pieces");
}

/// Its text is not gathered: what is left are the ids, of which some are remembered.
#[test]
fn an_answer_that_is_not_sampled_is_not_held() {
    let held = |sampler| {
        let provider = SdkTracerProvider::builder().with_sampler(sampler).build();
        let it = Observed::traced_by(provider);
        let pieces = || (0..FRAMES).for_each(|index| push(&it.observer, &it.llm, 100 + index, &TOKEN));
        measure(pieces).bytes_max
    };
    let text = FRAMES * " weather".len() as u64;
    let (sampled, unsampled) = (held(Sampler::AlwaysOn), held(Sampler::AlwaysOff));
    assert!(sampled > text, "{sampled} bytes for a text of {text}");
    assert!(unsampled < sampled - text, "{unsampled} bytes, and {sampled} where it is sampled");
}

#[test]
fn a_conversation_that_has_only_begun_holds_little() {
    let group = ObserverProvider::new(Tracers::new(&NoopTracerProvider::new()));
    let microphone = Processor::new("Microphone", "Microphone", Role::InputTransport);
    let mut observer = None;
    let held = measure(|| {
        let begun = observer.insert(group.observe(ObserveOptions::new()));
        push(begun, &microphone, 1, &Frame::Start);
    });
    assert!(held.bytes_current < 4 * 1024, "{} bytes", held.bytes_current);
}

/// An hour of talk, told with its own times: what is held afterwards is what is held after a minute.
#[test]
fn an_hour_of_talk_holds_no_more_than_a_minute() {
    let (minute, hour) = (held_after(10), held_after(600));
    assert!(held_after(1) < 4 * 1024, "after a turn");
    assert!(minute < 5 * 1024, "{minute} bytes after a minute");
    assert!(hour < 24 * 1024, "{hour} bytes after an hour, with the ids that it remembers");
    assert!(held_after(6_000) <= hour, "and no more after ten");
}

/// The bytes that a conversation holds after so many turns, in a pause.
fn held_after(turns: u64) -> i64 {
    let of = |name: &str, role| Processor::new(name, name, role);
    let (input, stt) = (of("Input", Role::InputTransport), of("Stt", Role::Stt));
    let (llm, tts, output) =
        (of("Llm", Role::Llm), of("Tts", Role::Tts), of("Output", Role::OutputTransport));
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
            conversation.handle_input(Time::from_unix_nanos(index * 500_000_000), &hop, &mut Told);
        }
        let pause = Time::from_unix_nanos(u64::MAX / 2);
        conversation.handle_timeout(pause, &mut Told);
    })
    .bytes_current
}

/// Spans that are told to nobody.
struct Told;

impl SpanSink for Told {
    fn start(&mut self, _: SpanStart) -> Recording {
        Recording::Yes
    }

    fn end(&mut self, _: SpanRecord) {}
}
