//! The metrics, and the attributes that only they have.
#![allow(deprecated, reason = "those of generative AI have moved to a specification that has no crate yet")]

use opentelemetry_semantic_conventions::metric as otel;

use super::{
    END_REASON, ERROR_TYPE, GEN_AI_OPERATION_NAME, GEN_AI_PROVIDER_NAME, GEN_AI_REQUEST_MODEL,
    LATENCY_SOURCE, SERVICE_TTFB_SOURCE,
};

/// Which stage of the user's wait: `stt`, `llm`, `tools`, `aggregation`, `tts` or `output`.
pub const LATENCY_STAGE: &str = "conversation.latency.stage";
/// Which tokens: `input` or `output`.
pub const GEN_AI_TOKEN_TYPE: &str = super::otel::GEN_AI_TOKEN_TYPE;

/// What is known of a metric: a row of `docs/metrics.md`.
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
    /// Its name.
    pub name: &'static str,
    /// What it tells.
    pub about: &'static str,
    /// What kind of instrument.
    pub kind: MetricKind,
    /// What it is counted in, as UCUM writes it.
    pub unit: &'static str,
    /// The keys of its attributes. One that says nothing of a measurement is left out there.
    pub attributes: &'static [&'static str],
}

/// What kind of instrument a metric is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MetricKind {
    /// How often which values came.
    Histogram,
    /// A sum that only grows.
    Counter,
}

/// Declares metrics with what there is to know of them, and the list of all.
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
    /// How long a turn took.
    TURN_DURATION_METRIC = "pipecat.turn.duration" => Histogram, "s", &[END_REASON];
    /// How long the user waited for the bot; zero where the bot spoke first.
    USER_TO_BOT_LATENCY_METRIC = "pipecat.turn.user_to_bot_latency" => Histogram, "s", &[LATENCY_SOURCE];
    /// Where that time went.
    LATENCY_STAGE_METRIC = "pipecat.turn.latency_stage" => Histogram, "s", &[LATENCY_STAGE];
    /// Turns in which the user cut the bot short.
    INTERRUPTIONS_METRIC = "pipecat.turn.interruptions" => Counter, "{interruption}", &[];
    /// Time to a service's first byte, as the service reports it or as its frames tell.
    SERVICE_TTFB_METRIC = "pipecat.service.ttfb" => Histogram, "s",
        &[GEN_AI_OPERATION_NAME, GEN_AI_PROVIDER_NAME, GEN_AI_REQUEST_MODEL, SERVICE_TTFB_SOURCE];
    /// How long an invocation of a model, or the synthesis of a reply, took.
    OPERATION_DURATION_METRIC = otel::GEN_AI_CLIENT_OPERATION_DURATION => Histogram, "s",
        &[GEN_AI_OPERATION_NAME, GEN_AI_PROVIDER_NAME, GEN_AI_REQUEST_MODEL, ERROR_TYPE];
    /// Time to the first piece of the answer of a model or a synthesis.
    TIME_TO_FIRST_CHUNK_METRIC = otel::GEN_AI_CLIENT_OPERATION_TIME_TO_FIRST_CHUNK => Histogram, "s",
        &[GEN_AI_OPERATION_NAME, GEN_AI_PROVIDER_NAME, GEN_AI_REQUEST_MODEL];
    /// Tokens of an invocation of a model.
    TOKEN_USAGE_METRIC = otel::GEN_AI_CLIENT_TOKEN_USAGE => Histogram, "{token}",
        &[GEN_AI_OPERATION_NAME, GEN_AI_PROVIDER_NAME, GEN_AI_REQUEST_MODEL, GEN_AI_TOKEN_TYPE];
    /// Characters that were synthesized.
    CHARACTERS_METRIC = "pipecat.tts.characters" => Counter, "{character}",
        &[GEN_AI_OPERATION_NAME, GEN_AI_PROVIDER_NAME, GEN_AI_REQUEST_MODEL];
    /// Audio that was transcribed.
    TRANSCRIBED_METRIC = "pipecat.stt.audio_time" => Counter, "s",
        &[GEN_AI_OPERATION_NAME, GEN_AI_PROVIDER_NAME, GEN_AI_REQUEST_MODEL];
    /// How long a function call took.
    TOOL_DURATION_METRIC = "pipecat.tool.duration" => Histogram, "s", &[ERROR_TYPE];
    /// Errors of services, of function calls (`execute_tool`) and of the pipeline (`invoke_agent`).
    ERRORS_METRIC = "pipecat.errors" => Counter, "{error}",
        &[GEN_AI_OPERATION_NAME, GEN_AI_PROVIDER_NAME, GEN_AI_REQUEST_MODEL, ERROR_TYPE];
    /// Events that frame logs of this process lack, because their writer could not keep up.
    LOST_EVENTS_METRIC = "pipecat.observer.frame_log.lost" => Counter, "{event}", &[];
    /// Panics that observers of this process kept away from pipelines.
    PANICS_METRIC = "pipecat.observer.panics" => Counter, "{panic}", &[];
}

/// Every metric, in the order of `docs/metrics.md`.
pub fn metrics() -> impl Iterator<Item = &'static MetricInfo> {
    TABLE.iter()
}
