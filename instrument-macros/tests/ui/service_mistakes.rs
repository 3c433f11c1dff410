//! Several mistakes at once: each is reported at its own tokens.
use pipecat_instrument::ObservedService;

#[derive(ObservedService)]
#[service(lllm, model = "a", model = "b", vioce = "sarah", provider)]
struct Llm {
    label: String,
}

#[derive(ObservedService)]
struct Tts;

#[derive(ObservedService)]
#[service(model = "m")]
struct Stt;

#[derive(ObservedService)]
#[service(stt, tts, name = .1)]
struct Both(String);

fn main() {
    let _ = (Llm { label: String::new() }.label, Tts, Stt, Both(String::new()));
}
