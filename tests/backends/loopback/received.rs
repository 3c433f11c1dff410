//! What a server was sent.

use std::io::Read;

use hyper::http::request::Parts;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use prost::Message;

/// A request, as it came.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) parts: Parts,
    pub(crate) body: Vec<u8>,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.parts.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// What it asks for. A body that is gzipped is unpacked; that of gRPC has five bytes before it.
    fn export(&self) -> ExportTraceServiceRequest {
        let is_grpc = self.header("content-type") == Some("application/grpc");
        let mut body = if is_grpc { &self.body[5..] } else { &self.body[..] };
        let mut unpacked = Vec::new();
        let is_gzip = [self.header("content-encoding"), self.header("grpc-encoding")].contains(&Some("gzip"));
        if is_gzip && !(is_grpc && self.body[0] == 0) {
            flate2::read::GzDecoder::new(body).read_to_end(&mut unpacked).unwrap();
            body = &unpacked;
        }
        ExportTraceServiceRequest::decode(body).unwrap()
    }

    /// The names of the spans in it.
    pub(crate) fn span_names(&self) -> Vec<String> {
        let resources = self.export().resource_spans.into_iter();
        let scopes = resources.flat_map(|resource| resource.scope_spans);
        scopes.flat_map(|scope| scope.spans).map(|span| span.name).collect()
    }

    /// An attribute of the resource that sent it.
    pub(crate) fn resource(&self, key: &str) -> Option<String> {
        let resource = self.export().resource_spans.into_iter().next()?.resource?;
        let attribute = resource.attributes.into_iter().find(|attribute| attribute.key == key)?;
        match attribute.value?.value? {
            Value::StringValue(text) => Some(text),
            other => Some(format!("{other:?}")),
        }
    }
}
