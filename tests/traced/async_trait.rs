//! Methods of an `#[async_trait]`: of the trait itself, and of its implementations.

use async_trait::async_trait;
use futures_util::stream::{self, BoxStream, StreamExt};
use pipecat_instrument::{traced_llm, traced_tts};

use super::support::{Traced, block_on, yield_once};
use super::tree::tree;

#[async_trait]
trait Model: Sync {
    fn model(&self) -> &str;

    #[traced_llm(model = self.model(), input = prompt, output = |answer| answer)]
    async fn complete(&self, prompt: &str) -> Result<String, String> {
        yield_once().await;
        if prompt.is_empty() { Err("no question".into()) } else { Ok(prompt.to_uppercase()) }
    }

    async fn say(&mut self, text: String) -> BoxStream<'static, u8>;
}

struct Echo;

#[async_trait]
impl Model for Echo {
    fn model(&self) -> &'static str {
        "echo-1"
    }

    #[traced_tts(voice = "mine", input = text)]
    async fn say(&mut self, text: String) -> BoxStream<'static, u8> {
        yield_once().await;
        stream::iter(text.into_bytes()).boxed()
    }
}

struct Quiet;

#[async_trait]
impl Model for Quiet {
    fn model(&self) -> &'static str {
        "quiet-1"
    }

    #[traced_llm(output = |answer| answer)]
    async fn complete(&self, _: &str) -> Result<String, String> {
        Ok("…".into())
    }

    async fn say(&mut self, _: String) -> BoxStream<'static, u8> {
        stream::empty().boxed()
    }
}

#[test]
fn async_trait_methods_are_traced_in_the_trait_and_in_impls() {
    let traced = Traced::new();
    block_on(async {
        assert_eq!(Echo.complete("Hi").await.unwrap(), "HI");
        assert!(Echo.complete("").await.is_err());
        assert_eq!(Quiet.complete("Hi").await.unwrap(), "…");
        assert_eq!(Echo.say("Hi".into()).await.count().await, 2);
        assert_eq!(Quiet.say("Hi".into()).await.count().await, 0);
    });
    assert_eq!(
        tree(&traced.spans()),
        "
pipecat.llm · Echo · echo-1 · by echo · in Hi · out HI
pipecat.llm · Echo · echo-1 · by echo · in  · ✗ _OTHER: no question · [exception]
pipecat.llm · Quiet · by quiet · out …
pipecat.tts · Echo · by echo · voice mine · in Hi · out Hi · ttfb measured · [first_audio]
"
    );
}
