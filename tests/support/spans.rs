//! Finished spans, in words that read well in a test.

use std::ops::Range;
use std::time::SystemTime;

use opentelemetry_sdk::trace::SpanData;
use pipecat_instrument::opentelemetry::Value;
use pipecat_instrument::opentelemetry::trace::{SpanId, Status};

/// The spans of one conversation, by their start.
#[derive(Debug)]
pub(crate) struct Spans(Vec<SpanData>);

/// One of them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span<'a>(&'a SpanData);

impl Spans {
    pub(crate) fn new(mut spans: Vec<SpanData>) -> Self {
        spans.sort_by_key(|span| span.start_time);
        Self(spans)
    }

    /// The turns, which are the roots.
    pub(crate) fn turns(&self) -> Vec<Span<'_>> {
        let roots = self.0.iter().filter(|span| span.parent_span_id == SpanId::INVALID);
        roots.inspect(|root| assert_eq!(root.name, "pipecat.conversation.turn")).map(Span).collect()
    }

    /// The names of the spans right under `parent`, in order.
    pub(crate) fn under(&self, parent: Span<'_>) -> Vec<&str> {
        self.all_under(parent).map(|Span(span)| span.name.as_ref()).collect()
    }

    /// The spans of that name right under `parent`, in order.
    pub(crate) fn children(&self, parent: Span<'_>, name: &str) -> Vec<Span<'_>> {
        self.all_under(parent).filter(|Span(span)| span.name == name).collect()
    }

    /// The only span of that name right under `parent`.
    pub(crate) fn child(&self, parent: Span<'_>, name: &str) -> Span<'_> {
        let [child] = self.children(parent, name)[..] else { panic!("not one {name} in {self:?}") };
        child
    }

    fn all_under(&self, Span(parent): Span<'_>) -> impl Iterator<Item = Span<'_>> {
        let parent = parent.span_context.span_id();
        self.0.iter().filter(move |span| span.parent_span_id == parent).map(Span)
    }
}

impl Span<'_> {
    /// Holds if the span has this value under `key`, as text; or none.
    #[track_caller]
    pub(crate) fn has(self, key: &str, value: Option<&str>) -> Self {
        assert_eq!(self.value(key).map(Value::as_str).as_deref(), value, "{key} of {}", self.0.name);
        self
    }

    /// Holds if the number under `key` lies within `range`.
    #[track_caller]
    pub(crate) fn within(self, key: &str, range: Range<f64>) -> Self {
        let Some(Value::F64(value)) = self.value(key) else { panic!("no number {key} in {self:?}") };
        assert!(range.contains(value), "{key} = {value}, not in {range:?}");
        self
    }

    /// Holds if the span lasts as many seconds.
    #[track_caller]
    pub(crate) fn lasts(self, range: Range<f64>) {
        let seconds = self.0.end_time.duration_since(self.0.start_time).unwrap().as_secs_f64();
        assert!(range.contains(&seconds), "{} lasts {seconds} s, not {range:?}", self.0.name);
    }

    /// Holds if nothing failed.
    #[track_caller]
    pub(crate) fn succeeded(self) {
        assert_eq!(self.0.status, Status::Ok);
    }

    /// What failed.
    pub(crate) fn failure(self) -> String {
        match &self.0.status {
            Status::Error { description } => description.to_string(),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn text(self, key: &str) -> String {
        self.value(key).map(|value| value.as_str().into_owned()).unwrap_or_default()
    }

    pub(crate) fn started(self) -> SystemTime {
        self.0.start_time
    }

    pub(crate) fn ended(self) -> SystemTime {
        self.0.end_time
    }

    fn value(&self, key: &str) -> Option<&Value> {
        self.0.attributes.iter().find(|attribute| attribute.key.as_str() == key).map(|it| &it.value)
    }
}
