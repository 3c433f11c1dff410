//! Traces that cross a process's border, as W3C Trace Context writes them.
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

/// A span of somebody else's that a conversation came from: in a `traceparent`, an OpenTelemetry context, or an
/// `Option` of one.
///
/// ```
/// use pipecat_instrument_runtime::observer::{ToParentContext, ObserveOptions};
///
/// let header = Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
/// assert!(header.to_context().is_some());
/// assert!("garbled".to_context().is_none());
///
/// let options = ObserveOptions::new().parent(&header);
/// # let _ = options;
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` names no span of a caller",
    label = "not a trace that comes in",
    note = "give a `traceparent` header as `&str` or `String`, a `SpanContext`, a `Context`, or an `Option` of one"
)]
pub trait ToParentContext {
    /// The context in which that span is current; `None` where there is no valid one.
    fn to_context(&self) -> Option<Context>;
}

impl ToParentContext for Context {
    fn to_context(&self) -> Option<Context> {
        self.span().span_context().is_valid().then(|| self.clone())
    }
}

impl ToParentContext for SpanContext {
    fn to_context(&self) -> Option<Context> {
        self.is_valid().then(|| Context::new().with_remote_span_context(self.clone()))
    }
}

impl ToParentContext for str {
    fn to_context(&self) -> Option<Context> {
        from_traceparent(self)?.to_context()
    }
}

impl ToParentContext for String {
    fn to_context(&self) -> Option<Context> {
        self.as_str().to_context()
    }
}

impl<T: ToParentContext> ToParentContext for Option<T> {
    fn to_context(&self) -> Option<Context> {
        self.as_ref()?.to_context()
    }
}

impl<T: ToParentContext + ?Sized> ToParentContext for &T {
    fn to_context(&self) -> Option<Context> {
        (**self).to_context()
    }
}

/// The `traceparent` of a span; `None` for one that is not valid, as those of a provider that does nothing.
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

/// The span that a `traceparent` names; `None` if it is malformed.
pub fn from_traceparent(header: &str) -> Option<SpanContext> {
    read(header, TraceState::default())
}

/// Writes the span that is current in `context` into the headers of a request: `traceparent`, and `tracestate` where
/// there is one. Nothing without a valid span.
///
/// Everything else that a context bears, as baggage, is for the program's own propagator.
///
/// ```
/// use std::collections::HashMap;
///
/// use pipecat_instrument_runtime::observer::{ToParentContext, propagation};
///
/// let incoming = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
/// let context = incoming.to_context().ok_or("not a traceparent")?;
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

/// The span that the headers of a request name; `None` if they name none.
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
    read(carrier.get(TRACEPARENT)?, state.unwrap_or_default())
}

/// Later versions may have more parts, and otherwise mean the same; there is no version ff.
fn read(header: &str, state: TraceState) -> Option<SpanContext> {
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

/// `part`, if it is so many hexadecimal digits in lower case.
fn hex(part: &str, digits: usize) -> Option<&str> {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    (part.len() == digits && part.bytes().all(is_digit)).then_some(part)
}

#[cfg(test)]
mod tests {
    use super::{ToParentContext, from_traceparent, traceparent};

    #[test]
    fn a_traceparent_is_read_as_the_recommendation_has_it() {
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
            assert_eq!(header.to_context().is_some(), is_valid, "{header}");
        }
    }

    #[test]
    fn only_the_sampled_flag_is_passed_on() {
        let span = from_traceparent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-ff").unwrap();
        let header = traceparent(&span).unwrap();
        assert_eq!(header, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    }
}
