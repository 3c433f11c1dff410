//! A misspelled kind.
use pipecat_instrument::ObservedFrame;

#[derive(ObservedFrame)]
enum Frame {
    #[frame(llm_token)]
    Token(String),
}

fn main() {
    let _ = Frame::Token(String::new());
}
