//! The kind in capitals.
use pipecat_instrument::ObservedFrame;

#[derive(ObservedFrame)]
enum Frame {
    #[frame(Start)]
    Start,
    #[frame(LLMText)]
    Token(String),
}

fn main() {}
