//! Why spans were not taken.

use std::fmt;

/// Why spans were not taken.
///
/// ```
/// use pipecat_instrument_runtime::export::{ResponseCode, ExportError};
///
/// let cause = ExportError::Unauthorized(ResponseCode::Http(401));
/// assert_eq!(cause.to_string(), "401 Unauthorized");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExportError {
    /// The backend does not know who sends, or does not let them.
    Unauthorized(ResponseCode),
    /// There is a server, but it takes no traces there.
    NotFound(ResponseCode),
    /// The request is larger than the backend takes.
    TooLarge(ResponseCode),
    /// The backend has too much to do, or is not there for the moment; it was tried again.
    Busy(ResponseCode),
    /// The backend sends one elsewhere.
    Redirected(ResponseCode),
    /// Any other answer that is no success.
    Answered(ResponseCode),
    /// The backend took the request, but not all of its spans. What it says of them.
    Partly(String),
    /// Nobody listens there.
    NotListening,
    /// There is no such host.
    UnknownHost,
    /// No answer came in time.
    TimedOut,
    /// No secure connection could be made. What is wrong with it.
    Tls(String),
    /// Something else is spoken there.
    OtherProtocol,
    /// The server hung up before it answered.
    HungUp,
    /// The connection broke, or something else went wrong. What.
    Broken(String),
}

/// What a server answered.
///
/// ```
/// use pipecat_instrument_runtime::export::ResponseCode;
///
/// assert_eq!(ResponseCode::Http(404).to_string(), "404 Not Found");
/// assert_eq!(ResponseCode::Grpc("Unauthenticated").to_string(), "Unauthenticated");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResponseCode {
    /// A status of HTTP.
    Http(u16),
    /// A code of gRPC.
    Grpc(&'static str),
}

impl fmt::Display for ResponseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http(status) => {
                let reason =
                    http::StatusCode::from_u16(*status).ok().and_then(|status| status.canonical_reason());
                write!(f, "{status}{}{}", if reason.is_some() { " " } else { "" }, reason.unwrap_or_default())
            }
            Self::Grpc(code) => f.write_str(code),
        }
    }
}

impl fmt::Display for ExportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unauthorized(answer)
            | Self::NotFound(answer)
            | Self::TooLarge(answer)
            | Self::Busy(answer)
            | Self::Redirected(answer)
            | Self::Answered(answer) => write!(f, "{answer}"),
            Self::Partly(remark) if remark.is_empty() => f.write_str("some were rejected"),
            Self::Partly(remark) => write!(f, "some were rejected: {remark}"),
            Self::NotListening => f.write_str("connection refused"),
            Self::UnknownHost => f.write_str("unknown host"),
            Self::TimedOut => f.write_str("no answer in time"),
            Self::Tls(problem) => write!(f, "no secure connection: {problem}"),
            Self::OtherProtocol => f.write_str("another protocol is spoken there"),
            Self::HungUp => f.write_str("it hung up without an answer"),
            Self::Broken(problem) => write!(f, "the connection broke: {problem}"),
        }
    }
}
