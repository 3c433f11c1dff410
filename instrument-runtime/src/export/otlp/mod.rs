//! OTLP: what opentelemetry-otlp does, told what to do by our settings alone, and asked what happened.
//!
//! That crate reads the process's variables by itself, and its headers go over those of code: so each transport sets
//! everything that it sends.

#[cfg(feature = "otlp-grpc")]
mod grpc;
mod headers;
mod http;

#[cfg(feature = "otlp-grpc")]
pub(super) use grpc::GrpcTransport;
pub(super) use http::HttpTransport;
