//! Sampling, through the facade: sampled traces are complete in either layout.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::collections::BTreeMap;

use opentelemetry_sdk::trace::{InMemorySpanExporter, Sampler, SdkTracerProvider};
use pipecat_instrument::frame::{Frame, Processor, Role, TextChunk, Transcript};
use pipecat_instrument::{ObserveOptions, PipecatInstrumentor, TraceLayout};
use support::push;

/// Enough that sampling half of them cannot by chance select none or all.
const CONVERSATIONS: usize = 40;
const TURNS: u64 = 3;

/// A conversation of three questions and answers.
fn play_conversation() {
    let observer = PipecatInstrumentor::observe(ObserveOptions::new()).unwrap();
    let stt = Processor::new("Stt", "DeepgramSTTService", Role::Stt);
    let llm = Processor::new("Llm", "OpenAILLMService", Role::Llm);
    let output = Processor::new("Output", "Output", Role::OutputTransport);
    push(&observer, &output, 0, &Frame::Start);
    for turn in 0..TURNS {
        let frames = [
            (&output, Frame::UserStartedSpeaking),
            (&stt, Frame::Transcription(Transcript::from("What time is it?"))),
            (&output, Frame::UserStoppedSpeaking),
            (&llm, Frame::LlmResponseStart),
            (&llm, Frame::LlmText(TextChunk::new("It is noon."))),
            (&llm, Frame::LlmResponseEnd),
            (&output, Frame::BotStartedSpeaking),
            (&output, Frame::BotStoppedSpeaking),
        ];
        for (id, (source, frame)) in (1 + turn * 100..).zip(&frames) {
            push(&observer, source, id, frame);
        }
    }
}

/// Returns the span names of each trace that `sampler` keeps, in alphabetical order.
fn traces(layout: TraceLayout, sampler: Sampler) -> Vec<Vec<String>> {
    let spans = InMemorySpanExporter::default();
    let provider =
        SdkTracerProvider::builder().with_simple_exporter(spans.clone()).with_sampler(sampler).build();
    let scoped = PipecatInstrumentor::builder().layout(layout).scoped(provider.clone()).unwrap();
    for _ in 0..CONVERSATIONS {
        play_conversation();
    }
    drop(scoped);

    let mut traces: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for span in spans.get_finished_spans().unwrap() {
        traces.entry(span.span_context.trace_id().to_string()).or_default().push(span.name.into_owned());
    }
    for names in traces.values_mut() {
        names.sort();
    }
    traces.into_values().collect()
}

/// Samplers that keep half of the trace ids, for all spans and for roots only.
fn half_samplers() -> [Sampler; 2] {
    let half = Sampler::TraceIdRatioBased(0.5);
    [half.clone(), Sampler::ParentBased(Box::new(half))]
}

#[test]
fn sampled_turns_are_complete() {
    let turns = CONVERSATIONS * usize::try_from(TURNS).unwrap();
    assert_eq!(traces(TraceLayout::PerTurn, Sampler::AlwaysOn).len(), turns);
    for sampler in half_samplers() {
        let sampled = traces(TraceLayout::PerTurn, sampler);
        assert!((1..turns).contains(&sampled.len()), "{} of {turns}", sampled.len());
        for names in sampled {
            assert_eq!(names, ["pipecat.conversation.turn", "pipecat.llm", "pipecat.stt"]);
        }
    }
}

#[test]
fn sampled_conversations_are_complete() {
    assert_eq!(traces(TraceLayout::PerConversation, Sampler::AlwaysOn).len(), CONVERSATIONS);
    for sampler in half_samplers() {
        let sampled = traces(TraceLayout::PerConversation, sampler);
        assert!((1..CONVERSATIONS).contains(&sampled.len()), "{} of {CONVERSATIONS}", sampled.len());
        for names in sampled {
            let mut expected = vec!["pipecat.conversation"];
            expected.extend(["pipecat.conversation.turn"; 3]);
            expected.extend(["pipecat.llm"; 3]);
            expected.extend(["pipecat.stt"; 3]);
            assert_eq!(names, expected);
        }
    }
}
