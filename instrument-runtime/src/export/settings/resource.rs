//! The resource, which describes the sending process: `OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES`.

use std::path::Path;

use opentelemetry::KeyValue;
use opentelemetry_sdk::Resource;
use opentelemetry_semantic_conventions::attribute as otel;
use percent_encoding::percent_decode_str;
use uuid::Uuid;

use crate::emit::keys;
use crate::export::SetupBuilder;
use crate::export::env_reader::EnvReader;

const SERVICE_NAME: &str = "OTEL_SERVICE_NAME";
const RESOURCE_ATTRIBUTES: &str = "OTEL_RESOURCE_ATTRIBUTES";

/// Builds the resource. Of attributes with one key the last wins: defaults, backend, variables, code.
pub(super) fn read(code: &SetupBuilder, reader: &mut EnvReader<'_>, project: Option<&str>) -> Resource {
    let service_name = code.default_service_name.clone().unwrap_or_else(unknown_service);
    let mut attributes = vec![
        KeyValue::new(otel::SERVICE_NAME, service_name),
        KeyValue::new(otel::SERVICE_INSTANCE_ID, Uuid::new_v4().to_string()),
        KeyValue::new(otel::TELEMETRY_SDK_NAME, "opentelemetry"),
        KeyValue::new(otel::TELEMETRY_SDK_LANGUAGE, "rust"),
        KeyValue::new(otel::TELEMETRY_DISTRO_NAME, "pipecat-instrument"),
        KeyValue::new(otel::TELEMETRY_DISTRO_VERSION, env!("CARGO_PKG_VERSION")),
    ];
    attributes.extend(project.map(|project| KeyValue::new(keys::PROJECT_NAME, project.to_owned())));
    attributes.extend(attributes_variable(reader));
    attributes
        .extend(reader.text(SERVICE_NAME).map(|name| KeyValue::new(otel::SERVICE_NAME, name.to_owned())));
    attributes.extend(code.resource_attributes.iter().cloned());
    for (key, value) in [
        (otel::SERVICE_NAME, &code.service_name),
        (otel::SERVICE_VERSION, &code.service_version),
        (otel::SERVICE_INSTANCE_ID, &code.service_instance_id),
        (otel::DEPLOYMENT_ENVIRONMENT_NAME, &code.deployment),
        (keys::PROJECT_NAME, &code.project),
    ] {
        attributes.extend(value.clone().map(|value| KeyValue::new(key, value)));
    }
    Resource::builder_empty().with_attributes(attributes).build()
}

/// Returns `unknown_service:` and the name of the program, as in the specification.
fn unknown_service() -> String {
    let program = std::env::args_os().next();
    let name = program.as_deref().map(Path::new).and_then(Path::file_name);
    name.map_or("unknown_service".to_owned(), |name| format!("unknown_service:{}", name.to_string_lossy()))
}

/// Parses `key=value,key=value`, percent-encoded. As in the specification, one mistake voids the whole list.
fn attributes_variable(reader: &mut EnvReader<'_>) -> Vec<KeyValue> {
    let Some(text) = reader.text(RESOURCE_ATTRIBUTES) else { return Vec::new() };
    let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
    let attributes: Option<Vec<KeyValue>> = entries.map(parse_attribute).collect();
    attributes.unwrap_or_else(|| {
        let expected = "key=value, with commas between attributes, and %2C for a comma in a value";
        reader.warn_ignored(RESOURCE_ATTRIBUTES, text, expected);
        Vec::new()
    })
}

fn parse_attribute(entry: &str) -> Option<KeyValue> {
    let (key, value) = entry.split_once('=')?;
    let decode = |text: &str| Some(percent_decode_str(text.trim()).decode_utf8().ok()?.into_owned());
    let key = decode(key)?;
    (!key.is_empty()).then_some(KeyValue::new(key, decode(value)?))
}
