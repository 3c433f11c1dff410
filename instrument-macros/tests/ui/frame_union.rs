//! A union does not know what it holds.
use pipecat_instrument::ObservedFrame;

#[derive(ObservedFrame)]
#[frame(start)]
union Frame {
    number: u32,
    text: [u8; 4],
}

fn main() {}
