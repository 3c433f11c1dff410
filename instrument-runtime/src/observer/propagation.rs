//! W3C Trace Context: traces that cross process boundaries.
//!
//! ```text
//!   traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01
//!                version ─ trace ─────────────────── ─ span ──────── ─ flags (01: sampled)
//! ```

use std::str::FromStr;

use opentelemetry::Context;
use opentelemetry::propagation::{Extractor, Injector};
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState};

const TRACEPARENT: &str = "traceparent";
const TRACESTATE: &str = "tracestate";

/// Returns the `traceparent` of a span; `None` if the span is not valid, as with a no-op provider.
///
/// ```
/// use pipecat_instrument_runtime::observer::propagation::{from_traceparent, traceparent};
///
/// let header = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
/// let span = from_traceparent(header).ok_or("not a traceparent")?;
/// assert_eq!(traceparent(&span).as_deref(), Some(header));
/// # Ok::<(), &str>(())
/// ```
pub fn traceparent(span: &SpanContext) -> Option<String> {
    let flags = span.trace_flags() & TraceFlags::SAMPLED;
    span.is_valid().then(|| format!("00-{}-{}-{flags:02x}", span.trace_id(), span.span_id()))
}

/// Parses a `traceparent`. Returns `None` if it is malformed.
pub fn from_traceparent(header: &str) -> Option<SpanContext> {
    parse(header, TraceState::default())
}

/// Writes the span that is current in `context` into the headers of a request: `traceparent`, and `tracestate` if there is
/// one. Writes nothing without a valid span.
///
/// Leaves everything else in the context, such as baggage, to the program's own propagator.
///
/// ```
/// use std::collections::HashMap;
///
/// use pipecat_instrument_runtime::observer::{ToParentContext, propagation};
///
/// let incoming = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
/// let context = incoming.to_parent_context().ok_or("not a traceparent")?;
/// let mut headers = HashMap::new();
/// propagation::inject(&context, &mut headers);
/// assert_eq!(headers["traceparent"], incoming);
/// # Ok::<(), &str>(())
/// ```
pub fn inject(context: &Context, carrier: &mut dyn Injector) {
    let span = context.span();
    let Some(header) = traceparent(span.span_context()) else { return };
    carrier.set(TRACEPARENT, header);
    let state = span.span_context().trace_state().header();
    if !state.is_empty() {
        carrier.set(TRACESTATE, state);
    }
}

/// Reads the span of the caller from the headers of a request. Returns `None` without a valid `traceparent`.
///
/// ```
/// use std::collections::HashMap;
///
/// use pipecat_instrument_runtime::observer::propagation;
///
/// let headers = HashMap::from([
///     ("traceparent".to_owned(), "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned()),
///     ("tracestate".to_owned(), "carrier=42".to_owned()),
/// ]);
/// let call = propagation::extract(&headers).ok_or("no traceparent")?;
/// assert_eq!(call.trace_state().get("carrier"), Some("42"));
/// assert!(call.is_remote() && call.is_sampled());
/// # Ok::<(), &str>(())
/// ```
pub fn extract(carrier: &dyn Extractor) -> Option<SpanContext> {
    let state = carrier.get(TRACESTATE).and_then(|state| TraceState::from_str(state).ok());
    parse(carrier.get(TRACEPARENT)?, state.unwrap_or_default())
}

/// Parses both headers. Later versions may append fields, and are read like version 00; version ff is invalid.
fn parse(header: &str, state: TraceState) -> Option<SpanContext> {
    let mut parts = header.trim().split('-');
    let version = hex(parts.next()?, 2)?;
    let trace = hex(parts.next()?, 32)?;
    let span = hex(parts.next()?, 16)?;
    let flags = u8::from_str_radix(hex(parts.next()?, 2)?, 16).ok()?;
    if version == "ff" || (version == "00" && parts.next().is_some()) {
        return None;
    }
    let span = SpanContext::new(
        TraceId::from_hex(trace).ok()?,
        SpanId::from_hex(span).ok()?,
        TraceFlags::new(flags) & TraceFlags::SAMPLED,
        true,
        state,
    );
    span.is_valid().then_some(span)
}

/// Returns `part` if it is exactly `digits` lowercase hexadecimal digits.
fn hex(part: &str, digits: usize) -> Option<&str> {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    (part.len() == digits && part.bytes().all(is_digit)).then_some(part)
}

#[cfg(test)]
mod tests {
    use super::{from_traceparent, traceparent};
    use crate::observer::ToParentContext;

    #[test]
    fn traceparent_is_parsed_as_the_recommendation_requires() {
        for (header, is_valid) in [
            ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", true),
            (" 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00 ", true),
            ("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what-the-future-brings", true),
            ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more", false),
            ("ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", false),
            ("00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01", false),
            ("00-00000000000000000000000000000000-b7ad6b7169203331-01", false),
            ("00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01", false),
            ("00-0af7651916cd43dd8448eb211c80319-b7ad6b7169203331-01", false),
            ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-+1", false),
            ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331", false),
            ("", false),
        ] {
            assert_eq!(header.to_parent_context().is_some(), is_valid, "{header}");
        }
    }

    #[test]
    fn only_the_sampled_flag_is_passed_on() {
        let span = from_traceparent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-ff").unwrap();
        let header = traceparent(&span).unwrap();
        assert_eq!(header, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    }
}
