//! Two kinds for one frame.
use pipecat_instrument::ObservedFrame;

#[derive(ObservedFrame)]
enum Frame {
    #[frame(start)]
    #[frame(end)]
    Both,
}

fn main() {}
