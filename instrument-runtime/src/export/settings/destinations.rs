//! Where spans go: `OTEL_TRACES_EXPORTER`, and Pipecat's `OTEL_CONSOLE_EXPORT`.

use super::{OtlpSettings, Overrides, otlp};
use crate::export::env_reader::Reader;
use crate::export::{Backend, Environment, SetupError};

const TRACES_EXPORTER: &str = "OTEL_TRACES_EXPORTER";
const CONSOLE_EXPORT: &str = "OTEL_CONSOLE_EXPORT";

/// A place that spans go to.
#[derive(Debug)]
pub(in crate::export) enum Destination {
    /// A backend, or a collector before one.
    Otlp(Box<OtlpSettings>),
    /// Standard output, as trees.
    Console,
}

/// What kind of exporter: one of `OTEL_TRACES_EXPORTER`.
///
/// ```
/// use pipecat_instrument_runtime::export::{self as setup, Environment, ExporterKind, SetupError};
///
/// let setup = setup::builder()
///     .environment(Environment::default())
///     .exporters([ExporterKind::Console])
///     .service_name("desk")
///     .build()?;
/// assert_eq!(setup.to_string(), "Traces of desk go to the console.");
/// # Ok::<(), SetupError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExporterKind {
    /// To a backend, or a collector before one.
    Otlp,
    /// To standard output, as trees.
    Console,
}

pub(super) fn read(
    said: &Overrides,
    environment: &Environment,
    reader: &mut Reader<'_>,
    backend: Option<Backend>,
) -> Result<Vec<Destination>, SetupError> {
    let mut kinds = match &said.exporters {
        Some(kinds) => kinds.clone(),
        None => from_variable(reader).unwrap_or_else(|| by_default(said, environment, backend)),
    };
    if said.exporters.is_none() && reader.flag(CONSOLE_EXPORT) == Some(true) {
        kinds.push(ExporterKind::Console);
    }
    let mut destinations = Vec::new();
    for (index, kind) in kinds.iter().enumerate() {
        if kinds[..index].contains(kind) {
            continue;
        }
        destinations.push(match kind {
            ExporterKind::Otlp => {
                Destination::Otlp(Box::new(otlp::read(said, environment, reader, backend)?))
            }
            ExporterKind::Console => Destination::Console,
        });
    }
    Ok(destinations)
}

/// A backend, or what code wants instead if nothing names one.
fn by_default(said: &Overrides, environment: &Environment, backend: Option<Backend>) -> Vec<ExporterKind> {
    let is_named = backend.is_some() || said.endpoint.is_some() || otlp::names_an_endpoint(environment);
    match &said.fallback_exporters {
        Some(kinds) if !is_named => kinds.clone(),
        _ => vec![ExporterKind::Otlp],
    }
}

/// A list, if one is given. What is no exporter is warned of and left out; if nothing is left, none is given.
fn from_variable(reader: &mut Reader<'_>) -> Option<Vec<ExporterKind>> {
    let text = reader.text(TRACES_EXPORTER)?;
    let mut kinds = Vec::new();
    let mut says_none = false;
    for word in text.split(',').map(str::trim).filter(|word| !word.is_empty()) {
        match word.to_ascii_lowercase().as_str() {
            "otlp" => kinds.push(ExporterKind::Otlp),
            "console" | "stdout" => kinds.push(ExporterKind::Console),
            "none" => says_none = true,
            _ => reader.warn(
                TRACES_EXPORTER,
                format!("names {word:?}, which is no exporter: choose from otlp, console, none"),
            ),
        }
    }
    (says_none || !kinds.is_empty()).then_some(kinds)
}
