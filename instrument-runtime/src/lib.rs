//! The runtime of `pipecat-instrument`: from the frames of a voice agent's pipeline to OpenTelemetry spans.
//!
//! Users take the facade, `pipecat-instrument`; adapters for frameworks take this. Arrows point down only:
//!
//! | module | subject |
//! |---|---|
//! | `traced` | what `#[traced_llm]` and its like make of a function |
//! | [`instrumentor`] | the process-wide switch, its builder, the registry of annotated types |
//! | [`observer`] | one conversation: hops in, spans out; the only place with a lock |
//! | `export` | tracer providers from the environment; delivery and its report (feature `setup`) |
//! | `console` | spans printed as trees (feature `setup`) |
//! | [`frame_log`] | the frame log: written, read, replayed |
//! | [`emit`] | finished records to OpenTelemetry spans |
//! | [`privacy`] | what may leave: nothing is written of a record or a frame but what it lets out |
//! | [`json`] | chat contexts and JSON from `serde_json` |
//! | `sync` | locks and atomics: std's, and under loom its models of them |
//! | [`engine`] | the rules: pure, with no clock and no lock |

#[doc(hidden)]
pub mod __private;
#[cfg(feature = "setup")]
pub mod console;
pub mod emit;
pub mod engine;
#[cfg(feature = "setup")]
pub mod export;
pub mod frame_log;
pub mod instrumentor;
pub mod json;
pub mod observer;
pub mod privacy;
mod sync;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod traced;
