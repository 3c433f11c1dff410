//! What services bill: tokens, characters, seconds of audio.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use pipecat_instrument_runtime::engine::frame::{LlmUsage, Measurement, Role};
use rustvani::{BillingCollector, BillingEvent, NoopBillingCollector};

use crate::observer::RustvaniObserver;

/// A billing collector that also tells the trace what was billed. rustvani has no metrics frames: tokens, characters
/// and the seconds of audio that were transcribed are known to billing alone.
///
/// It is given to the services, before there is a task to observe, and then to [`Observed::billing`] or
/// [`RustvaniObserverBuilder::billing`]: one for each conversation. Every event goes on to the collector that it stands
/// before, as it came.
///
/// Tokens that rustvani has *estimated* (a quarter of the characters, where a provider counts none or an answer was cut
/// off) go on to the collector, and not to the trace: nobody has counted them.
///
/// ```
/// use rustvani::PipelineTask;
/// use pipecat_instrument_rustvani::{Billing, Observed};
/// use rustvani::{PipelineParams, SessionBilling};
/// # use rustvani::NoopBillingCollector as YourCollector;
///
/// // OpenAILLMHandler::new(config).with_billing(billing.clone()).into_processor() …
/// let billing = Billing::before(std::sync::Arc::new(YourCollector));
/// let task = Observed::new(PipelineTask::new(vec![], PipelineParams::default())).billing(&billing);
/// # let _ = task;
/// ```
///
/// [`Observed::billing`]: crate::Observed::billing
/// [`RustvaniObserverBuilder::billing`]: crate::RustvaniObserverBuilder::billing
pub struct Billing {
    collector: Arc<dyn BillingCollector>,
    /// Not what keeps it alive: services may outlive the conversation.
    observer: Mutex<Weak<RustvaniObserver>>,
}

impl Billing {
    /// One that passes everything on to `collector`.
    pub fn before(collector: Arc<dyn BillingCollector>) -> Arc<Self> {
        Arc::new(Self { collector, observer: Mutex::new(Weak::new()) })
    }

    /// One for the trace alone.
    pub fn for_trace() -> Arc<Self> {
        Self::before(Arc::new(NoopBillingCollector))
    }

    /// From now on, `observer` is told.
    pub(crate) fn tell(&self, observer: &Arc<RustvaniObserver>) {
        *self.observer.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(observer);
    }

    fn observer(&self) -> Option<Arc<RustvaniObserver>> {
        self.observer.lock().unwrap_or_else(PoisonError::into_inner).upgrade()
    }
}

impl BillingCollector for Billing {
    fn record(&self, event: BillingEvent) {
        if let Some(observer) = self.observer()
            && let Some(billed) = Billed::of(&event)
        {
            observer.is_billed(&billed);
        }
        self.collector.record(event);
    }

    fn session_id(&self) -> uuid::Uuid {
        self.collector.session_id()
    }
}

impl fmt::Debug for Billing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Billing").field("session_id", &self.session_id()).finish_non_exhaustive()
    }
}

/// What a service has billed, where somebody counted it.
#[derive(Debug, PartialEq)]
pub(crate) struct Billed<'a> {
    pub(crate) role: Role,
    pub(crate) provider: &'a str,
    pub(crate) model: Option<&'a str>,
    pub(crate) what: Measurement,
}

impl<'a> Billed<'a> {
    fn of(event: &'a BillingEvent) -> Option<Self> {
        match event {
            BillingEvent::LlmUsage {
                provider, model, input_tokens, output_tokens, estimated: false, ..
            } => {
                let (prompt, completion) = (u64::from(*input_tokens), u64::from(*output_tokens));
                let usage =
                    LlmUsage { prompt, completion, total: prompt + completion, ..LlmUsage::default() };
                let what = Measurement::LlmUsage(usage);
                Some(Self { role: Role::Llm, provider, model: Some(model), what })
            }
            BillingEvent::TtsUsage { provider, char_count, .. } => {
                let what = Measurement::TtsCharacters(u64::try_from(*char_count).unwrap_or(u64::MAX));
                Some(Self { role: Role::Tts, provider, model: None, what })
            }
            BillingEvent::SttUsage { provider, audio_duration_ms, .. } => {
                let what = Measurement::SttAudioSeconds(audio_duration_ms / 1_000.0);
                Some(Self { role: Role::Stt, provider, model: None, what })
            }
            _ => None,
        }
    }
}
