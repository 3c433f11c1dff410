//! OTLP over gRPC, on a small runtime of its own: what tonic needs is then there wherever spans come from.

use std::time::Duration;

use opentelemetry_otlp::tonic_types::metadata::MetadataMap;
use opentelemetry_otlp::tonic_types::transport::{Certificate, ClientTlsConfig};
use opentelemetry_otlp::{Compression as OtlpCompression, SpanExporter, WithExportConfig, WithTonicConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SpanData, SpanExporter as _};
use std::sync::Arc;
use tokio::runtime::Runtime;

use super::headers::header_map;
use crate::export::SetupError;
use crate::export::delivery::{ExportError, Receipt, ResponseCode};
use crate::export::settings::{Compression, OtlpSettings};

/// Sends spans over gRPC.
#[derive(Debug)]
pub(in crate::export) struct GrpcTransport {
    exporter: Arc<SpanExporter>,
    /// There until it is dropped.
    runtime: Option<Runtime>,
    timeout: Duration,
}

impl GrpcTransport {
    pub(in crate::export) fn open(settings: &OtlpSettings, resource: &Resource) -> Result<Self, SetupError> {
        let wrong =
            |problem: String| SetupError::Exporter { url: settings.endpoint.shown().to_owned(), problem };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("pipecat-otlp-grpc")
            .enable_all()
            .build()
            .map_err(|error| wrong(format!("no thread can be started for it: {error}")))?;
        let exporter = {
            let _inside = runtime.enter();
            build(settings)
        };
        let mut exporter = exporter.map_err(|error| wrong(error.to_string()))?;
        exporter.set_resource(resource);
        Ok(Self { exporter: Arc::new(exporter), runtime: Some(runtime), timeout: settings.timeout })
    }

    pub(in crate::export) async fn send(&self, spans: Vec<SpanData>) -> Result<Receipt, ExportError> {
        let Some(runtime) = &self.runtime else {
            return Err(ExportError::Broken("it is shut down".to_owned()));
        };
        let (exporter, timeout) = (Arc::clone(&self.exporter), self.timeout);
        // Its own timeout does not hold while it connects.
        let sending =
            runtime.spawn(async move { tokio::time::timeout(timeout, exporter.export(spans)).await });
        match sending.await {
            Ok(Ok(result)) => outcome(result),
            Ok(Err(_elapsed)) => Err(ExportError::TimedOut),
            Err(error) => Err(ExportError::Broken(error.to_string())),
        }
    }
}

impl Drop for GrpcTransport {
    fn drop(&mut self) {
        // Where blocking is not allowed, waiting for its threads would panic.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn build(settings: &OtlpSettings) -> Result<SpanExporter, opentelemetry_otlp::ExporterBuildError> {
    let metadata = MetadataMap::from_headers(header_map(settings));
    let mut builder = SpanExporter::builder()
        .with_tonic()
        .with_endpoint(&settings.endpoint.url)
        .with_timeout(settings.timeout)
        // Over what it found in the process's variables by itself.
        .with_interceptor(move |mut request: tonic::Request<()>| {
            *request.metadata_mut() = metadata.clone();
            Ok(request)
        });
    if settings.endpoint.url.starts_with("https://") {
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

fn outcome(result: OTelSdkResult) -> Result<Receipt, ExportError> {
    result.map(|()| Receipt::default()).map_err(|error| cause_of(&error.to_string()))
}

/// What the exporter's message says, which is all that it gives: the code, and for what went wrong on this side also the
/// errors beneath.
fn cause_of(message: &str) -> ExportError {
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    if says(&["Connection refused"]) {
        return ExportError::NotListening;
    }
    if says(&["dns error", "failed to lookup address"]) {
        return ExportError::UnknownHost;
    }
    if says(&["Timeout expired", "deadline has elapsed"]) {
        return ExportError::TimedOut;
    }
    if says(&["invalid peer certificate", "InvalidContentType", "received fatal alert", "HandshakeFailure"]) {
        let problem = message.rsplit(": ").next().unwrap_or(message);
        return ExportError::Tls(problem.to_owned());
    }
    if says(&["http2 error", "h2 protocol error", "HTTP version", "frame with invalid size"]) {
        return ExportError::OtherProtocol;
    }
    let code = CODES.into_iter().find(|code| message.contains(&format!("gRPC code: {code}")));
    match code {
        Some(code @ ("Unauthenticated" | "PermissionDenied")) => {
            ExportError::Unauthorized(ResponseCode::Grpc(code))
        }
        Some(code @ ("Unimplemented" | "NotFound")) => ExportError::NotFound(ResponseCode::Grpc(code)),
        Some(code @ "OutOfRange") => ExportError::TooLarge(ResponseCode::Grpc(code)),
        Some(code @ ("ResourceExhausted" | "Unavailable" | "Aborted")) => {
            ExportError::Busy(ResponseCode::Grpc(code))
        }
        Some("DeadlineExceeded" | "Cancelled") => ExportError::TimedOut,
        Some(code) => ExportError::Answered(ResponseCode::Grpc(code)),
        None => ExportError::Broken(message.to_owned()),
    }
}

/// The codes of gRPC that are no success, as tonic spells them.
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
