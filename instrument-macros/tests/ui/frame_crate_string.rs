//! `crate` as a string.
use pipecat_instrument::ObservedFrame;

#[derive(ObservedFrame)]
#[frame(crate = "pipecat_instrument")]
enum Frame {
    #[frame(start)]
    Start,
}

fn main() {}
