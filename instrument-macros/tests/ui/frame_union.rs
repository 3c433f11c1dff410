//! The derive on a union.
use pipecat_instrument::ObservedFrame;

#[derive(ObservedFrame)]
#[frame(start)]
union Frame {
    number: u32,
    text: [u8; 4],
}

fn main() {}
