//! The attribute without a kind.
use pipecat_instrument::ObservedFrame;

#[derive(ObservedFrame)]
enum Frame {
    #[frame]
    Start,
    #[frame = "end"]
    End,
    #[frame()]
    Stop,
}

fn main() {}
