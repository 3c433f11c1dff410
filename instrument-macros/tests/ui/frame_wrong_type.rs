//! A field that is not what the kind carries.
use pipecat_instrument::ObservedFrame;

#[derive(ObservedFrame)]
enum Frame {
    #[frame(llm_text)]
    Token(u32),
}

fn main() {
    let _ = Frame::Token(1);
}
