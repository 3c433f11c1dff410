//! A `const fn`.
use pipecat_instrument::traced_llm;

#[traced_llm]
const fn complete() -> u8 {
    1
}

fn main() {
    complete();
}
