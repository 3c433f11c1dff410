//! A field of a variant that has none, and a position that is not there.
use pipecat_instrument::ObservedFrame;

#[derive(ObservedFrame)]
enum Frame {
    #[frame(llm_text(text))]
    Token,
    #[frame(llm_text(.1.text))]
    Piece(String),
}

fn main() {}
