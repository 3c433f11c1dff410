//! A field of a type that the kind cannot hold.
use pipecat_instrument::ObservedFrame;

#[derive(ObservedFrame)]
enum Frame {
    #[frame(llm_text)]
    Token(u32),
}

fn main() {
    let _ = Frame::Token(1);
}
