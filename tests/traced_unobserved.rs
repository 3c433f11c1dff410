//! A traced function costs nothing while nothing is observed. A process of its own, so that no other test observes anything.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![allow(clippy::unused_self, reason = "the methods show shapes of signatures, and do little else")]

mod support;

use std::cell::Cell;

use allocation_counter::measure;
use futures_util::stream::{self, BoxStream, Stream, StreamExt};
use pipecat_instrument::{
    ObserveOptions, PipecatInstrumentor, TracingContext, traced_llm, traced_stt, traced_tts,
};
use support::{Traced, block_on, yield_once};

thread_local! {
    static EVALUATIONS: Cell<u32> = const { Cell::new(0) };
}

/// Returns `value`, and counts the evaluation.
fn counted<T>(value: T) -> T {
    EVALUATIONS.set(EVALUATIONS.get() + 1);
    value
}

#[derive(Default)]
struct Services {
    tracing: TracingContext,
}

impl Services {
    #[traced_llm(name = counted("Llm"), context = counted(&self.tracing), input = counted(prompt), output = |n| counted(n.to_string()))]
    fn complete(&self, prompt: &str) -> usize {
        prompt.len()
    }

    #[traced_stt(model = counted("m"), output = |_| counted("x"))]
    async fn transcribe(&self) -> Result<u8, String> {
        yield_once().await;
        Ok(1)
    }

    #[traced_tts(input = counted("x"), usage = |_| counted(1_u32))]
    fn say(&self) -> impl Stream<Item = u8> + use<> {
        stream::iter([1, 2, 3])
    }

    #[traced_tts(input = counted("x"), usage = |_| counted(1_u32))]
    fn say_boxed(&self) -> BoxStream<'static, u8> {
        stream::iter([1, 2, 3]).boxed()
    }
}

/// Returns the allocations of the functions above, and the evaluated expressions of their annotations.
fn cost(services: &Services) -> (u64, u32) {
    EVALUATIONS.set(0);
    let all = measure(|| {
        assert_eq!(services.complete("Hi"), 2);
        assert_eq!(block_on(services.transcribe()), Ok(1));
        assert_eq!(block_on(services.say().count()), 3);
        assert_eq!(block_on(services.say_boxed().count()), 3);
    });
    (all.count_total, EVALUATIONS.get())
}

#[test]
fn unobserved_call_evaluates_and_allocates_nothing() {
    // The only allocation is the box that a function makes itself.
    assert_eq!(cost(&Services::default()), (1, 0));

    let traced = Traced::new();
    let observer = PipecatInstrumentor::observe(ObserveOptions::new()).unwrap();
    let services = Services { tracing: observer.tracing_context() };
    let (allocations, evaluations) = cost(&services);
    assert!(allocations > 1 && evaluations > 8, "{allocations} allocations, {evaluations} evaluations");
    assert_eq!(traced.spans().len(), 4, "outside any turn");

    drop((traced, observer));
    assert_eq!(cost(&services), (1, 0), "nothing is observed any more");
}
