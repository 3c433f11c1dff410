//! A telephone call with a voice agent on rustvani, traced.
//!
//! The pipeline is rustvani's: channel transport with voice activity detection, context aggregators, and its `OpenAI`
//! client with a function. The services that would need an account are simulated. The caller follows a script and speaks
//! in tones, which the speech-to-text stub recognizes by pitch. The text-to-speech stub hums for as long as the text
//! takes to speak. The language model is an HTTP server in this process, which streams prepared answers. Everything
//! happens in real time.
//!
//! ```text
//! cargo run -p rustvani_agent
//! cargo run -p rustvani_agent -- --debug-log call.jsonl
//! OPENAI_API_KEY=… cargo run -p rustvani_agent
//! PIPECAT_TRACE_PRESET=phoenix cargo run -p rustvani_agent --features otlp
//! ```

use std::process::ExitCode;

use example_common::dental_office::SCRIPT;
use example_common::program;
use rustvani_agent::Call;

fn main() -> ExitCode {
    program::run("rustvani_agent", async |call_id, model| {
        Ok(Call::new(call_id, SCRIPT, model).run(None).await?)
    })
}
