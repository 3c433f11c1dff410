//! One frame, two kinds.
use pipecat_instrument::ObservedFrame;

#[derive(ObservedFrame)]
enum Frame {
    #[frame(start)]
    #[frame(end)]
    Both,
}

fn main() {}
