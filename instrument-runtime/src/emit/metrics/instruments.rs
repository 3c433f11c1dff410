//! Instruments and their histogram boundaries.

use opentelemetry::metrics::{Counter, Histogram, Meter};

use crate::emit::keys::{self, MetricInfo};

/// Boundaries in seconds for the duration of a turn.
const TURN_SECONDS: [f64; 16] =
    [0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 7.5, 10.0, 15.0, 20.0, 30.0, 45.0, 60.0, 90.0, 120.0, 300.0];

/// Boundaries in seconds for the user's wait. Dense up to two seconds, where users notice the difference.
const WAIT_SECONDS: [f64; 18] =
    [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 6.0, 10.0];

/// Boundaries in seconds for a latency stage, usually some tenths of a second.
const STAGE_SECONDS: [f64; 18] =
    [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0];

/// Boundaries in seconds that OpenTelemetry's conventions for generative AI recommend for durations.
const OPERATION_SECONDS: [f64; 14] =
    [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];

/// Boundaries that these conventions recommend for token counts.
#[rustfmt::skip]
const TOKENS: [f64; 14] = [
    1.0, 4.0, 16.0, 64.0, 256.0, 1_024.0, 4_096.0, 16_384.0, 65_536.0, 262_144.0,
    1_048_576.0, 4_194_304.0, 16_777_216.0, 67_108_864.0,
];

/// One instrument for each metric that is recorded from records.
pub(super) struct Instruments {
    pub(super) turn_duration: Histogram<f64>,
    pub(super) user_to_bot_latency: Histogram<f64>,
    pub(super) latency_stage: Histogram<f64>,
    pub(super) interruptions: Counter<u64>,
    pub(super) ttfb: Histogram<f64>,
    pub(super) operation_duration: Histogram<f64>,
    pub(super) time_to_first_chunk: Histogram<f64>,
    pub(super) tokens: Histogram<u64>,
    pub(super) characters: Counter<u64>,
    pub(super) transcribed: Counter<f64>,
    pub(super) tool_duration: Histogram<f64>,
    pub(super) errors: Counter<u64>,
}

impl Instruments {
    pub(super) fn new(meter: &Meter) -> Self {
        Self {
            turn_duration: seconds(meter, &keys::TURN_DURATION_METRIC, &TURN_SECONDS),
            user_to_bot_latency: seconds(meter, &keys::USER_TO_BOT_LATENCY_METRIC, &WAIT_SECONDS),
            latency_stage: seconds(meter, &keys::LATENCY_STAGE_METRIC, &STAGE_SECONDS),
            interruptions: counter(meter, &keys::INTERRUPTIONS_METRIC),
            ttfb: seconds(meter, &keys::SERVICE_TTFB_METRIC, &STAGE_SECONDS),
            operation_duration: seconds(meter, &keys::OPERATION_DURATION_METRIC, &OPERATION_SECONDS),
            time_to_first_chunk: seconds(meter, &keys::TIME_TO_FIRST_CHUNK_METRIC, &STAGE_SECONDS),
            tokens: tokens(meter),
            characters: counter(meter, &keys::CHARACTERS_METRIC),
            transcribed: total_seconds(meter, &keys::TRANSCRIBED_METRIC),
            tool_duration: seconds(meter, &keys::TOOL_DURATION_METRIC, &OPERATION_SECONDS),
            errors: counter(meter, &keys::ERRORS_METRIC),
        }
    }
}

/// Reports `count` as `metric` whenever metrics are collected.
pub(super) fn observe(meter: &Meter, metric: &MetricInfo, count: fn() -> u64) {
    // The provider keeps the callback; the handle has no use.
    let _ = meter
        .u64_observable_counter(metric.name)
        .with_description(metric.about.trim())
        .with_unit(metric.unit)
        .with_callback(move |observer| observer.observe(count(), &[]))
        .build();
}

fn seconds(meter: &Meter, metric: &MetricInfo, boundaries: &[f64]) -> Histogram<f64> {
    meter
        .f64_histogram(metric.name)
        .with_description(metric.about.trim())
        .with_unit(metric.unit)
        .with_boundaries(boundaries.to_vec())
        .build()
}

fn tokens(meter: &Meter) -> Histogram<u64> {
    let metric = &keys::TOKEN_USAGE_METRIC;
    meter
        .u64_histogram(metric.name)
        .with_description(metric.about.trim())
        .with_unit(metric.unit)
        .with_boundaries(TOKENS.to_vec())
        .build()
}

fn counter(meter: &Meter, metric: &MetricInfo) -> Counter<u64> {
    meter.u64_counter(metric.name).with_description(metric.about.trim()).with_unit(metric.unit).build()
}

fn total_seconds(meter: &Meter, metric: &MetricInfo) -> Counter<f64> {
    meter.f64_counter(metric.name).with_description(metric.about.trim()).with_unit(metric.unit).build()
}
