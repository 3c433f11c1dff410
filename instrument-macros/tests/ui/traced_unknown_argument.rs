//! Several mistakes at once: each is reported at its own tokens.
use pipecat_instrument::{traced_llm, traced_stt, traced_tts};

#[traced_llm(modle = "gpt-4o", voice = "sarah", provider, model = "a", model = "b", stream = true)]
fn complete() {}

#[traced_stt(input = "words", voice = "sarah")]
fn transcribe() {}

#[traced_tts(language = "en", temperature = 0.2)]
fn say() {}

fn main() {
    complete();
    transcribe();
    say();
}
