//! Code and environment, parsed into the settings of one setup. See [Precedence](super#precedence).

mod otlp;
mod resource;

pub use otlp::Compression;
pub(super) use otlp::OtlpSettings;
#[cfg(feature = "otlp")]
pub(super) use otlp::PemFile;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{Sampler, SpanLimits};

use super::env_reader::{EnvReader, SettingWarning};
use super::{Backend, Environment, SetupBuilder, SetupError};
use crate::emit::Preset;

const PRESET: &str = "PIPECAT_TRACE_PRESET";
/// Pipecat's own switch.
const ENABLE_TRACING: &str = "ENABLE_TRACING";
const SDK_DISABLED: &str = "OTEL_SDK_DISABLED";
const TRACES_EXPORTER: &str = "OTEL_TRACES_EXPORTER";
/// Pipecat's own variable.
const CONSOLE_EXPORT: &str = "OTEL_CONSOLE_EXPORT";
const SAMPLER: &str = "OTEL_TRACES_SAMPLER";
const SAMPLER_ARG: &str = "OTEL_TRACES_SAMPLER_ARG";
const MAX_QUEUE_SIZE: &str = "OTEL_BSP_MAX_QUEUE_SIZE";
const MAX_QUEUE_BYTES: &str = "PIPECAT_TRACE_MAX_QUEUE_BYTES";
const SPOOL_DIR: &str = "PIPECAT_TRACE_SPOOL_DIR";
const SPOOL_MAX_BYTES: &str = "PIPECAT_TRACE_SPOOL_MAX_BYTES";
const MAX_EXPORT_BATCH_SIZE: &str = "OTEL_BSP_MAX_EXPORT_BATCH_SIZE";
const SCHEDULE_DELAY: &str = "OTEL_BSP_SCHEDULE_DELAY";
const EXPORT_TIMEOUT: &str = "OTEL_BSP_EXPORT_TIMEOUT";

/// The specification's default of 128 is reached by some forty exchanges; a call of an hour has hundreds.
const DEFAULT_MAX_ATTRIBUTES: u32 = 1024;
/// The specification's default of 2,048 is too small for a burst of 5,000 spans.
const DEFAULT_MAX_QUEUE_SPANS: usize = 65_536;
/// Eight times the default of the queue.
const DEFAULT_SPOOL_BYTES: u64 = 1024 * 1024 * 1024;
/// The specification's default is 5 s. Here, a turn appears as soon as it is over.
const DEFAULT_SCHEDULE_DELAY: Duration = Duration::from_secs(1);

/// The settings of one setup.
#[derive(Debug)]
pub(super) struct Settings {
    /// The variable that disables tracing, if one does. There are no destinations then.
    pub(super) disabled_by: Option<&'static str>,
    pub(super) destinations: Vec<Destination>,
    pub(super) resource: Resource,
    pub(super) sampler: Sampler,
    pub(super) span_limits: SpanLimits,
    /// Maximum length of a text attribute, in characters.
    pub(super) max_value_length: Option<usize>,
    pub(super) batch: BatchSettings,
    pub(super) spool: Option<SpoolSettings>,
    pub(super) preset: Option<Preset>,
    pub(super) warnings: Vec<SettingWarning>,
}

/// A destination of spans.
#[derive(Debug, Clone)]
pub(super) enum Destination {
    /// Standard output, as trees.
    Console,
    /// A backend, or a collector in front of one.
    Otlp(Arc<OtlpSettings>),
}

/// A kind of exporter, as in `OTEL_TRACES_EXPORTER`.
///
/// ```
/// # mod pipecat_instrument { pub use pipecat_instrument_runtime::export as setup; }
/// use pipecat_instrument::setup::{self, ExporterKind, SetupError};
/// # use pipecat_instrument::setup::Environment;
///
/// let setup = setup::builder()
/// #   .environment(Environment::default())
///     .exporters([ExporterKind::Console])
///     .service_name("desk")
///     .build()?;
/// assert_eq!(setup.to_string(), "Traces of desk go to the console.");
/// # Ok::<(), SetupError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExporterKind {
    /// OTLP, to a backend or to a collector in front of one.
    Otlp,
    /// Standard output, as trees.
    Console,
}

/// The limits of the queue and of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BatchSettings {
    pub(super) max_queue_spans: usize,
    pub(super) max_queue_bytes: usize,
    pub(super) max_batch_spans: usize,
    /// The longest time that a span waits for others to share its request.
    pub(super) schedule_delay: Duration,
}

/// The directory for spans that could not be sent, and its limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SpoolSettings {
    pub(super) directory: PathBuf,
    pub(super) max_bytes: u64,
}

