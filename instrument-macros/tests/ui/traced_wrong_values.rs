//! Values of wrong types are reported at their own tokens.
use pipecat_instrument::{traced_llm, traced_stt};

struct Model {
    number: u8,
}

impl Model {
    #[traced_llm(
        model = self.number,
        context = self.number,
        input = samples,
        output = |answer| answer.len(),
        usage = |answer| answer
    )]
    fn complete(&self, samples: &[u8]) -> String {
        samples.len().to_string()
    }

    #[traced_stt(usage = |_| "two seconds")]
    fn transcribe(&self) {}
}

fn main() {
    let model = Model { number: 1 };
    model.complete(&[]);
    model.transcribe();
}
