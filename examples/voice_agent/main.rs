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

use std::error::Error;
use std::process::ExitCode;

use call::llm::Model;
use clap::Parser;
use pipecat_instrument::PipecatInstrumentor;
use program::frame_log::FrameLog;
use program::options::Options;
use program::terminal::say;
use program::traces::Traces;
use telephone::conversation::SCRIPT;
use telephone::model_server::ModelServer;
use tokio::runtime::Runtime;

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("voice_agent: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    // Outside the asynchronous runtime: an exporter may block.
    let traces = Traces::new()?;
    let mut instrumentor = traces.setup().instrumentor();
    let call_id = options.call_id();
    let log = options.debug_log.as_deref().map(|target| FrameLog::of(&call_id, target));
    if let Some(log) = &log {
        instrumentor = instrumentor.debug_log(&log.template);
    }
    instrumentor.instrument(traces.setup().provider())?;

    let outcome = Runtime::new()?.block_on(converse(&call_id));
    if let Some(log) = &log {
        log.finish()?;
    }
    PipecatInstrumentor::uninstrument();
    say(format_args!("\n{}", traces.as_trees().trim_end()));
    traces.close()?;
    outcome
}

/// Holds one conversation, with `OpenAI` if a key is at hand, else with the model on loopback.
async fn converse(call_id: &str) -> Result<(), Box<dyn Error>> {
    say("Speech-to-text and text-to-speech are stand-ins: the caller speaks in tones, the bot hums.");
    if let Some(model) = Model::from_env() {
        say(format_args!("The model is {} at {}.\n", model.name, model.base_url));
        call::hold(call_id, SCRIPT, &model).await?;
    } else {
        let server = ModelServer::start().await?;
        let model = Model::on_loopback(server.base_url());
        say(format_args!("The model is a small server in this process, at {}.\n", model.base_url));
        call::hold(call_id, SCRIPT, &model).await?;
    }
    Ok(())
}
