//! Measures a context frame and the span of its LLM call. `benches/README.md` describes the yardstick.

mod support;

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use opentelemetry::trace::{Span as _, SpanBuilder, Tracer as _, TracerProvider as _};
use opentelemetry::{Context, KeyValue, trace::TraceContextExt as _};
use opentelemetry_sdk::trace::{SdkTracer, SpanData};
use pipecat_instrument::frame::{Frame, Role};
use pipecat_instrument::{ObserveOptions, Observer, ObserverProvider};
use pipecat_instrument_runtime::json::JsonContext;
use serde_json::{Value, json};
use support::{Pipeline, group, provider, spans_of, timed_in_batches};

const HISTORIES: [usize; 3] = [20, 200, 2_000];

/// Prefix of all message attributes.
const MESSAGES: &str = "llm.input_messages.";

/// Returns a system message, followed by questions and answers in turn, in the format of `OpenAI`.
fn history(messages: usize) -> Vec<Value> {
    let message = |index| match index {
        0 => json!({"role": "system", "content": "You are a friendly voice agent. Answer in one sentence."}),
        _ if index % 2 == 1 => {
            json!({"role": "user", "content": format!("And what will the weather be like on day {index}?")})
        }
        _ => {
            json!({"role": "assistant", "content": format!("On day {index} it will be mild, with some rain.")})
        }
    };
    (0..messages).map(message).collect()
}

fn started(pipeline: &Pipeline, conversations: &ObserverProvider) -> Observer {
    let observer = conversations.observe(ObserveOptions::new().conversation_id("call-42"));
    (0..8).for_each(|later| observer.on_push_frame(&pipeline.hop(Role::Other, later, 1, &Frame::Start)));
    observer
}

/// Pushes a context to the model, and writes its span.
fn push_context(pipeline: &Pipeline, observer: &Observer, messages: &[Value]) {
    let context = JsonContext { messages, tools: &[] };
    // The user aggregator pushes the context to the model.
    observer.on_push_frame(&pipeline.hop(Role::Stt, 1, 2, &Frame::LlmContext(Some(&context))));
}

/// Measures the hop only, for which the pipeline waits.
fn bench_hop(c: &mut Criterion) {
    let (pipeline, conversations) = (Pipeline::new(), group());
    let mut group = c.benchmark_group("context, the hop to the model");
    for messages in HISTORIES {
        let history = history(messages);
        group.bench_function(BenchmarkId::from_parameter(messages), |b| {
            b.iter_custom(|iters| {
                timed_in_batches(
                    iters,
                    1,
                    || started(&pipeline, &conversations),
                    |observer, _| {
                        push_context(&pipeline, observer, black_box(&history));
                    },
                )
            });
        });
    }
    group.finish();
}

/// Measures the LLM call until its span and the span of its turn are exported.
fn bench_until_export(c: &mut Criterion) {
    let (pipeline, conversations) = (Pipeline::new(), group());
    let tracer = provider().tracer("by hand");
    let mut group = c.benchmark_group("context, until its span is exported");
    for messages in HISTORIES {
        let history = history(messages);
        let by_hand = ByHand::of(&pipeline, &history);
        group.bench_function(BenchmarkId::new("yardstick: by hand", messages), |b| {
            b.iter(|| by_hand.write(&tracer, black_box(&history)));
        });
        group.bench_function(BenchmarkId::new("observed", messages), |b| {
            b.iter_custom(|iters| {
                timed_in_batches(
                    iters,
                    1,
                    || started(&pipeline, &conversations),
                    |observer, _| {
                        push_context(&pipeline, observer, black_box(&history));
                        observer.close();
                    },
                )
            });
        });
    }
    group.finish();
}

/// The yardstick: the same two spans and attributes, written with knowledge of which messages fit.
struct ByHand {
    turn: SpanData,
    llm: SpanData,
    /// Attributes of `llm` other than messages.
    others: Vec<KeyValue>,
    /// Number of the newest messages that fit, besides the system message.
    newest: usize,
}

impl ByHand {
    fn of(pipeline: &Pipeline, history: &[Value]) -> Self {
        let mut spans = spans_of(|conversations| {
            let observer = started(pipeline, conversations);
            push_context(pipeline, &observer, history);
            observer.close();
        });
        let mut take = |name: &str| {
            let index = spans.iter().position(|span| span.name == name);
            spans.remove(index.unwrap_or_else(|| panic!("there is no span {name}")))
        };
        let (turn, llm) = (take("pipecat.conversation.turn"), take("pipecat.llm"));
        let (messages, others): (Vec<_>, Vec<_>) = llm
            .attributes
            .iter()
            .cloned()
            .partition(|attribute| attribute.key.as_str().starts_with(MESSAGES));
        Self { turn, llm, others, newest: messages.len() / 2 - 1 }
    }

    fn write(&self, tracer: &SdkTracer, history: &[Value]) {
        let start = |span: &SpanData, parent: &Context| {
            let builder = SpanBuilder::from_name(span.name.clone()).with_start_time(span.start_time);
            tracer.build_with_context(builder, parent)
        };
        let context = Context::new().with_span(start(&self.turn, &Context::new()));
        let mut llm = start(&self.llm, &context);

        let mut attributes = Vec::with_capacity(self.llm.attributes.len());
        attributes.extend(self.others.iter().cloned());
        let kept = [&history[0]].into_iter().chain(&history[history.len() - self.newest..]);
        for (index, message) in kept.enumerate() {
            for field in ["role", "content"] {
                let text = message[field].as_str().unwrap_or_default();
                attributes.push(KeyValue::new(format!("{MESSAGES}{index}.message.{field}"), text.to_owned()));
            }
        }
        llm.set_attributes(attributes);
        llm.end_with_timestamp(self.llm.end_time);
        context.span().set_attributes(self.turn.attributes.clone());
        context.span().end_with_timestamp(self.turn.end_time);
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(3));
    targets = bench_hop, bench_until_export
}
criterion_main!(benches);
