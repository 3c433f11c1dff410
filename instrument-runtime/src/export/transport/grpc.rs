//! OTLP over gRPC. It runs on its own tokio runtime, so that spans may come from any runtime, or from none.

use std::sync::Arc;
use std::time::Duration;

use opentelemetry_otlp::tonic_types::metadata::MetadataMap;
use opentelemetry_otlp::tonic_types::transport::{Certificate, ClientTlsConfig};
use opentelemetry_otlp::{Compression as OtlpCompression, SpanExporter, WithExportConfig, WithTonicConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SpanData, SpanExporter as _};
use tokio::runtime::Runtime;

use super::Receipt;
use crate::export::settings::{Compression, OtlpSettings};
use crate::export::{ExportError, ResponseCode, SetupError};

/// Sends spans over gRPC.
#[derive(Debug)]
pub(in crate::export) struct GrpcTransport {
    exporter: Arc<SpanExporter>,
    /// `None` only while this is dropped.
    runtime: Option<Runtime>,
    timeout: Duration,
}

impl GrpcTransport {
    /// Starts the runtime and builds the exporter. A connection is made at the first request.
    pub(super) fn open(settings: &OtlpSettings, resource: &Resource) -> Result<Self, SetupError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("pipecat-otlp-grpc")
            .enable_all()
            .build()
            .map_err(|error| settings.exporter_error(&format!("cannot start a thread for it: {error}")))?;
        let exporter = {
            let _entered = runtime.enter();
            build(settings)
        };
        let mut exporter = exporter.map_err(|error| settings.exporter_error(&error))?;
        exporter.set_resource(resource);
        Ok(Self { exporter: Arc::new(exporter), runtime: Some(runtime), timeout: settings.timeout })
    }

    /// Sends one request.
    pub(super) async fn send(&self, spans: Vec<SpanData>) -> Result<Receipt, ExportError> {
        let Some(runtime) = &self.runtime else {
            return Err(ExportError::Other("it is shut down".to_owned()));
        };
        let (exporter, timeout) = (Arc::clone(&self.exporter), self.timeout);
        // The exporter's own timeout does not cover the connection.
        let sending =
            runtime.spawn(async move { tokio::time::timeout(timeout, exporter.export(spans)).await });
        match sending.await {
            Ok(Ok(Ok(()))) => Ok(Receipt::default()),
            Ok(Ok(Err(error))) => Err(parse_error(&error.to_string())),
            Ok(Err(_elapsed)) => Err(ExportError::TimedOut),
            Err(error) => Err(ExportError::Other(error.to_string())),
        }
    }
}

impl Drop for GrpcTransport {
    fn drop(&mut self) {
        // Waiting for its threads would panic in async code.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn build(settings: &OtlpSettings) -> Result<SpanExporter, opentelemetry_otlp::ExporterBuildError> {
    let metadata = MetadataMap::from_headers(settings.headers.to_header_map());
    let mut builder = SpanExporter::builder()
        .with_tonic()
        .with_endpoint(settings.endpoint.url())
        .with_timeout(settings.timeout)
        // Replaces the headers that the exporter read from environment variables.
        .with_interceptor(move |mut request: tonic::Request<()>| {
            *request.metadata_mut() = metadata.clone();
            Ok(request)
        });
    if settings.endpoint.url().starts_with("https://") {
        let tls = ClientTlsConfig::new();
        builder = builder.with_tls_config(match &settings.certificate {
            Some(certificate) => tls.ca_certificate(Certificate::from_pem(&certificate.pem)),
            None => tls.with_webpki_roots(),
        });
    }
    if settings.compression == Compression::Gzip {
        builder = builder.with_compression(OtlpCompression::Gzip);
    }
    builder.build()
}

/// Parses the exporter's message, which is all that it returns: the code of gRPC, and for errors on this side their causes.
fn parse_error(message: &str) -> ExportError {
    let contains = |phrases: &[&str]| phrases.iter().any(|phrase| message.contains(phrase));
    if contains(&["Connection refused"]) {
        return ExportError::ConnectionRefused;
    }
    if contains(&["dns error", "failed to lookup address"]) {
        return ExportError::UnknownHost;
    }
    if contains(&["Timeout expired", "deadline has elapsed"]) {
        return ExportError::TimedOut;
    }
    if contains(&[
        "invalid peer certificate",
        "InvalidContentType",
        "received fatal alert",
        "HandshakeFailure",
    ]) {
        let problem = message.rsplit(": ").next().unwrap_or(message);
        return ExportError::Tls(problem.to_owned());
    }
    if contains(&["http2 error", "h2 protocol error", "HTTP version", "frame with invalid size"]) {
        return ExportError::ProtocolMismatch;
    }
    let code = CODES.into_iter().find(|code| message.contains(&format!("gRPC code: {code}")));
    match code {
        Some(code @ ("Unauthenticated" | "PermissionDenied")) => {
            ExportError::Unauthorized(ResponseCode::Grpc(code))
        }
        Some(code @ ("Unimplemented" | "NotFound")) => ExportError::NotFound(ResponseCode::Grpc(code)),
        Some(code @ "OutOfRange") => ExportError::TooLarge(ResponseCode::Grpc(code)),
        Some(code @ ("ResourceExhausted" | "Unavailable" | "Aborted")) => {
            ExportError::Unavailable(ResponseCode::Grpc(code))
        }
        Some("DeadlineExceeded" | "Cancelled") => ExportError::TimedOut,
        Some(code) => ExportError::UnexpectedResponse(ResponseCode::Grpc(code)),
        None => ExportError::Other(message.to_owned()),
    }
}

/// All status codes of gRPC but `Ok`, as tonic prints them.
const CODES: [&str; 16] = [
    "Cancelled",
    "Unknown",
    "InvalidArgument",
    "DeadlineExceeded",
    "NotFound",
    "AlreadyExists",
    "PermissionDenied",
    "ResourceExhausted",
    "FailedPrecondition",
    "Aborted",
    "OutOfRange",
    "Unimplemented",
    "Internal",
    "Unavailable",
    "DataLoss",
    "Unauthenticated",
];
