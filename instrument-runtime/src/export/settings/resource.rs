//! Who sends: `OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES`.

use std::path::Path;

use opentelemetry::{Key, KeyValue};
use opentelemetry_semantic_conventions::attribute as otel;
use percent_encoding::percent_decode_str;
use uuid::Uuid;

use super::Overrides;
use crate::emit::keys;
use crate::export::env_reader::Reader;

const SERVICE_NAME: &str = "OTEL_SERVICE_NAME";
const RESOURCE_ATTRIBUTES: &str = "OTEL_RESOURCE_ATTRIBUTES";

pub(super) struct ResourceSettings {
    pub(super) service_name: String,
    pub(super) attributes: Vec<KeyValue>,
}

/// Each key once, the last who said it being right: default, backend, list, service name, code.
pub(super) fn read(said: &Overrides, reader: &mut Reader<'_>, project: Option<String>) -> ResourceSettings {
    let mut attributes = Attributes::default();
    attributes.set(otel::SERVICE_NAME, said.default_service_name.clone().unwrap_or_else(unknown_service));
    attributes.set(otel::SERVICE_INSTANCE_ID, Uuid::new_v4().to_string());
    attributes.set(otel::TELEMETRY_SDK_NAME, "opentelemetry");
    attributes.set(otel::TELEMETRY_SDK_LANGUAGE, "rust");
    attributes.set(otel::TELEMETRY_DISTRO_NAME, "pipecat-instrument");
    attributes.set(otel::TELEMETRY_DISTRO_VERSION, env!("CARGO_PKG_VERSION"));
    if let Some(project) = project {
        attributes.set(keys::PROJECT_NAME, project);
    }
    for attribute in listed(reader) {
        attributes.put(attribute);
    }
    if let Some(name) = reader.text(SERVICE_NAME) {
        attributes.set(otel::SERVICE_NAME, name.to_owned());
    }
    for attribute in &said.resource_attributes {
        attributes.put(attribute.clone());
    }
    for (key, value) in [
        (otel::SERVICE_NAME, &said.service_name),
        (otel::SERVICE_VERSION, &said.service_version),
        (otel::SERVICE_INSTANCE_ID, &said.service_instance_id),
        (otel::DEPLOYMENT_ENVIRONMENT_NAME, &said.deployment),
        (keys::PROJECT_NAME, &said.project),
    ] {
        if let Some(value) = value {
            attributes.set(key, value.clone());
        }
    }
    let service_name = attributes.text(otel::SERVICE_NAME);
    ResourceSettings { service_name, attributes: attributes.0 }
}

#[derive(Default)]
struct Attributes(Vec<KeyValue>);

impl Attributes {
    fn set(&mut self, key: &'static str, value: impl Into<opentelemetry::Value>) {
        self.put(KeyValue::new(key, value));
    }

    fn put(&mut self, attribute: KeyValue) {
        self.0.retain(|other| other.key != attribute.key);
        self.0.push(attribute);
    }

    fn text(&self, key: &'static str) -> String {
        let key = Key::from_static_str(key);
        let found = self.0.iter().find(|attribute| attribute.key == key);
        found.map(|attribute| attribute.value.as_str().into_owned()).unwrap_or_default()
    }
}

/// As the specification has it: `unknown_service:` and the name of the program.
fn unknown_service() -> String {
    let program = std::env::args_os().next();
    let name = program.as_deref().map(Path::new).and_then(Path::file_name);
    name.map_or("unknown_service".to_owned(), |name| format!("unknown_service:{}", name.to_string_lossy()))
}

/// `key=value,key=value`, percent-encoded. With a mistake in it, none of it counts: so says the specification.
fn listed(reader: &mut Reader<'_>) -> Vec<KeyValue> {
    let Some(text) = reader.text(RESOURCE_ATTRIBUTES) else { return Vec::new() };
    let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
    let attributes: Option<Vec<KeyValue>> = entries.map(attribute).collect();
    attributes.unwrap_or_else(|| {
        let right = "key=value, with commas between attributes, and %2C for a comma in a value";
        reader.misread(RESOURCE_ATTRIBUTES, text, right);
        Vec::new()
    })
}

fn attribute(entry: &str) -> Option<KeyValue> {
    let (key, value) = entry.split_once('=')?;
    let decoded = |text: &str| Some(percent_decode_str(text.trim()).decode_utf8().ok()?.into_owned());
    let key = decoded(key)?;
    (!key.is_empty()).then_some(KeyValue::new(key, decoded(value)?))
}
