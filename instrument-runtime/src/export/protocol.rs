//! How a backend is spoken to.

use std::fmt;
use std::str::FromStr;

use super::SetupError;

/// How a backend is spoken to: `OTEL_EXPORTER_OTLP_PROTOCOL`.
///
/// ```
/// use pipecat_instrument_runtime::export::{Protocol, SetupError};
///
/// assert_eq!("grpc".parse::<Protocol>()?, Protocol::Grpc);
/// assert_eq!(Protocol::default().to_string(), "http/protobuf");
/// # Ok::<(), SetupError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Protocol {
    /// OTLP over HTTP, as protobuf: feature `otlp`.
    #[default]
    HttpProtobuf,
    /// OTLP over gRPC: feature `otlp-grpc`.
    Grpc,
}

impl FromStr for Protocol {
    type Err = SetupError;

    fn from_str(name: &str) -> Result<Self, SetupError> {
        match name {
            "http/protobuf" => Ok(Self::HttpProtobuf),
            "grpc" => Ok(Self::Grpc),
            _ => Err(SetupError::Unreadable {
                setting: "the protocol".to_owned(),
                problem: format!("is {name:?}: choose from http/protobuf, grpc"),
            }),
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::HttpProtobuf => "http/protobuf",
            Self::Grpc => "grpc",
        })
    }
}
