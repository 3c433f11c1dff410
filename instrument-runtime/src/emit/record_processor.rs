//! A hook that receives every finished record.

use std::fmt::Debug;

use crate::engine::record::SpanRecord;

/// Receives every finished record, for figures over many conversations.
///
/// Requests to models are copied without what the privacy settings hide; other texts are not redacted yet.
///
/// It also receives the records of turns that the sampler dropped, so that figures do not depend on sampling. The LLM
/// records of such turns carry no request messages.
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
///
/// use pipecat_instrument_runtime::engine::record::{SpanDetails, EndReason, SpanRecord};
/// use pipecat_instrument_runtime::emit::RecordProcessor;
///
/// /// Counts the turns in which the user interrupted the bot.
/// #[derive(Debug, Default)]
/// struct Interruptions(AtomicU64);
///
/// impl RecordProcessor for Interruptions {
///     fn on_end(&self, record: &SpanRecord) {
///         if let SpanDetails::Turn(turn) = &record.details
///             && turn.end_reason == EndReason::Interrupted
///         {
///             self.0.fetch_add(1, Ordering::Relaxed);
///         }
///     }
/// }
/// ```
pub trait RecordProcessor: Debug + Send + Sync {
    /// Called when a span ends, before it is redacted. May run on the thread of a pipeline, so it must be quick.
    fn on_end(&self, record: &SpanRecord);
}
