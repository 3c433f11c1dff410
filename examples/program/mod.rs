//! The program around a voice agent: its options, its model, where its traces go, and what it prints.

mod frame_log;
mod options;
mod script;
mod terminal;
mod traces;
mod turns;

use std::error::Error;
use std::process::ExitCode;

use clap::Parser;
use pipecat_instrument::PipecatInstrumentor;
use tokio::runtime::Runtime;

use crate::telephone::caller::Say;
use crate::telephone::model::Model;
use crate::telephone::model_server::ModelServer;
use frame_log::FrameLog;
use options::Options;
use script::SCRIPT;
use terminal::say;
use traces::Traces;

/// Has `hold` hold one call, given its name, what the caller says and the model, and shows what was traced of it.
pub(crate) fn run<Held>(name: &'static str, hold: Held) -> ExitCode
where
    Held: AsyncFnOnce(&str, &'static [Say], &Model) -> Result<(), Box<dyn Error>>,
{
    match trace(name, &Options::parse(), hold) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{name}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn trace<Held>(name: &'static str, options: &Options, hold: Held) -> Result<(), Box<dyn Error>>
where
    Held: AsyncFnOnce(&str, &'static [Say], &Model) -> Result<(), Box<dyn Error>>,
{
    // Outside the asynchronous runtime: an exporter may block.
    let traces = Traces::of(name)?;
    let mut instrumentor = traces.setup().instrumentor();
    let call_id = options.call_id();
    let log = options.debug_log.as_deref().map(|target| FrameLog::of(&call_id, target));
    if let Some(log) = &log {
        instrumentor = instrumentor.debug_log(&log.template);
    }
    instrumentor.instrument(traces.setup().provider())?;

    let outcome = Runtime::new()?.block_on(converse(&call_id, hold));
    if let Some(log) = &log {
        log.finish()?;
    }
    PipecatInstrumentor::uninstrument();
    say(format_args!("\n{}", traces.as_trees().trim_end()));
    traces.close()?;
    outcome
}

/// Holds one conversation, with `OpenAI` if a key is at hand, else with the model on loopback.
async fn converse<Held>(call_id: &str, hold: Held) -> Result<(), Box<dyn Error>>
where
    Held: AsyncFnOnce(&str, &'static [Say], &Model) -> Result<(), Box<dyn Error>>,
{
    say("Speech-to-text and text-to-speech are stand-ins: the caller speaks in tones, the bot hums.");
    if let Some(model) = model_from_env() {
        say(format_args!("The model is {} at {}.\n", model.name, model.base_url));
        hold(call_id, SCRIPT, &model).await
    } else {
        let server = ModelServer::start().await?;
        let model = Model::on_loopback(server.base_url());
        say(format_args!("The model is a small server in this process, at {}.\n", model.base_url));
        hold(call_id, SCRIPT, &model).await
    }
}

/// The model whose key is in the environment, if there is one.
fn model_from_env() -> Option<Model> {
    let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    Some(Model {
        api_key: variable("OPENAI_API_KEY")?,
        base_url: variable("OPENAI_BASE_URL").unwrap_or_else(|| "https://api.openai.com/v1".to_owned()),
        name: variable("OPENAI_MODEL").unwrap_or_else(|| "gpt-4o-mini".to_owned()),
        provider: "openai",
    })
}
