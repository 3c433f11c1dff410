//! The runtime of `pipecat-instrument`: turns the frames of a voice agent's pipeline into OpenTelemetry spans.
//!
//! Programs depend on the facade, `pipecat-instrument`. Adapters for frameworks depend on this crate. Each module uses only
//! modules below it:
//!
//! | module | subject |
//! |---|---|
//! | `testing` | conformance suite for adapters, synthetic conversations (feature `testing`) |
//! | `traced` | runtime support for `#[traced_stt]`, `#[traced_llm]` and `#[traced_tts]` |
//! | [`instrumentor`] | the process-wide switch, its builder, the registry of annotated types |
//! | [`observer`] | observes a conversation: hops in, spans out; has the only lock and the only clock |
//! | `export` | tracer providers from the environment; delivery and its report (feature `setup`) |
//! | `console` | spans printed as trees (feature `setup`) |
//! | [`frame_log`] | writes, reads and replays frame logs |
//! | [`emit`] | converts finished records to OpenTelemetry spans and metrics |
//! | `catch_panic` | catches and counts panics before they reach a pipeline |
//! | [`privacy`] | hides content in records and frames before they are written |
//! | [`json`] | chat contexts and JSON from `serde_json` |
//! | `process` | values that each process has of its own, for children of `fork` |
//! | `sync` | locks and atomics of std, or loom's models of them |
//! | [`engine`] | the rules: pure, std only, without clock or lock |

#[doc(hidden)]
pub mod __private;
mod catch_panic;
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
mod process;
mod sync;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod traced;
