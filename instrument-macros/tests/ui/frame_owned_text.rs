//! An expression that makes a `String`: views borrow.
use pipecat_instrument::ObservedFrame;

#[derive(ObservedFrame)]
enum Frame {
    #[frame(llm_text(text = format!("{first} {second}")))]
    Token { first: String, second: String },
}

fn main() {}
