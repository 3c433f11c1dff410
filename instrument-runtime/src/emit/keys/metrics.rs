//! The metrics, and the keys that only metrics have.
//!
//! See [Metrics](https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#metrics).
#![allow(deprecated, reason = "those of generative AI have moved to a specification that has no crate yet")]

use opentelemetry_semantic_conventions::metric as otel;

use super::{
    END_REASON, ERROR_TYPE, GEN_AI_OPERATION_NAME, GEN_AI_PROVIDER_NAME, GEN_AI_REQUEST_MODEL,
    LATENCY_SOURCE, SERVICE_TTFB_SOURCE,
};

/// The stage of the user's wait: `stt`, `llm`, `tools`, `aggregation`, `tts` or `output`.
pub const LATENCY_STAGE: &str = "conversation.latency.stage";
/// The kind of tokens: `input` or `output`.
pub const GEN_AI_TOKEN_TYPE: &str = super::otel::GEN_AI_TOKEN_TYPE;

/// The declaration of a metric: a row of `docs/metrics.md`.
///
/// ```
/// use pipecat_instrument_runtime::emit::keys::{self, MetricKind};
///
/// let latency = keys::USER_TO_BOT_LATENCY_METRIC;
/// assert_eq!((latency.kind, latency.unit), (MetricKind::Histogram, "s"));
/// assert!(keys::metrics().any(|metric| metric.name == "gen_ai.client.token.usage"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct MetricInfo {
    /// The name.
    pub name: &'static str,
    /// A description.
    pub about: &'static str,
    /// The kind of instrument.
    pub kind: MetricKind,
    /// The unit, in UCUM notation.
    pub unit: &'static str,
    /// The keys of its attributes. A measurement omits those without a value.
    pub attributes: &'static [&'static str],
}

/// A kind of instrument.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MetricKind {
    /// A distribution of values.
    Histogram,
    /// A sum that only grows.
    Counter,
}

/// Declares metrics, and the list of all declarations.
macro_rules! metrics {
    ($($(#[doc = $doc:literal])+ $name:ident = $metric:expr => $kind:ident, $unit:literal, $attributes:expr;)+) => {
        $($(#[doc = $doc])+ pub const $name: MetricInfo = MetricInfo {
            name: $metric,
            about: concat!($($doc),+),
            kind: MetricKind::$kind,
            unit: $unit,
            attributes: $attributes,
        };)+

        const TABLE: &[MetricInfo] = &[$($name),+];
    };
}

metrics! {
    /// Duration of a turn.
    TURN_DURATION_METRIC = "pipecat.turn.duration" => Histogram, "s", &[END_REASON];
    /// Time that the user waited for the bot to speak; zero if the bot spoke first.
    USER_TO_BOT_LATENCY_METRIC = "pipecat.turn.user_to_bot_latency" => Histogram, "s", &[LATENCY_SOURCE];
    /// Duration of one stage of the user's wait.
    LATENCY_STAGE_METRIC = "pipecat.turn.latency_stage" => Histogram, "s", &[LATENCY_STAGE];
    /// Turns in which the user interrupted the bot.
    INTERRUPTIONS_METRIC = "pipecat.turn.interruptions" => Counter, "{interruption}", &[];
    /// Time to a service's first byte, reported by the service or measured from its frames.
    SERVICE_TTFB_METRIC = "pipecat.service.ttfb" => Histogram, "s",
        &[GEN_AI_OPERATION_NAME, GEN_AI_PROVIDER_NAME, GEN_AI_REQUEST_MODEL, SERVICE_TTFB_SOURCE];
    /// Duration of an LLM call or a synthesis.
    OPERATION_DURATION_METRIC = otel::GEN_AI_CLIENT_OPERATION_DURATION => Histogram, "s",
        &[GEN_AI_OPERATION_NAME, GEN_AI_PROVIDER_NAME, GEN_AI_REQUEST_MODEL, ERROR_TYPE];
    /// Time to the first piece of an LLM response or a synthesis.
    TIME_TO_FIRST_CHUNK_METRIC = otel::GEN_AI_CLIENT_OPERATION_TIME_TO_FIRST_CHUNK => Histogram, "s",
        &[GEN_AI_OPERATION_NAME, GEN_AI_PROVIDER_NAME, GEN_AI_REQUEST_MODEL];
    /// Tokens of an LLM call.
    TOKEN_USAGE_METRIC = otel::GEN_AI_CLIENT_TOKEN_USAGE => Histogram, "{token}",
        &[GEN_AI_OPERATION_NAME, GEN_AI_PROVIDER_NAME, GEN_AI_REQUEST_MODEL, GEN_AI_TOKEN_TYPE];
    /// Synthesized characters.
    CHARACTERS_METRIC = "pipecat.tts.characters" => Counter, "{character}",
        &[GEN_AI_OPERATION_NAME, GEN_AI_PROVIDER_NAME, GEN_AI_REQUEST_MODEL];
    /// Duration of transcribed audio.
    TRANSCRIBED_METRIC = "pipecat.stt.audio_time" => Counter, "s",
        &[GEN_AI_OPERATION_NAME, GEN_AI_PROVIDER_NAME, GEN_AI_REQUEST_MODEL];
    /// Duration of a tool call.
    TOOL_DURATION_METRIC = "pipecat.tool.duration" => Histogram, "s", &[ERROR_TYPE];
    /// Errors of services, tool calls (`execute_tool`) and the pipeline (`invoke_agent`).
    ERRORS_METRIC = "pipecat.errors" => Counter, "{error}",
        &[GEN_AI_OPERATION_NAME, GEN_AI_PROVIDER_NAME, GEN_AI_REQUEST_MODEL, ERROR_TYPE];
    /// Events missing from the frame logs of this process, because their writer could not keep up.
    LOST_EVENTS_METRIC = "pipecat.observer.frame_log.lost" => Counter, "{event}", &[];
    /// Panics in this process's observers, caught before they reached a pipeline.
    PANICS_METRIC = "pipecat.observer.panics" => Counter, "{panic}", &[];
    /// Spans dropped before they started, because an exporter or a span processor blocked.
    DROPPED_SPANS_METRIC = "pipecat.observer.spans.dropped" => Counter, "{span}", &[];
}

/// Returns every metric, in the order of `docs/metrics.md`.
pub fn metrics() -> impl Iterator<Item = &'static MetricInfo> {
    TABLE.iter()
}