impl Settings {
    /// Reads from `environment` what code leaves open.
    pub(super) fn read(code: &SetupBuilder, environment: &Environment) -> Result<Self, SetupError> {
        let mut reader = EnvReader::new(environment);
        let disabled_by = disabled_by(&mut reader);
        let (backend, destinations) = if disabled_by.is_some() {
            // Settings that are not used are not checked.
            (None, Vec::new())
        } else {
            let backend = backend(code, &mut reader)?;
            (backend, destinations(code, &mut reader, backend)?)
        };
        let project = destinations.iter().find_map(|destination| match destination {
            Destination::Otlp(otlp) => otlp.project.as_deref(),
            Destination::Console => None,
        });
        let resource = resource::read(code, &mut reader, project);
        let sampler = sampler(code, &mut reader);
        let span_limits = span_limits(code, &mut reader);
        let max_value_length = reader.first_number(
            &["OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT"],
            "characters, such as 8000",
        );
        let batch = batch_settings(code, &mut reader);
        let spool = spool_settings(code, &mut reader);
        Ok(Self {
            disabled_by,
            destinations,
            resource,
            sampler,
            span_limits,
            max_value_length: max_value_length.and_then(|length| usize::try_from(length).ok()),
            batch,
            spool,
            preset: backend.and_then(Backend::preset),
            warnings: reader.into_warnings(),
        })
    }
}

impl Destination {
    /// Returns the name for messages: `Phoenix at http://localhost:6006/v1/traces`.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Console => "the console".to_owned(),
            Self::Otlp(settings) => {
                let url = settings.endpoint.display_url();
                settings.backend.map_or_else(|| url.to_owned(), |backend| format!("{backend} at {url}"))
            }
        }
    }
}

