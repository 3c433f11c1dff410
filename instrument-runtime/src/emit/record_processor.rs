//! Who wants the numbers of a conversation besides its spans.

use std::fmt::Debug;

use crate::engine::record::SpanRecord;

/// Is shown every record when it is over: for what is counted over many conversations.
///
/// Turns that the sampler dropped are shown as well, or the figures would depend on it. Of what their models were sent,
/// their records tell nothing.
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
///
/// use pipecat_instrument_runtime::engine::record::{SpanDetails, EndReason, SpanRecord};
/// use pipecat_instrument_runtime::emit::RecordProcessor;
///
/// /// How often users cut the bot short.
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
    /// A span is over. Called while its conversation is locked: it must be quick.
    fn on_end(&self, record: &SpanRecord);
}
