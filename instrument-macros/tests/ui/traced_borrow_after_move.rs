//! `output` uses an argument that was moved into the body.
use pipecat_instrument::traced_llm;

#[traced_llm(output = |answer| format!("{prompt}{answer}"))]
fn complete(prompt: String) -> String {
    prompt
}

fn main() {
    complete(String::new());
}
