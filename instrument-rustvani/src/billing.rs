//! Usage from billing events: tokens, characters and seconds of audio.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use pipecat_instrument_runtime::engine::frame::{LlmUsage, Measurement, Role};
use rustvani::{BillingCollector, BillingEvent, NoopBillingCollector};

use crate::observer::RustvaniObserver;

/// A billing collector that adds the usage of the services to the trace.
///
/// rustvani has no metrics frames: only billing events contain tokens, characters and the seconds of transcribed audio.
///
/// Create one for each conversation. Pass it to the services, and then to [`Observed::billing`] or
/// [`RustvaniObserverBuilder::billing`]. It forwards every event unchanged to another collector.
///
/// Tokens that rustvani only *estimates* (a quarter of the characters, if the provider does not report them or the response
/// was interrupted) are forwarded, but are not added to the trace.
///
/// ```
/// use rustvani::PipelineTask;
/// use pipecat_instrument_rustvani::{Billing, Observed};
/// use rustvani::{PipelineParams, SessionBilling};
/// # use rustvani::NoopBillingCollector as YourCollector;
///
/// // OpenAILLMHandler::new(config).with_billing(billing.clone()).into_processor() …
/// let billing = Billing::with_collector(std::sync::Arc::new(YourCollector));
/// let task = Observed::new(PipelineTask::new(vec![], PipelineParams::default())).billing(&billing);
/// # let _ = task;
/// ```
///
/// [`Observed::billing`]: crate::Observed::billing
/// [`RustvaniObserverBuilder::billing`]: crate::RustvaniObserverBuilder::billing
pub struct Billing {
    collector: Arc<dyn BillingCollector>,
    /// Weak, because services may outlive the conversation.
    observer: Mutex<Weak<RustvaniObserver>>,
}

impl Billing {
    /// Creates a collector that forwards every event to `collector`.
    pub fn with_collector(collector: Arc<dyn BillingCollector>) -> Arc<Self> {
        Arc::new(Self { collector, observer: Mutex::new(Weak::new()) })
    }

    /// Creates a collector that adds usage to the trace and forwards nothing.
    pub fn for_trace() -> Arc<Self> {
        Self::with_collector(Arc::new(NoopBillingCollector))
    }

    /// Reports all further events to `observer`.
    pub(crate) fn set_observer(&self, observer: &Arc<RustvaniObserver>) {
        *self.observer.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(observer);
    }

    fn observer(&self) -> Option<Arc<RustvaniObserver>> {
        self.observer.lock().unwrap_or_else(PoisonError::into_inner).upgrade()
    }
}

impl BillingCollector for Billing {
    fn record(&self, event: BillingEvent) {
        if let Some(observer) = self.observer()
            && let Some(usage) = Usage::from_event(&event)
        {
            observer.on_usage(&usage);
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

/// Usage that a service has counted, not estimated.
#[derive(Debug, PartialEq)]
pub(crate) struct Usage<'a> {
    pub(crate) role: Role,
    pub(crate) provider: &'a str,
    pub(crate) model: Option<&'a str>,
    pub(crate) value: Measurement,
}

impl<'a> Usage<'a> {
    fn from_event(event: &'a BillingEvent) -> Option<Self> {
        match event {
            BillingEvent::LlmUsage {
                provider, model, input_tokens, output_tokens, estimated: false, ..
            } => {
                let (prompt, completion) = (u64::from(*input_tokens), u64::from(*output_tokens));
                let tokens =
                    LlmUsage { prompt, completion, total: prompt + completion, ..LlmUsage::default() };
                let value = Measurement::LlmUsage(tokens);
                Some(Self { role: Role::Llm, provider, model: Some(model), value })
            }
            BillingEvent::TtsUsage { provider, char_count, .. } => {
                let value = Measurement::TtsCharacters(u64::try_from(*char_count).unwrap_or(u64::MAX));
                Some(Self { role: Role::Tts, provider, model: None, value })
            }
            BillingEvent::SttUsage { provider, audio_duration_ms, .. } => {
                let value = Measurement::SttAudioSeconds(audio_duration_ms / 1_000.0);
                Some(Self { role: Role::Stt, provider, model: None, value })
            }
            _ => None,
        }
    }
}
