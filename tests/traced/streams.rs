//! Functions that return streams, in every shape that a signature shows.

use std::pin::{Pin, pin};

use futures_util::stream::{self, BoxStream, Stream, StreamExt};
use pipecat_instrument::{traced_llm, traced_stt, traced_tts};

use super::support::{Traced, attribute, block_on, yield_once};
use super::tree::tree;

struct Chunk {
    text: Option<&'static str>,
    tokens: Option<(u32, u32)>,
}

const CHUNKS: [Chunk; 3] = [
    Chunk { text: Some("Hel"), tokens: None },
    Chunk { text: Some("lo."), tokens: Some((5, 1)) },
    Chunk { text: None, tokens: Some((5, 2)) },
];

struct Llm;

type Chunks<'a> = Pin<Box<dyn Stream<Item = Result<Chunk, &'static str>> + Send + 'a>>;

impl Llm {
    #[traced_llm(model = "m", input = prompt, output = |chunk| chunk.text, usage = |chunk| chunk.tokens)]
    fn opaque<'a>(&self, prompt: &'a str) -> impl Stream<Item = Chunk> + use<'a> {
        assert!(!prompt.is_empty());
        stream::iter(CHUNKS)
    }

    #[traced_llm(input = prompt, output = |chunk| chunk.text)]
    fn boxed<'a>(&'a self, prompt: &'a str) -> BoxStream<'a, Chunk> {
        stream::iter(CHUNKS).take(prompt.len()).boxed()
    }

    #[traced_llm(stream, output = |chunk| chunk.text)]
    fn by_another_name(&self) -> Chunks<'_> {
        stream::iter([Ok(Chunk { text: Some("Hel"), tokens: None }), Err("lost"), Err("lost again")]).boxed()
    }

    #[traced_llm(output = |chunk| chunk.text)]
    async fn later(&self) -> Result<impl Stream<Item = Chunk> + use<>, String> {
        yield_once().await;
        Ok(stream::iter(CHUNKS))
    }

    #[traced_llm(output = |chunk| chunk.text)]
    async fn later_boxed(&self, open: bool) -> Result<Pin<Box<dyn Stream<Item = Chunk> + Send>>, String> {
        yield_once().await;
        if open { Ok(Box::pin(stream::iter(CHUNKS))) } else { Err("closed".into()) }
    }
}

async fn count(stream: impl Stream) -> usize {
    stream.count().await
}

#[test]
fn stream_is_one_span_with_joined_items_and_ttfb() {
    let traced = Traced::new();
    assert_eq!(block_on(count(Llm.opaque("Hi"))), 3);
    assert_eq!(block_on(count(Llm.boxed("Hi!"))), 3);
    assert_eq!(block_on(async { count(Llm.later().await.unwrap()).await }), 3);
    assert_eq!(block_on(async { count(Llm.later_boxed(true).await.unwrap()).await }), 3);
    assert_eq!(
        tree(&traced.spans()),
        "
pipecat.llm · Llm · m · by llm · in Hi · out Hello. · sent 5 · got 2 · ttfb measured · [first_token]
pipecat.llm · Llm · by llm · in Hi! · out Hello. · ttfb measured · [first_token]
pipecat.llm · Llm · by llm · out Hello. · ttfb measured · [first_token]
pipecat.llm · Llm · by llm · out Hello. · ttfb measured · [first_token]
"
    );
    assert!(attribute(&traced.spans()[0], "service.ttfb_seconds").unwrap().parse::<f64>().unwrap() >= 0.0);
}

impl Chunk {
    /// Only the signature has the type of the items and their lifetime.
    #[traced_llm(name = "Words", output = |word| word)]
    fn words(&self) -> impl Stream<Item = &str> {
        stream::iter(self.text.into_iter())
    }

    #[traced_llm(name = "Nothing", output = |chunk| chunk.text)]
    fn nothing() -> impl Stream<Item = Chunk> {
        stream::empty()
    }

    #[traced_llm(name = "Promise", output = |chunk| chunk.text)]
    fn promise() -> impl Future<Output = Result<Chunk, String>> {
        async { Ok(Chunk { text: None, tokens: None }) }
    }

    #[traced_llm(name = "Promise", output = |chunk| chunk.text)]
    fn promise_of_stream<'a>() -> impl Future<Output = Result<impl Stream<Item = Chunk> + 'a, String>> {
        async { Ok(stream::empty()) }
    }
}

#[test]
fn stream_types_are_inferred_from_the_signature() {
    let traced = Traced::new();
    block_on(async {
        assert_eq!(count(CHUNKS[0].words()).await, 1);
        assert_eq!(count(Chunk::nothing()).await, 0);
        assert!(Chunk::promise().await.is_ok());
        assert_eq!(count(Chunk::promise_of_stream().await.unwrap()).await, 0);
    });
    assert_eq!(
        tree(&traced.spans()),
        "
pipecat.llm · Words · by words · out Hel · ttfb measured · [first_token]
pipecat.llm · Nothing · by nothing
pipecat.llm · Promise · by promise
pipecat.llm · Promise · by promise
"
    );
}

#[test]
fn error_before_or_in_a_stream_is_recorded() {
    let traced = Traced::new();
    assert!(block_on(Llm.later_boxed(false)).is_err());
    assert_eq!(block_on(count(Llm.by_another_name())), 3);
    assert_eq!(
        tree(&traced.spans()),
        "
pipecat.llm · Llm · by llm · ✗ _OTHER: closed · [exception]
pipecat.llm · Llm · by llm · out Hel · ttfb measured · ✗ _OTHER: lost · [first_token, exception]
"
    );
}

#[traced_tts(name = "Cartesia", input = text, usage = |audio| audio.len())]
fn say(text: &'static str) -> impl Stream<Item = Vec<u8>> {
    stream::iter(text.split(' ')).map(|word| word.as_bytes().to_vec())
}

#[traced_stt(name = "Deepgram", output = |(words, is_final)| is_final.then_some(*words), usage = |_| 0.5)]
fn listen() -> impl Stream<Item = (&'static str, bool)> {
    stream::iter([("Hel", false), ("Hello.", true), ("How", false), ("How are you?", true)])
}

#[test]
fn stt_and_tts_streams_are_traced() {
    let traced = Traced::new();
    block_on(count(say("How are you?")));
    block_on(count(listen()));
    assert_eq!(
        tree(&traced.spans()),
        "
pipecat.tts · Cartesia · by cartesia · in How are you? · out How are you? · characters 10 · ttfb measured · [first_audio]
pipecat.stt · Deepgram · by deepgram · in Hello. How are you? · out Hello. How are you? · seconds 2 · ttfb measured
"
    );
}

#[test]
fn stream_keeps_its_size_hint_and_ends_its_span_at_the_end() {
    let traced = Traced::new();
    let mut stream = pin!(Llm.opaque("Hi"));
    assert_eq!(stream.size_hint(), (3, Some(3)));
    while block_on(stream.next()).is_some() {}
    assert_eq!(traced.spans().len(), 1);
}
