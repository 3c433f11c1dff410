//! `ignore` has no arguments.
use pipecat_instrument::ObservedFrame;

#[derive(ObservedFrame)]
enum Frame {
    #[frame(ignore(text))]
    Audio { text: String },
}

fn main() {}
