//! A telephone call with a voice agent on flowcat, traced.
//!
//! The pipeline is flowcat's own: transport, context aggregators, tool bridge, and the client of `OpenAI`'s interface
//! that comes with flowcat-services. What needs an account elsewhere is played: the caller follows a script and speaks
//! in tones, which the stand-in for speech recognition tells apart; synthesis hums for as long as its text takes to
//! say; the model streams prepared answers over HTTP from this process. All of it happens in real time.
//!
//! ```text
//! cargo run --example voice_agent
//! cargo run --example voice_agent -- --debug-log call.jsonl
//! OPENAI_API_KEY=… cargo run --example voice_agent
//! PIPECAT_TRACE_PRESET=phoenix cargo run --example voice_agent
//! ```

mod call;
#[path = "../program/mod.rs"]
mod program;
#[path = "../telephone/mod.rs"]
mod telephone;

use std::process::ExitCode;

fn main() -> ExitCode {
    program::run("voice_agent", async |call_id, script, model| Ok(call::hold(call_id, script, model).await?))
}
