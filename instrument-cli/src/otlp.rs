//! Spans as OTLP JSON lines: the format of OpenTelemetry's file exporter, one request a line.

use std::io::Write;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_proto::transform::trace::tonic::group_spans_by_resource_and_scope;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SpanData;

use crate::output::OutputError;

/// Writes the spans of one conversation as one line.
pub(crate) fn write_line(
    out: &mut dyn Write,
    resource: &Resource,
    spans: Vec<SpanData>,
) -> Result<(), OutputError> {
    if spans.is_empty() {
        return Ok(());
    }
    let resource = ResourceAttributesWithSchema::from(resource);
    let request =
        ExportTraceServiceRequest { resource_spans: group_spans_by_resource_and_scope(spans, &resource) };
    serde_json::to_writer(&mut *out, &request)?;
    out.write_all(b"\n")?;
    Ok(())
}
