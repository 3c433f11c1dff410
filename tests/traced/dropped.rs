//! Calls that are dropped before their end.

use std::future::{Future, pending};
use std::task::{Context, Waker};

use futures_util::stream::{self, Stream, StreamExt};
use pipecat_instrument::{traced_llm, traced_stt, traced_tts};

use super::support::{Traced, block_on, yield_once};
use super::tree::tree;

#[traced_llm(name = "Llm", input = prompt)]
async fn complete(prompt: &str) -> String {
    yield_once().await;
    pending::<()>().await;
    prompt.to_owned()
}

#[traced_llm(name = "Llm", output = |word| *word)]
fn stream_words() -> impl Stream<Item = &'static str> {
    stream::iter(["One, ", "two, ", "three."])
}

#[traced_tts(name = "Tts", input = "One, two")]
fn say() -> impl Stream<Item = u8> {
    stream::iter([1, 2])
}

#[traced_stt(name = "Stt")]
async fn listen() {
    pending::<()>().await;
}

fn poll_once(future: impl Future) {
    let mut future = Box::pin(future);
    assert!(future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
}

#[test]
fn dropped_future_is_interrupted() {
    let traced = Traced::new();
    poll_once(complete("Hi"));
    poll_once(listen());
    assert_eq!(
        tree(&traced.spans()),
        "
pipecat.llm · Llm · by llm · in Hi · interrupted true · [interrupted]
pipecat.stt · Stt · by stt
"
    );
}

#[test]
fn future_that_was_never_polled_has_no_span() {
    let traced = Traced::new();
    drop(complete("Hi"));
    assert_eq!(traced.spans(), []);
}

#[test]
fn dropped_stream_is_interrupted_and_keeps_its_items() {
    let traced = Traced::new();
    block_on(async {
        let words: Vec<&str> = stream_words().take(2).collect().await;
        assert_eq!(words, ["One, ", "two, "]);
    });
    drop(say());
    assert_eq!(
        tree(&traced.spans()),
        "
pipecat.llm · Llm · by llm · out One, two, · ttfb measured · interrupted true · [first_token, interrupted]
pipecat.tts · Tts · by tts · in One, two · interrupted true · [interrupted]
"
    );
}
