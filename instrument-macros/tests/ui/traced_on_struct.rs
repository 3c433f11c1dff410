//! The attribute above a struct and an `impl` block.
use pipecat_instrument::{traced_llm, traced_tts};

#[traced_llm]
struct OpenAi;

#[traced_tts]
impl OpenAi {
    fn complete(&self) {}
}

fn main() {
    OpenAi.complete();
}
