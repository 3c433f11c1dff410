//! Variants without a kind.
use pipecat_instrument::ObservedFrame;

#[derive(ObservedFrame)]
enum Frame {
    #[frame(start)]
    Start,
    Token(String),
    Audio(Vec<u8>),
}

fn main() {
    let _ = (Frame::Start, Frame::Token(String::new()), Frame::Audio(Vec::new()));
}
