//! A telephone call with a voice agent on rustvani, traced.
//!
//! The pipeline is rustvani's own: channel transport with voice activity detection and barge-in, aggregators, and its
//! client of `OpenAI`'s interface, with a function. What needs an account elsewhere is played: the caller follows a
//! script and speaks in tones, which the stand-in for speech recognition tells apart; synthesis hums for as long as its
//! text takes to say; the model streams prepared answers over HTTP from this process. All of it happens in real time.
//!
//! ```text
//! cargo run --example rustvani_agent
//! cargo run --example rustvani_agent -- --debug-log call.jsonl
//! OPENAI_API_KEY=… cargo run --example rustvani_agent
//! PIPECAT_TRACE_PRESET=phoenix cargo run --example rustvani_agent
//! ```

mod call;
#[path = "../program/mod.rs"]
mod program;
#[path = "../telephone/mod.rs"]
mod telephone;

use std::process::ExitCode;

use call::Call;

fn main() -> ExitCode {
    program::run("rustvani_agent", async |call_id, script, model| {
        Ok(Call::new(call_id, script, model).hold(None).await?)
    })
}
