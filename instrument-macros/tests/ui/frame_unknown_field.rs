//! A name in a variant without fields, and a position past the last field.
use pipecat_instrument::ObservedFrame;

#[derive(ObservedFrame)]
enum Frame {
    #[frame(llm_text(text))]
    Token,
    #[frame(llm_text(.1.text))]
    Piece(String),
}

fn main() {}