/// Returns the variable that disables tracing: `OTEL_SDK_DISABLED=true`, or `ENABLE_TRACING` set to any common word for no.
fn disabled_by(reader: &mut EnvReader<'_>) -> Option<&'static str> {
    if reader.flag(SDK_DISABLED) == Some(true) {
        return Some(SDK_DISABLED);
    }
    let words = [
        ("true", true),
        ("1", true),
        ("yes", true),
        ("on", true),
        ("false", false),
        ("0", false),
        ("no", false),
        ("off", false),
    ];
    (reader.choice(ENABLE_TRACING, &words) == Some(false)).then_some(ENABLE_TRACING)
}

/// Returns the backend named by code or by `PIPECAT_TRACE_PRESET`, else the one whose variables are set.
///
/// With an endpoint, only a name counts: a key for one backend must not be sent to another.
fn backend(code: &SetupBuilder, reader: &mut EnvReader<'_>) -> Result<Option<Backend>, SetupError> {
    if code.backend.is_some() {
        return Ok(code.backend);
    }
    if let Some(name) = reader.text(PRESET) {
        return Backend::parse(PRESET, name).map(Some);
    }
    if has_endpoint(code, reader) {
        return Ok(None);
    }
    Backend::detect(reader.environment())
}

fn has_endpoint(code: &SetupBuilder, reader: &EnvReader<'_>) -> bool {
    code.endpoint.is_some() || otlp::ENDPOINT.iter().any(|name| reader.environment().get(name).is_some())
}

fn destinations(
    code: &SetupBuilder,
    reader: &mut EnvReader<'_>,
    backend: Option<Backend>,
) -> Result<Vec<Destination>, SetupError> {
    let mut kinds = match &code.exporters {
        Some(kinds) => kinds.clone(),
        None => exporters_variable(reader).unwrap_or_else(|| default_exporters(code, reader, backend)),
    };
    if code.exporters.is_none() && reader.flag(CONSOLE_EXPORT) == Some(true) {
        kinds.push(ExporterKind::Console);
    }
    let mut destinations = Vec::new();
    for (index, kind) in kinds.iter().enumerate() {
        if kinds[..index].contains(kind) {
            continue;
        }
        destinations.push(match kind {
            ExporterKind::Otlp => Destination::Otlp(Arc::new(otlp::read(code, reader, backend)?)),
            ExporterKind::Console => Destination::Console,
        });
    }
    Ok(destinations)
}

/// Returns OTLP, or the fallback of code if nothing names a backend.
fn default_exporters(
    code: &SetupBuilder,
    reader: &EnvReader<'_>,
    backend: Option<Backend>,
) -> Vec<ExporterKind> {
    match &code.fallback_exporters {
        Some(kinds) if backend.is_none() && !has_endpoint(code, reader) => kinds.clone(),
        _ => vec![ExporterKind::Otlp],
    }
}

/// Parses `OTEL_TRACES_EXPORTER`. Unknown words are ignored with a warning; without any known word, so is the variable.
fn exporters_variable(reader: &mut EnvReader<'_>) -> Option<Vec<ExporterKind>> {
    let text = reader.text(TRACES_EXPORTER)?;
    let mut kinds = Vec::new();
    let mut has_none = false;
    for word in text.split(',').map(str::trim).filter(|word| !word.is_empty()) {
        match word.to_ascii_lowercase().as_str() {
            "otlp" => kinds.push(ExporterKind::Otlp),
            "console" | "stdout" => kinds.push(ExporterKind::Console),
            "none" => has_none = true,
            _ => reader.warn(
                TRACES_EXPORTER,
                format!("names the unknown exporter {word:?}: choose from otlp, console, none"),
            ),
        }
    }
    (has_none || !kinds.is_empty()).then_some(kinds)
}

fn sampler(code: &SetupBuilder, reader: &mut EnvReader<'_>) -> Sampler {
    if let Some(sampler) = &code.sampler {
        return sampler.clone();
    }
    let names = [
        "parentbased_always_on",
        "parentbased_always_off",
        "parentbased_traceidratio",
        "always_on",
        "always_off",
        "traceidratio",
    ];
    let name = reader.choice(SAMPLER, &names.map(|name| (name, name))).unwrap_or(names[0]);
    let root = match name.trim_start_matches("parentbased_") {
        "always_off" => Sampler::AlwaysOff,
        "traceidratio" => Sampler::TraceIdRatioBased(sampler_ratio(reader)),
        _ => Sampler::AlwaysOn,
    };
    if name.starts_with("parentbased_") { Sampler::ParentBased(Box::new(root)) } else { root }
}

/// Returns a ratio from 0 to 1; 1 if the variable is not set or invalid.
fn sampler_ratio(reader: &mut EnvReader<'_>) -> f64 {
    let Some(text) = reader.text(SAMPLER_ARG) else { return 1.0 };
    let ratio = text.parse().ok().filter(|ratio| (0.0..=1.0).contains(ratio));
    ratio.unwrap_or_else(|| {
        reader.warn_ignored(SAMPLER_ARG, text, "a ratio from 0 to 1, such as 0.1");
        1.0
    })
}

fn span_limits(code: &SetupBuilder, reader: &mut EnvReader<'_>) -> SpanLimits {
    let attributes = reader.first_number(
        &["OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "OTEL_ATTRIBUTE_COUNT_LIMIT"],
        "attributes, such as 1024",
    );
    let mut limits = SpanLimits {
        max_attributes_per_span: code.max_attributes.or(attributes).unwrap_or(DEFAULT_MAX_ATTRIBUTES),
        ..SpanLimits::default()
    };
    for (variable, unit, limit) in [
        ("OTEL_SPAN_EVENT_COUNT_LIMIT", "events", &mut limits.max_events_per_span),
        ("OTEL_SPAN_LINK_COUNT_LIMIT", "links", &mut limits.max_links_per_span),
        ("OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", "attributes", &mut limits.max_attributes_per_event),
        ("OTEL_LINK_ATTRIBUTE_COUNT_LIMIT", "attributes", &mut limits.max_attributes_per_link),
    ] {
        *limit = reader.first_number(&[variable], &format!("{unit}, such as 128")).unwrap_or(*limit);
    }
    limits
}

fn batch_settings(code: &SetupBuilder, reader: &mut EnvReader<'_>) -> BatchSettings {
    if reader.text(EXPORT_TIMEOUT).is_some() {
        reader
            .warn(EXPORT_TIMEOUT, "has no effect: set OTEL_EXPORTER_OTLP_TIMEOUT, the limit of one request");
    }
    let mut number = |set_by_code: Option<usize>, variable, unit, default: usize| {
        let set_by_code = set_by_code.filter(|number| *number > 0);
        set_by_code
            .or_else(|| reader.number(variable, 1, &format!("{unit}, such as {default}")))
            .unwrap_or(default)
    };
    let max_queue_spans = number(code.max_queue_spans, MAX_QUEUE_SIZE, "spans", DEFAULT_MAX_QUEUE_SPANS);
    let max_queue_bytes = number(code.max_queue_bytes, MAX_QUEUE_BYTES, "bytes", 128 * 1024 * 1024);
    let max_batch_spans = number(code.max_batch_spans, MAX_EXPORT_BATCH_SIZE, "spans", 512);
    if max_batch_spans > max_queue_spans {
        reader.warn(MAX_EXPORT_BATCH_SIZE, format!("is more than {MAX_QUEUE_SIZE} and is lowered to it"));
    }
    let delay = code.schedule_delay.or_else(|| reader.milliseconds(SCHEDULE_DELAY));
    BatchSettings {
        max_queue_spans,
        max_queue_bytes,
        max_batch_spans: max_batch_spans.min(max_queue_spans),
        schedule_delay: delay.unwrap_or(DEFAULT_SCHEDULE_DELAY),
    }
}

fn spool_settings(code: &SetupBuilder, reader: &mut EnvReader<'_>) -> Option<SpoolSettings> {
    if code.spool.is_some() {
        return code.spool.clone();
    }
    let max_bytes = reader.number(SPOOL_MAX_BYTES, 1, "bytes, such as 1073741824");
    let Some(directory) = reader.text(SPOOL_DIR) else {
        if max_bytes.is_some() {
            reader.warn(SPOOL_MAX_BYTES, format!("has no effect: set {SPOOL_DIR}, too"));
        }
        return None;
    };
    Some(SpoolSettings { directory: directory.into(), max_bytes: max_bytes.unwrap_or(DEFAULT_SPOOL_BYTES) })
}

#[cfg(test)]
mod tests;
