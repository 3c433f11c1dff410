//! `ignore` says nothing.
use pipecat_instrument::ObservedFrame;

#[derive(ObservedFrame)]
enum Frame {
    #[frame(ignore(text))]
    Audio { text: String },
}

fn main() {}
