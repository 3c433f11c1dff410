//! Values of wrong types, and a type without the derive, are reported at their own tokens.
use pipecat_instrument::ObservedService;
use pipecat_instrument::frame::ProcessorRef;

#[derive(ObservedService)]
#[service(tts, name = self.number, voice = number, sample_rate = "24000")]
struct Tts {
    number: u8,
}

struct Silent;

fn main() {
    let _ = ProcessorRef::from(&Tts { number: 1 });
    let _ = ProcessorRef::new(&Silent);
}
