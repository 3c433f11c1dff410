//! Two attributes on one function, and a function without a body.
use pipecat_instrument::{traced_llm, traced_tts};

#[traced_llm]
#[traced_tts(input = text)]
fn answer_and_say(text: &str) -> usize {
    text.len()
}

trait Model {
    #[traced_llm]
    fn complete(&self);
}

fn main() {
    answer_and_say("");
    let _: Option<&dyn Model> = None;
}
