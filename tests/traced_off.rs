//! A decorated function costs nothing while nobody observes anything. Alone in its process: elsewhere somebody may.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::cell::Cell;

use allocation_counter::measure;
use futures_util::stream::{self, BoxStream, Stream, StreamExt};
use pipecat_instrument::{
    ObserveOptions, PipecatInstrumentor, TracingContext, traced_llm, traced_stt, traced_tts,
};
use support::{Traced, block_on, yield_once};

thread_local! {
    static LOOKED_AT: Cell<u32> = const { Cell::new(0) };
}

/// Something that an annotation names, and whose looking at counts.
fn looked_at<T>(value: T) -> T {
    LOOKED_AT.set(LOOKED_AT.get() + 1);
    value
}

#[derive(Default)]
struct Services {
    tracing: TracingContext,
}

impl Services {
    #[traced_llm(name = looked_at("Llm"), context = looked_at(&self.tracing), input = looked_at(prompt), output = |n| looked_at(n.to_string()))]
    fn complete(&self, prompt: &str) -> usize {
        prompt.len()
    }

    #[traced_stt(model = looked_at("m"), output = |_| looked_at("x"))]
    async fn transcribe(&self) -> Result<u8, String> {
        yield_once().await;
        Ok(1)
    }

    #[traced_tts(input = looked_at("x"), usage = |_| looked_at(1_u32))]
    fn say(&self) -> impl Stream<Item = u8> + use<> {
        stream::iter([1, 2, 3])
    }

    #[traced_tts(input = looked_at("x"), usage = |_| looked_at(1_u32))]
    fn say_boxed(&self) -> BoxStream<'static, u8> {
        stream::iter([1, 2, 3]).boxed()
    }
}

/// How many allocations the functions above take, and how often their annotations look at something.
fn cost(services: &Services) -> (u64, u32) {
    LOOKED_AT.set(0);
    let all = measure(|| {
        assert_eq!(services.complete("Hi"), 2);
        assert_eq!(block_on(services.transcribe()), Ok(1));
        assert_eq!(block_on(services.say().count()), 3);
        assert_eq!(block_on(services.say_boxed().count()), 3);
    });
    (all.count_total, LOOKED_AT.get())
}

#[test]
fn while_nobody_observes_nothing_is_looked_at_and_nothing_allocated() {
    // The box that a function makes by itself is all that there is.
    assert_eq!(cost(&Services::default()), (1, 0));

    let traced = Traced::new();
    let observer = PipecatInstrumentor::observe(ObserveOptions::new()).unwrap();
    let services = Services { tracing: observer.tracing_context() };
    let (allocations, looked_at) = cost(&services);
    assert!(allocations > 1 && looked_at > 8, "{allocations} allocations, {looked_at} looks");
    assert_eq!(traced.spans().len(), 4, "of no turn so far");

    drop((traced, observer));
    assert_eq!(cost(&services), (1, 0), "the conversation is over, and so is the observing");
}
