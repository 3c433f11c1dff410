//! A voice agent on flowcat: its cascaded pipeline, with an observer.

mod agent;
mod barge_in;
mod llm;
mod speech_to_text;
mod text_to_speech;
mod transport;

use std::sync::Arc;
use std::time::Duration;

use example_common::caller::{Caller, Utterance};
use example_common::loudspeaker::Loudspeaker;
use example_common::model_server::Model;
use example_common::tone::SAMPLE_RATE;
use flowcat_core::audio::vad::VAD_STOP_SECS;
use flowcat_core::pipeline::{CascadedConfig, CascadedTask, build_cascaded_call_with_observers};
use flowcat_core::{Frame, FrameObserver};
use pipecat_instrument::frame::{Processor, Role};
use pipecat_instrument::{Observer, instrument_task};
use pipecat_instrument_flowcat::FlowcatObserver;
use tokio::sync::mpsc;

use agent::{Agent, Calendar};
use llm::Llm;
use speech_to_text::ToneStt;
use text_to_speech::HummingTts;
use transport::Telephone;

/// Runs a call in which the caller follows `script` and `model` answers.
pub async fn run_call(
    call_id: &str,
    script: &'static [Utterance],
    model: &Model,
) -> flowcat_core::Result<()> {
    let loudspeaker = Loudspeaker::default();
    let (to_vad, from_telephone) = mpsc::unbounded_channel::<Frame>();
    let telephone = Telephone::new(call_id, Caller::new(script), loudspeaker.clone(), to_vad);

    let call = build_call(call_id, telephone, script, model, Vec::new()).await?;
    let vad = barge_in::spawn(from_telephone, call.task.queue_sender(), loudspeaker);
    let outcome = call.run().await;
    vad.abort();
    outcome
}

/// Builds the pipeline of a call. The macro pushes the observer of the trace into `observers`.
#[instrument_task(observers = observers, via = |observer| describe_services(model, observer), conversation_id = call_id)]
async fn build_call(
    call_id: &str,
    telephone: Telephone,
    script: &'static [Utterance],
    model: &Model,
    observers: Vec<Arc<dyn FrameObserver>>,
) -> flowcat_core::Result<CascadedTask> {
    let (run, token) = (1, String::new());
    build_cascaded_call_with_observers(
        telephone,
        ToneStt::new(script),
        Llm::new(model),
        HummingTts::default(),
        Agent,
        Calendar,
        run,
        token,
        CascadedConfig::default(),
        observers,
    )
    .await
}

/// Adds models, voices and other facts that flowcat's frames do not carry.
fn describe_services(model: &Model, observer: Observer) -> Arc<dyn FrameObserver> {
    FlowcatObserver::builder()
        .service(Processor::new("Stt", "ToneStt", Role::Stt).language("en").sample_rate(SAMPLE_RATE))
        .service(Processor::new("Llm", "OpenAiLlm", Role::Llm).provider(model.provider).model(&model.name))
        .service(Processor::new("Tts", "HummingTts", Role::Tts).voice("hum").sample_rate(SAMPLE_RATE))
        .voice_stop(Duration::from_secs_f32(VAD_STOP_SECS))
        .build(observer)
}
