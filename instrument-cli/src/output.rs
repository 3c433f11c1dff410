//! Output to files and standard output, and spans as OTLP JSON lines.

use std::convert::Infallible;
use std::fs::File;
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::PathBuf;
use std::str::FromStr;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_proto::transform::trace::tonic::group_spans_by_resource_and_scope;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SpanData;

/// A file, or `-` for standard output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Destination {
    Stdout,
    File(PathBuf),
}

impl FromStr for Destination {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(if text == "-" { Self::Stdout } else { Self::File(text.into()) })
    }
}

impl Destination {
    /// Opens the destination for writing. An existing file is replaced.
    pub(crate) fn open(&self) -> Result<Box<dyn Write>, OutputError> {
        Ok(match self {
            Self::Stdout => Box::new(BufWriter::new(io::stdout().lock())),
            Self::File(path) => {
                let file = File::create(path)
                    .map_err(|source| OutputError::Create { path: path.clone(), source })?;
                Box::new(BufWriter::new(file))
            }
        })
    }
}

/// An error of writing output.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OutputError {
    #[error("cannot create {path}: {source}; choose another path", path = path.display())]
    Create { path: PathBuf, source: io::Error },
    #[error("cannot write: {0}")]
    Write(#[from] io::Error),
    #[error("cannot write spans as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

impl OutputError {
    /// Returns whether the reading end of a pipe is closed.
    pub(crate) fn is_closed_pipe(&self) -> bool {
        match self {
            Self::Write(error) => error.kind() == ErrorKind::BrokenPipe,
            Self::Json(error) => error.io_error_kind() == Some(ErrorKind::BrokenPipe),
            Self::Create { .. } => false,
        }
    }
}

/// Writes the spans of one conversation as one OTLP JSON line, in the format of OpenTelemetry's file exporter.
pub(crate) fn write_otlp_line(
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
