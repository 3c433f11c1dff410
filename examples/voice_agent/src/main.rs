//! A telephone call with a voice agent on flowcat, traced.
//!
//! The pipeline is flowcat's: transport, context aggregators, tool bridge, and the `OpenAI` client of flowcat-services.
//! The services that would need an account are simulated. The caller follows a script and speaks in tones, which the
//! speech-to-text stub recognizes by pitch. The text-to-speech stub hums for as long as the text takes to speak. The
//! language model is an HTTP server in this process, which streams prepared answers. Everything happens in real time.
//!
//! ```text
//! cargo run -p voice_agent
//! cargo run -p voice_agent -- --debug-log call.jsonl
//! OPENAI_API_KEY=… cargo run -p voice_agent
//! PIPECAT_TRACE_PRESET=phoenix cargo run -p voice_agent --features otlp
//! ```

use std::process::ExitCode;

use example_common::dental_office::SCRIPT;
use example_common::program;

fn main() -> ExitCode {
    program::run("voice_agent", async |call_id, model| {
        Ok(voice_agent::run_call(call_id, SCRIPT, model).await?)
    })
}
