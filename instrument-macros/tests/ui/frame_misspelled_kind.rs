//! Kinds in camel case.
use pipecat_instrument::ObservedFrame;

#[derive(ObservedFrame)]
enum Frame {
    #[frame(Start)]
    Start,
    #[frame(LLMText)]
    Token(String),
}

fn main() {}
