//! Divides an encoded request that is too large for the destination.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;

use super::EncodedRequest;

/// Divides a request into two halves. Returns `None` if it has a single span, or is no request.
pub(super) fn split(request: &[u8]) -> Option<[EncodedRequest; 2]> {
    let mut first = ExportTraceServiceRequest::decode(request).ok()?;
    let spans = count_spans(&first);
    if spans < 2 {
        return None;
    }
    let mut second = first.clone();
    let middle = spans / 2;
    retain_spans(&mut first, |index| index < middle);
    retain_spans(&mut second, |index| index >= middle);
    Some(
        [first, second].map(|half| EncodedRequest { bytes: half.encode_to_vec(), spans: count_spans(&half) }),
    )
}

fn count_spans(request: &ExportTraceServiceRequest) -> u64 {
    let scopes = request.resource_spans.iter().flat_map(|resource| &resource.scope_spans);
    scopes.map(|scope| scope.spans.len() as u64).sum()
}

/// Keeps the spans whose index is `kept`, and the resources and scopes that still have spans.
fn retain_spans(request: &mut ExportTraceServiceRequest, kept: impl Fn(u64) -> bool) {
    let mut index = 0;
    for resource in &mut request.resource_spans {
        for scope in &mut resource.scope_spans {
            scope.spans.retain(|_| {
                index += 1;
                kept(index - 1)
            });
        }
        resource.scope_spans.retain(|scope| !scope.spans.is_empty());
    }
    request.resource_spans.retain(|resource| !resource.scope_spans.is_empty());
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
    use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
    use prost::Message;

    use super::split;

    /// Returns a request with spans of these names, by resource and scope.
    fn request(resources: &[&[&[&str]]]) -> Vec<u8> {
        let spans = |names: &[&str]| {
            names.iter().map(|name| Span { name: (*name).to_owned(), ..Span::default() }).collect()
        };
        let scopes = |scopes: &[&[&str]]| {
            scopes.iter().map(|names| ScopeSpans { spans: spans(names), ..ScopeSpans::default() }).collect()
        };
        let resource_spans = resources
            .iter()
            .map(|resource| ResourceSpans { scope_spans: scopes(resource), ..ResourceSpans::default() })
            .collect();
        ExportTraceServiceRequest { resource_spans }.encode_to_vec()
    }

    #[test]
    fn a_request_is_divided_in_the_middle_with_its_resources() {
        let [first, second] = split(&request(&[&[&["a", "b"], &["c"]], &[&["d", "e"]]])).unwrap();
        assert_eq!((first.spans, first.bytes), (2, request(&[&[&["a", "b"]]])));
        assert_eq!((second.spans, second.bytes), (3, request(&[&[&["c"]], &[&["d", "e"]]])));
    }

    #[test]
    fn a_single_span_and_other_bytes_are_not_divided() {
        assert_eq!(split(&request(&[&[&["a"]]])), None);
        assert_eq!(split(b"no request"), None);
        assert_eq!(split(b""), None);
    }
}
