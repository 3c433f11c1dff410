//! The answer of a server that says success.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use prost::Message;
use serde_json::Value;

use super::sanitize::sanitize;
use super::{FailedAttempt, NextStep, Receipt};
use crate::export::ExportError;
use crate::export::headers::Headers;

/// Maximum size of an answer, in bytes. It is the limit of gRPC, too. A larger one is not read to its end.
pub(super) const MAX_ANSWER_BYTES: usize = 4 * 1024 * 1024;

/// Parses the body of a response with status 200.
///
/// OTLP wants an `ExportTraceServiceResponse` in the encoding of the request, which is protobuf. Some servers answer with JSON
/// instead, others with an empty body, which is a full success in protobuf. Any other body comes from a server that is no OTLP
/// server, as a proxy with a login page, so that nothing says that the spans were taken.
pub(super) fn parse_answer(
    content_type: Option<&str>,
    body: &[u8],
    headers: &Headers,
) -> Result<Receipt, FailedAttempt> {
    let media_type = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    let media_type = media_type.to_ascii_lowercase();
    let receipt = if body.is_empty() {
        Some(Receipt::default())
    } else if body.len() > MAX_ANSWER_BYTES || media_type.starts_with("text/") {
        None
    } else if media_type == "application/json" {
        parse_json(body, headers)
    } else {
        let response = ExportTraceServiceResponse::decode(body).ok();
        response.map(|response| to_receipt(&response, headers))
    };
    receipt.ok_or_else(|| {
        let size = if body.len() > MAX_ANSWER_BYTES { "more than 4 MiB" } else { "a body" };
        let kind =
            if media_type.is_empty() { "no content type".to_owned() } else { sanitize(&media_type, headers) };
        not_otlp(format!("{size} of {kind}"))
    })
}

/// Converts a response to a receipt.
pub(super) fn to_receipt(response: &ExportTraceServiceResponse, headers: &Headers) -> Receipt {
    let Some(partial) = &response.partial_success else { return Receipt::default() };
    Receipt {
        rejected_spans: partial.rejected_spans.try_into().unwrap_or(0),
        message: sanitize(&partial.error_message, headers),
    }
}

/// Returns the failure of an answer that is not OTLP. It is not sent again, as the server may have taken it.
pub(super) fn not_otlp(description: String) -> FailedAttempt {
    FailedAttempt { error: ExportError::NotOtlp(description), next: NextStep::GiveUp }
}

/// Parses the JSON form: an object, in which 64-bit numbers may be texts, and unknown fields are ignored.
fn parse_json(body: &[u8], headers: &Headers) -> Option<Receipt> {
    let Ok(Value::Object(answer)) = serde_json::from_slice(body) else { return None };
    let Some(partial) = answer.get("partialSuccess") else { return Some(Receipt::default()) };
    let rejected = match partial.get("rejectedSpans") {
        Some(Value::String(text)) => text.parse().unwrap_or(0),
        Some(number) => number.as_u64().unwrap_or(0),
        None => 0,
    };
    let message = partial.get("errorMessage").and_then(Value::as_str).unwrap_or_default();
    Some(Receipt { rejected_spans: rejected, message: sanitize(message, headers) })
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::collector::trace::v1::{
        ExportTracePartialSuccess, ExportTraceServiceResponse,
    };
    use prost::Message;

    use super::{MAX_ANSWER_BYTES, parse_answer};
    use crate::export::ExportError;
    use crate::export::headers::Headers;

    /// Returns the rejected spans and the message.
    fn parse(content_type: &str, body: &[u8]) -> Result<(u64, String), ExportError> {
        let content_type = (!content_type.is_empty()).then_some(content_type);
        let receipt = parse_answer(content_type, body, &Headers::default()).map_err(|failed| failed.error)?;
        Ok((receipt.rejected_spans, receipt.message))
    }

    fn protobuf(rejected_spans: i64, message: &str) -> Vec<u8> {
        let partial = ExportTracePartialSuccess { rejected_spans, error_message: message.to_owned() };
        ExportTraceServiceResponse { partial_success: Some(partial) }.encode_to_vec()
    }

    #[test]
    fn an_empty_body_is_a_full_success() {
        for content_type in ["", "application/x-protobuf", "application/json", "text/html"] {
            assert_eq!(parse(content_type, b""), Ok((0, String::new())));
        }
    }

    #[test]
    fn a_partial_success_of_any_size_is_counted() {
        for content_type in ["", "application/x-protobuf", "application/octet-stream"] {
            assert_eq!(parse(content_type, &protobuf(2, "too old")), Ok((2, "too old".to_owned())));
        }
        assert_eq!(parse("", &protobuf(5, &"x".repeat(3_000_000))), Ok((5, "x".repeat(200))));
        assert_eq!(parse("", &protobuf(-5, "")), Ok((0, String::new())));
    }

    #[test]
    fn an_answer_in_json_is_counted() {
        for (body, expected) in [
            ("{}", (0, "")),
            (r#"{"partialSuccess":{}}"#, (0, "")),
            (r#"{"partialSuccess":{"rejectedSpans":"2","errorMessage":"too old"}}"#, (2, "too old")),
            (r#"{"partialSuccess":{"rejectedSpans":3}, "other": 1}"#, (3, "")),
        ] {
            let receipt = parse("application/json; charset=utf-8", body.as_bytes());
            assert_eq!(receipt, Ok((expected.0, expected.1.to_owned())), "{body}");
        }
    }

    #[test]
    fn a_body_that_is_not_otlp_is_an_error() {
        for (content_type, body, description) in [
            ("text/html; charset=utf-8", &b"<html>log in</html>"[..], "a body of text/html"),
            ("Text/Plain", b"ok", "a body of text/plain"),
            ("application/json", b"[]", "a body of application/json"),
            ("application/json", b"<html>", "a body of application/json"),
            ("application/x-protobuf", b"<html>", "a body of application/x-protobuf"),
            ("", b"ok then", "a body of no content type"),
            ("", &vec![0x0a; MAX_ANSWER_BYTES + 1], "more than 4 MiB of no content type"),
        ] {
            let error = ExportError::NotOtlp(description.to_owned());
            assert_eq!(parse(content_type, body), Err(error), "{content_type}");
        }
    }
}
