//! Errors of connections.

use std::io::{self, ErrorKind};

use super::sanitize::to_one_line;
use crate::export::ExportError;

/// Converts an error of the operating system, or of rustls in its place.
pub(super) fn convert_io_error(error: &io::Error) -> ExportError {
    match error.kind() {
        ErrorKind::ConnectionRefused => ExportError::ConnectionRefused,
        ErrorKind::TimedOut => ExportError::TimedOut,
        ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::UnexpectedEof
        | ErrorKind::BrokenPipe => ExportError::ConnectionClosed,
        // Errors of rustls have this kind.
        ErrorKind::InvalidData => ExportError::Tls(to_one_line(&error.to_string())),
        // The C library's message for a name that does not resolve.
        _ if error.to_string().contains("failed to lookup address") => ExportError::UnknownHost,
        _ => ExportError::Other(to_one_line(&error.to_string())),
    }
}
