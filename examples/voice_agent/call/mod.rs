//! One call: flowcat's cascaded pipeline, put together from its seams, and traced.

mod barge_in;
mod desk;
mod line;
mod llm;
mod speech_to_text;
mod text_to_speech;

use std::sync::Arc;
use std::time::Duration;

use flowcat_core::audio::vad::VAD_STOP_SECS;
use flowcat_core::pipeline::{CascadedConfig, CascadedTask, build_cascaded_call_with_observers};
use flowcat_core::{Frame, FrameObserver};
use pipecat_instrument::frame::{Processor, Role};
use pipecat_instrument::{Observer, instrument_task};
use pipecat_instrument_flowcat::FlowcatObserver;
use tokio::sync::mpsc;

use crate::telephone::caller::{Caller, Say};
use crate::telephone::loudspeaker::Loudspeaker;
use crate::telephone::model::Model;
use crate::telephone::tone::SAMPLE_RATE;
use desk::{Calendar, Desk};
use line::Line;
use llm::ToolHistory;
use speech_to_text::ToneStt;
use text_to_speech::HummingTts;

/// Holds the conversation of `script` with `model`, to its end.
pub(crate) async fn hold(call_id: &str, script: &'static [Say], model: &Model) -> flowcat_core::Result<()> {
    let loudspeaker = Loudspeaker::new();
    let (ear, heard) = mpsc::unbounded_channel::<Frame>();
    let line = Line::new(call_id, Caller::new(script), loudspeaker.clone(), ear);

    let call = build_call(call_id, line, script, model, Vec::new()).await?;
    let listening = barge_in::listen(heard, call.task.queue_sender(), loudspeaker);
    let outcome = call.run().await;
    listening.abort();
    outcome
}

/// The pipeline of a call. flowcat's task comes from flowcat's builder, so it is this function that is annotated.
#[instrument_task(observers = observers, via = |observer| watch(model, observer), conversation_id = call_id)]
async fn build_call(
    call_id: &str,
    line: Line,
    script: &'static [Say],
    model: &Model,
    observers: Vec<Arc<dyn FrameObserver>>,
) -> flowcat_core::Result<CascadedTask> {
    let (run, token) = (1, String::new());
    build_cascaded_call_with_observers(
        line,
        ToneStt::new(script),
        ToolHistory::of(model),
        HummingTts::default(),
        Desk,
        Calendar,
        run,
        token,
        CascadedConfig::default(),
        observers,
    )
    .await
}

/// Says what stands behind the names that flowcat gives its services.
fn watch(model: &Model, observer: Observer) -> Arc<dyn FrameObserver> {
    FlowcatObserver::builder()
        .service(Processor::new("Stt", "ToneStt", Role::Stt).language("en").sample_rate(SAMPLE_RATE))
        .service(Processor::new("Llm", "OpenAiLlm", Role::Llm).provider(model.provider).model(&model.name))
        .service(Processor::new("Tts", "HummingTts", Role::Tts).voice("hum").sample_rate(SAMPLE_RATE))
        .voice_stop(Duration::from_secs_f32(VAD_STOP_SECS))
        .build(observer)
}
