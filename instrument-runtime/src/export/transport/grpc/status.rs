//! Statuses of gRPC: those of a server, and those that the client makes of broken connections.

use std::error::Error;
use std::io;
use std::iter::successors;
use std::sync::Arc;
use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::export::headers::Headers;
use crate::export::transport::network_error::convert_io_error;
use crate::export::transport::sanitize::sanitize;
use crate::export::transport::{FailedAttempt, NextStep, answer};
use crate::export::{ExportError, ResponseCode};

/// The source of a status that the client makes for an answer that is not OTLP. Holds a description of the answer.
#[derive(Debug, thiserror::Error)]
#[error("the answer is not OTLP: {0}")]
struct NotOtlpAnswer(&'static str);

/// Returns the failure that a status reports. A status that the client made has a source; one of a server has none.
pub(super) fn failed_attempt(status: &Status, headers: &Headers) -> FailedAttempt {
    let Some(source) = status.source() else {
        let next = next_step(status);
        return FailedAttempt { error: convert_status(status.code(), next), next };
    };
    if let Some(NotOtlpAnswer(description)) = source.downcast_ref() {
        return answer::not_otlp((*description).to_owned());
    }
    FailedAttempt { error: convert_source(source, headers), next: NextStep::Retry(None) }
}

/// Returns the status of an answer that is not OTLP.
pub(super) fn not_otlp_status(description: &'static str) -> Status {
    let source = NotOtlpAnswer(description);
    let mut status = Status::internal(source.to_string());
    status.set_source(Arc::new(source));
    status
}

/// Converts an error after the head of an answer. There, the client refuses a large answer in the words with which a server
/// of tonic refuses a large request, in the head.
pub(super) fn convert_answer_error(status: Status) -> Status {
    let is_large_answer = status.code() == Code::OutOfRange && says_too_large(status.message());
    if is_large_answer { not_otlp_status("more than 4 MiB") } else { status }
}

/// Decides the next step as OTLP requires: `RESOURCE_EXHAUSTED` is sent again only with a `RetryInfo`.
fn next_step(status: &Status) -> NextStep {
    let wait = requested_wait(status);
    match status.code() {
        Code::OutOfRange | Code::ResourceExhausted if says_too_large(status.message()) => NextStep::Split,
        Code::ResourceExhausted if wait.is_none() => NextStep::GiveUp,
        Code::Cancelled
        | Code::DeadlineExceeded
        | Code::Aborted
        | Code::OutOfRange
        | Code::Unavailable
        | Code::DataLoss
        | Code::ResourceExhausted => NextStep::Retry(wait),
        _ => NextStep::GiveUp,
    }
}

/// Returns the `RetryInfo` in the details of a status.
fn requested_wait(status: &Status) -> Option<Duration> {
    status.get_details_retry_info()?.retry_delay
}

/// Returns whether a server says that a message is larger than it accepts. The servers of gRPC in Go, C++, Java and Rust
/// say so in words only.
fn says_too_large(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    ["larger than max", "too large", "exceeds maximum size"].iter().any(|words| message.contains(words))
}

fn convert_status(code: Code, next: NextStep) -> ExportError {
    let name = ResponseCode::Grpc(code_name(code));
    match code {
        _ if next == NextStep::Split => ExportError::TooLarge(name),
        Code::Unauthenticated | Code::PermissionDenied => ExportError::Unauthorized(name),
        Code::Unimplemented | Code::NotFound => ExportError::NotFound(name),
        Code::ResourceExhausted => ExportError::Unavailable(name),
        Code::DeadlineExceeded | Code::Cancelled => ExportError::TimedOut,
        _ if matches!(next, NextStep::Retry(_)) => ExportError::Unavailable(name),
        _ => ExportError::UnexpectedResponse(name),
    }
}

/// Converts the source of a status that the client made.
fn convert_source(source: &(dyn Error + 'static), headers: &Headers) -> ExportError {
    let chain = || successors(Some(source), |error: &&(dyn Error + 'static)| (*error).source());
    if let Some(error) = chain().find_map(|error| error.downcast_ref::<io::Error>()) {
        return convert_io_error(error);
    }
    let text = chain().map(ToString::to_string).collect::<Vec<_>>().join(": ");
    let contains = |phrases: &[&str]| phrases.iter().any(|phrase| text.contains(phrase));
    // The words of `h2`: `received` for what the server did, `detected` for what it did wrong.
    if contains(&["error received", "broken pipe", "reset", "closed", "canceled", "go away"]) {
        ExportError::ConnectionClosed
    } else if contains(&["timed out"]) {
        ExportError::TimedOut
    } else if contains(&["http2 error", "h2 protocol error", "error detected", "HTTP version"]) {
        ExportError::ProtocolMismatch
    } else {
        ExportError::Other(sanitize(&text, headers))
    }
}

fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "Ok",
        Code::Cancelled => "Cancelled",
        Code::Unknown => "Unknown",
        Code::InvalidArgument => "InvalidArgument",
        Code::DeadlineExceeded => "DeadlineExceeded",
        Code::NotFound => "NotFound",
        Code::AlreadyExists => "AlreadyExists",
        Code::PermissionDenied => "PermissionDenied",
        Code::ResourceExhausted => "ResourceExhausted",
        Code::FailedPrecondition => "FailedPrecondition",
        Code::Aborted => "Aborted",
        Code::OutOfRange => "OutOfRange",
        Code::Unimplemented => "Unimplemented",
        Code::Internal => "Internal",
        Code::Unavailable => "Unavailable",
        Code::DataLoss => "DataLoss",
        Code::Unauthenticated => "Unauthenticated",
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Arc;
    use std::time::Duration;

    use tonic::{Code, Status};
    use tonic_types::{ErrorDetails, StatusExt};

    use super::failed_attempt;
    use crate::export::headers::Headers;
    use crate::export::transport::NextStep;
    use crate::export::{ExportError, ResponseCode};

    fn next_step(status: &Status) -> NextStep {
        failed_attempt(status, &Headers::default()).next
    }

    /// The table of the OTLP specification.
    #[test]
    fn the_codes_that_otlp_names_are_sent_again() {
        use Code::*;
        for code in [Cancelled, DeadlineExceeded, Aborted, OutOfRange, Unavailable, DataLoss] {
            assert_eq!(next_step(&Status::new(code, "")), NextStep::Retry(None), "{code:?}");
        }
        for code in [
            Unknown,
            InvalidArgument,
            NotFound,
            AlreadyExists,
            PermissionDenied,
            ResourceExhausted,
            FailedPrecondition,
            Unimplemented,
            Internal,
            Unauthenticated,
        ] {
            assert_eq!(next_step(&Status::new(code, "")), NextStep::GiveUp, "{code:?}");
        }
    }

    #[test]
    fn retry_info_is_the_wait_and_makes_exhaustion_temporary() {
        let wait = Duration::from_millis(2_500);
        for code in [Code::ResourceExhausted, Code::Unavailable] {
            let details = ErrorDetails::with_retry_info(Some(wait));
            let status = Status::with_error_details(code, "slow down", details);
            assert_eq!(next_step(&status), NextStep::Retry(Some(wait)), "{code:?}");
        }
    }

    #[test]
    fn a_message_that_is_too_large_is_split() {
        for (code, message) in [
            (Code::ResourceExhausted, "grpc: received message larger than max (5000000 vs. 4194304)"),
            (Code::ResourceExhausted, "Received message larger than max (5000000 vs. 4194304)"),
            (Code::ResourceExhausted, "gRPC message exceeds maximum size 4194304: 5000000"),
            (
                Code::OutOfRange,
                "Error, decoded message length too large: found 5000000 bytes, the limit is: 4194304 bytes",
            ),
        ] {
            let failed = failed_attempt(&Status::new(code, message), &Headers::default());
            assert_eq!(failed.next, NextStep::Split, "{message}");
            assert!(
                matches!(failed.error, ExportError::TooLarge(ResponseCode::Grpc(_))),
                "{:?}",
                failed.error
            );
        }
    }

    #[test]
    fn a_broken_connection_is_sent_again_whatever_its_code() {
        for (kind, error) in [
            (io::ErrorKind::ConnectionReset, ExportError::ConnectionClosed),
            (io::ErrorKind::ConnectionRefused, ExportError::ConnectionRefused),
        ] {
            let mut status = Status::internal("");
            status.set_source(Arc::new(io::Error::from(kind)));
            let failed = failed_attempt(&status, &Headers::default());
            assert_eq!((failed.error, failed.next), (error, NextStep::Retry(None)));
        }
    }
}
