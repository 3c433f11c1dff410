//! `#[derive(ObservedService)]`: values from fields by name, by position and by expression.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::sync::Arc;

use allocation_counter::measure;
use pipecat_instrument::ObservedService;
use pipecat_instrument::frame::{
    Direction, Frame, FrameId, FramePushed, ProcessorRef, Role, ServiceView, Setting, TextChunk,
};
use pipecat_instrument::{ObserveOptions, PipecatInstrumentor};
use support::{Traced, attribute};

const VOICE: &str = "sarah";

struct Client {
    vendor: Option<String>,
}

#[derive(ObservedService)]
#[service(llm, class = "OpenAILLMService", name = label, model, provider = self.client.vendor, settings)]
#[service(system_instruction = instruction, id = self.label.trim())]
struct Llm<'a, T> {
    label: &'a str,
    model: Arc<str>,
    client: Client,
    instruction: Option<String>,
    settings: Vec<(String, Setting)>,
    _inner: T,
}

#[derive(ObservedService)]
#[service(tts, voice = VOICE, model = .0, sample_rate = .1, language = "en")]
struct Tts(String, u32);

#[derive(ObservedService)]
#[service(sink)]
struct Sink;

#[derive(ObservedService)]
#[service(other, crate = ::pipecat_instrument)]
enum Either {
    One,
    Other,
}

fn llm() -> Llm<'static, u8> {
    Llm {
        label: "Llm#2 ",
        model: "gpt-4o".into(),
        client: Client { vendor: Some("azure".into()) },
        instruction: None,
        settings: vec![("temperature".into(), Setting::Float(0.2))],
        _inner: 1,
    }
}

#[test]
fn view_reads_fields_and_expressions() {
    let llm = llm();
    assert_eq!(
        llm.view(),
        ServiceView {
            id: "Llm#2",
            class: "OpenAILLMService",
            name: "Llm#2 ",
            role: Role::Llm,
            provider: Some("azure"),
            model: Some("gpt-4o"),
            settings: &llm.settings,
            ..ServiceView::default()
        }
    );
    let tts = Tts("sonic-2".into(), 24_000);
    assert_eq!(
        tts.view(),
        ServiceView {
            voice: Some("sarah"),
            model: Some("sonic-2"),
            sample_rate: Some(24_000),
            language: Some("en"),
            ..ServiceView::new("Tts", "Tts", Role::Tts)
        }
    );
    assert_eq!(Sink.view(), ServiceView::new("Sink", "Sink", Role::Sink));
    for either in [Either::One, Either::Other] {
        assert_eq!((either.id(), either.role()), ("Either", Role::Other));
    }
}

#[test]
fn processor_ref_does_not_allocate() {
    let (llm, boxed): (_, Box<dyn ObservedService>) = (llm(), Box::new(Tts(String::new(), 1)));
    let allocations = measure(|| {
        let (one, other) = (ProcessorRef::from(&llm), ProcessorRef::new(&*boxed));
        assert_eq!((one.id(), one.role(), one.name()), ("Llm#2", Role::Llm, "Llm#2 "));
        assert_eq!((other.id(), other.view().and_then(|view| view.voice)), ("Tts", Some("sarah")));
    });
    assert_eq!(allocations.count_total, 0);
}

#[test]
fn spans_have_the_values_at_the_time_of_the_call() {
    let traced = Traced::new();
    let observer = PipecatInstrumentor::observe(ObserveOptions::new()).unwrap();
    let (mut llm, mut id) = (llm(), 0);
    let mut push = |source: &Llm<'_, u8>, destination: ProcessorRef<'_>, frame: &Frame<'_>| {
        id += 1;
        observer.on_push_frame(&FramePushed {
            source: source.into(),
            destination,
            direction: Direction::Downstream,
            id: Some(FrameId(id)),
            sibling: None,
            frame,
        });
    };
    push(&llm, (&Sink).into(), &Frame::Start);
    push(&llm, (&llm).into(), &Frame::LlmContext(None));
    push(&llm, (&Sink).into(), &Frame::LlmResponseStart);
    push(&llm, (&Sink).into(), &Frame::LlmText(TextChunk::new("Hi")));
    push(&llm, (&Sink).into(), &Frame::LlmResponseEnd);
    llm.model = "gpt-5".into();
    push(&llm, (&llm).into(), &Frame::LlmContext(None));
    push(&llm, (&Sink).into(), &Frame::End);

    let models: Vec<_> = traced
        .spans()
        .iter()
        .filter(|span| span.name == "pipecat.llm")
        .map(|span| {
            [
                "llm.model_name",
                "llm.provider",
                "service.name",
                "service.instance",
                "llm.invocation_parameters",
            ]
            .map(|key| attribute(span, key).unwrap())
        })
        .collect();
    let expected =
        |model| [model, "azure", "OpenAILLMService", "Llm#2 ", r#"{"temperature":0.2}"#].map(String::from);
    assert_eq!(models, [expected("gpt-4o"), expected("gpt-5")]);
}
