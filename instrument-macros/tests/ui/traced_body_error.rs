//! Errors in the arguments, the body and the return type are reported at their own tokens.
use pipecat_instrument::traced_llm;

#[traced_llm]
fn complete(prompt: &str) -> String {
    prompt.len()
}

#[traced_llm]
async fn complete_later(prompt: &str) -> Result<String, u8> {
    let text = prompt.to_owned();
    Ok(text.lenght())
}

#[traced_llm(input = promt)]
fn misspelt(prompt: &str) -> usize {
    prompt.len()
}

fn main() {
    complete("");
    let _ = complete_later("");
    misspelt("");
}
