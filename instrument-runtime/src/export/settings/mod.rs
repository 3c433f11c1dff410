//! What is to be set up: the environment and the code, read into plain values.
//!
//! What code says counts over a variable of traces (`OTEL_EXPORTER_OTLP_TRACES_…`), that over the general one
//! (`OTEL_EXPORTER_OTLP_…`), that over what the backend's own variables say, that over the default.

mod batch;
mod destinations;
mod limits;
mod otlp;
mod resource;
mod sampler;

pub(super) use batch::Batch;
pub(super) use destinations::Destination;
pub use destinations::ExporterKind;
pub(super) use limits::Limits;
pub use otlp::Compression;
pub(super) use otlp::OtlpSettings;

use std::path::PathBuf;
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry_sdk::trace::Sampler;

use super::env_reader::{Reader, SettingWarning};
use super::secret::Secret;
use super::{Backend, Environment, Protocol, SetupError};
use crate::emit::Preset;

/// Names a backend: where traces go, and what suits it.
const PRESET: &str = "PIPECAT_TRACE_PRESET";
/// Pipecat's own switch.
const ENABLE_TRACING: &str = "ENABLE_TRACING";
const SDK_DISABLED: &str = "OTEL_SDK_DISABLED";

/// What code has said.
#[derive(Debug, Clone, Default)]
pub(super) struct Overrides {
    pub(super) backend: Option<Backend>,
    pub(super) exporters: Option<Vec<ExporterKind>>,
    pub(super) fallback_exporters: Option<Vec<ExporterKind>>,
    /// There are backends that want a key in it.
    pub(super) endpoint: Option<Secret>,
    pub(super) protocol: Option<Protocol>,
    pub(super) headers: Vec<(String, Secret)>,
    pub(super) timeout: Option<Duration>,
    pub(super) compression: Option<Compression>,
    pub(super) certificate: Option<PathBuf>,
    pub(super) project: Option<String>,
    pub(super) service_name: Option<String>,
    pub(super) default_service_name: Option<String>,
    pub(super) service_version: Option<String>,
    pub(super) service_instance_id: Option<String>,
    pub(super) deployment: Option<String>,
    pub(super) resource_attributes: Vec<KeyValue>,
    pub(super) sampler: Option<Sampler>,
    pub(super) attribute_limit: Option<u32>,
    pub(super) batch: batch::SaidBatch,
}

/// What is to be set up.
#[derive(Debug)]
pub(super) struct Settings {
    /// The variable that switches all of it off, if one does.
    pub(super) switched_off_by: Option<&'static str>,
    pub(super) destinations: Vec<Destination>,
    pub(super) service_name: String,
    pub(super) resource: Vec<KeyValue>,
    pub(super) sampler: Sampler,
    pub(super) limits: Limits,
    pub(super) batch: Batch,
    /// What suits the backend, if one is named.
    pub(super) preset: Option<Preset>,
    pub(super) warnings: Vec<SettingWarning>,
}

impl Settings {
    /// Reads what `said` leaves open from `environment`.
    pub(super) fn read(said: &Overrides, environment: &Environment) -> Result<Self, SetupError> {
        let mut reader = Reader::new(environment);
        let switched_off_by = switched_off_by(&mut reader);
        let backend = match switched_off_by {
            // What is not used need not be right.
            Some(_) => None,
            None => backend(said, environment, &mut reader)?,
        };
        let destinations = match switched_off_by {
            Some(_) => Vec::new(),
            None => destinations::read(said, environment, &mut reader, backend)?,
        };
        let project = destinations.iter().find_map(|destination| match destination {
            Destination::Otlp(otlp) => otlp.project.clone(),
            Destination::Console => None,
        });
        let resource = resource::read(said, &mut reader, project);
        Ok(Self {
            switched_off_by,
            destinations,
            service_name: resource.service_name,
            resource: resource.attributes,
            sampler: sampler::read(said, &mut reader),
            limits: limits::read(said, &mut reader),
            batch: batch::read(said, &mut reader),
            preset: backend.and_then(Backend::preset),
            warnings: reader.into_warnings(),
        })
    }
}

/// `OTEL_SDK_DISABLED=true`, or `ENABLE_TRACING` set to anything that Pipecat's users mean by no.
fn switched_off_by(reader: &mut Reader<'_>) -> Option<&'static str> {
    if reader.flag(SDK_DISABLED) == Some(true) {
        return Some(SDK_DISABLED);
    }
    let yes_or_no = [
        ("true", true),
        ("1", true),
        ("yes", true),
        ("on", true),
        ("false", false),
        ("0", false),
        ("no", false),
        ("off", false),
    ];
    (reader.choice(ENABLE_TRACING, &yes_or_no) == Some(false)).then_some(ENABLE_TRACING)
}

/// The backend: named by code, by a variable, or known by its own variables if no endpoint says otherwise.
fn backend(
    said: &Overrides,
    environment: &Environment,
    reader: &mut Reader<'_>,
) -> Result<Option<Backend>, SetupError> {
    if let Some(backend) = said.backend {
        return Ok(Some(backend));
    }
    if let Some(name) = reader.text(PRESET) {
        return Backend::named(PRESET, name).map(Some);
    }
    // A key for one place is not sent to another that an endpoint names.
    if said.endpoint.is_some() || otlp::names_an_endpoint(environment) {
        return Ok(None);
    }
    Backend::recognized(environment)
}

#[cfg(test)]
mod tests;
