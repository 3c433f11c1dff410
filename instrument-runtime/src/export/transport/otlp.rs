//! OTLP: encodes spans, and sends the request over HTTP or gRPC.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_proto::transform::trace::tonic::group_spans_by_resource_and_scope;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SpanData;
use prost::Message;
use prost::bytes::Bytes;

#[cfg(feature = "otlp-grpc")]
use super::grpc::GrpcClient;
use super::http::HttpClient;
use super::{FailedAttempt, Receipt};
use crate::export::settings::OtlpSettings;
use crate::export::{Protocol, SetupError};

/// Sends spans to one OTLP server.
#[derive(Debug)]
pub(in crate::export) struct OtlpTransport {
    resource: ResourceAttributesWithSchema,
    client: Client,
}

#[derive(Debug)]
enum Client {
    Http(HttpClient),
    #[cfg(feature = "otlp-grpc")]
    Grpc(Box<GrpcClient>),
}

impl OtlpTransport {
    /// Builds the client. A connection is made at the first request.
    pub(super) fn open(settings: &OtlpSettings, resource: &Resource) -> Result<Self, SetupError> {
        let client = match settings.protocol {
            Protocol::HttpProtobuf => Client::Http(HttpClient::new(settings)?),
            #[cfg(feature = "otlp-grpc")]
            Protocol::Grpc => Client::Grpc(Box::new(GrpcClient::new(settings)?)),
            #[cfg(not(feature = "otlp-grpc"))]
            Protocol::Grpc => return Err(super::missing_feature(settings, "otlp-grpc")),
        };
        Ok(Self { resource: resource.into(), client })
    }

    /// Encodes spans as an `ExportTraceServiceRequest` in protobuf.
    pub(super) fn encode(&self, spans: Vec<SpanData>) -> Bytes {
        let resource_spans = group_spans_by_resource_and_scope(spans, &self.resource);
        ExportTraceServiceRequest { resource_spans }.encode_to_vec().into()
    }

    /// Sends an encoded request and waits for the answer.
    pub(super) fn send(&self, request: &Bytes) -> Result<Receipt, FailedAttempt> {
        match &self.client {
            Client::Http(http) => http.send(request),
            #[cfg(feature = "otlp-grpc")]
            Client::Grpc(grpc) => grpc.send(request.clone()),
        }
    }
}
