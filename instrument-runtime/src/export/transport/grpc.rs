//! OTLP over gRPC. It runs on its own tokio runtime, so that spans may come from any runtime, or from none.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http::uri::PathAndQuery;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use prost::Message;
use prost::bytes::{BufMut, Bytes};
use tokio::runtime::Runtime;
use tonic::client::Grpc;
use tonic::codec::{Codec, CompressionEncoding, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::metadata::MetadataMap;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};
use tonic::{Request, Status};

use self::status::failed_attempt;
use super::answer::{MAX_ANSWER_BYTES, to_receipt};
use super::http::DEFAULT_USER_AGENT;
use super::{FailedAttempt, NextStep, Receipt};
use crate::export::headers::Headers;
use crate::export::settings::{Compression, OtlpSettings};
use crate::export::{ExportError, SetupError};

mod status;

const METHOD: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

/// Sends requests over gRPC.
#[derive(Debug)]
pub(super) struct GrpcClient {
    endpoint: Endpoint,
    /// Replaced after a timeout, as its connection may be one that no packet passes.
    channel: Mutex<Channel>,
    /// `None` only while this is dropped.
    runtime: Option<Runtime>,
    metadata: MetadataMap,
    /// Their secrets are redacted in answers, which may echo them.
    headers: Headers,
    compression: Compression,
    timeout: Duration,
}

impl GrpcClient {
    /// Starts the runtime and builds the client. A connection is made at the first request.
    pub(super) fn new(settings: &OtlpSettings) -> Result<Self, SetupError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("pipecat-otlp-grpc")
            .enable_all()
            .build()
            .map_err(|error| settings.exporter_error(&format!("cannot start a thread for it: {error}")))?;
        let endpoint = endpoint(settings).map_err(|error| settings.exporter_error(&error))?;
        let channel = {
            let _entered = runtime.enter();
            endpoint.connect_lazy()
        };
        Ok(Self {
            endpoint,
            channel: Mutex::new(channel),
            runtime: Some(runtime),
            metadata: MetadataMap::from_headers(settings.headers.to_header_map()),
            headers: settings.headers.clone(),
            compression: settings.compression,
            timeout: settings.timeout,
        })
    }

    /// Sends an encoded request and waits for the answer.
    pub(super) fn send(&self, body: Bytes) -> Result<Receipt, FailedAttempt> {
        let Some(runtime) = &self.runtime else {
            let error = ExportError::Other("it is shut down".to_owned());
            return Err(FailedAttempt { error, next: NextStep::GiveUp });
        };
        let channel = self.channel.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut request = Request::new(body);
        *request.metadata_mut() = self.metadata.clone();
        let call = call(channel, self.compression, request);
        match runtime.block_on(async { tokio::time::timeout(self.timeout, call).await }) {
            Ok(Ok(response)) => Ok(to_receipt(&response, &self.headers)),
            Ok(Err(status)) => Err(failed_attempt(&status, &self.headers)),
            Err(_elapsed) => {
                let _entered = runtime.enter();
                *self.channel.lock().unwrap_or_else(PoisonError::into_inner) = self.endpoint.connect_lazy();
                Err(FailedAttempt { error: ExportError::TimedOut, next: NextStep::Retry(None) })
            }
        }
    }
}

impl Drop for GrpcClient {
    fn drop(&mut self) {
        // Waiting for its threads would panic in async code.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn call(
    channel: Channel,
    compression: Compression,
    request: Request<Bytes>,
) -> Result<ExportTraceServiceResponse, Status> {
    let mut grpc = Grpc::new(channel).max_decoding_message_size(MAX_ANSWER_BYTES);
    if compression == Compression::Gzip {
        grpc = grpc.send_compressed(CompressionEncoding::Gzip);
    }
    grpc.ready().await.map_err(|error| Status::from_error(error.into()))?;
    // A unary call in its parts, to tell a large answer from a large request.
    let response = grpc.server_streaming(request, PathAndQuery::from_static(METHOD), EncodedCodec).await?;
    let mut answer = response.into_inner();
    let message = answer.message().await.map_err(status::convert_answer_error)?;
    let message = message.ok_or_else(|| status::not_otlp_status("no message"))?;
    // Fails if the status that follows the message is no success.
    answer.trailers().await?;
    Ok(message)
}

fn endpoint(settings: &OtlpSettings) -> Result<Endpoint, tonic::transport::Error> {
    let url = settings.endpoint.url();
    let endpoint = Endpoint::from_shared(url.to_owned())?.user_agent(DEFAULT_USER_AGENT)?;
    if !url.starts_with("https://") {
        return Ok(endpoint);
    }
    let tls = ClientTlsConfig::new();
    endpoint.tls_config(match &settings.certificate {
        Some(certificate) => tls.ca_certificate(Certificate::from_pem(&certificate.pem)),
        None => tls.with_webpki_roots(),
    })
}

impl OtlpSettings {
    fn exporter_error(&self, problem: &impl ToString) -> SetupError {
        SetupError::Exporter { url: self.endpoint.display_url().to_owned(), problem: problem.to_string() }
    }
}

/// Sends requests that are already encoded.
struct EncodedCodec;

impl Codec for EncodedCodec {
    type Encode = Bytes;
    type Decode = ExportTraceServiceResponse;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for EncodedCodec {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, body: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.reserve(body.len());
        buffer.put(body);
        Ok(())
    }
}

impl Decoder for EncodedCodec {
    type Item = ExportTraceServiceResponse;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Self::Item>, Status> {
        let answer = ExportTraceServiceResponse::decode(buffer);
        answer.map(Some).map_err(|_| status::not_otlp_status("a message of another kind"))
    }
}
