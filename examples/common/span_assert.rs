//! Assertions on finished spans, for the tests of the voice agents.

use std::ops::Range;
use std::time::SystemTime;

use opentelemetry_sdk::trace::SpanData;
use pipecat_instrument::opentelemetry::Value;
use pipecat_instrument::opentelemetry::trace::{SpanId, Status};

/// The spans of one conversation, in the order of their start.
#[derive(Debug)]
pub(crate) struct Spans(Vec<SpanData>);

/// One span of a conversation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span<'a>(&'a SpanData);

impl Spans {
    /// Sorts `spans` by their start.
    pub(crate) fn new(mut spans: Vec<SpanData>) -> Self {
        spans.sort_by_key(|span| span.start_time);
        Self(spans)
    }

    /// Returns the turns. Panics if another span has no parent.
    pub(crate) fn turns(&self) -> Vec<Span<'_>> {
        let roots = self.0.iter().filter(|span| span.parent_span_id == SpanId::INVALID);
        roots.inspect(|root| assert_eq!(root.name, "pipecat.conversation.turn")).map(Span).collect()
    }

    /// Returns the names of the children of `parent`.
    pub(crate) fn child_names(&self, parent: Span<'_>) -> Vec<&str> {
        self.all_children(parent).map(|Span(span)| span.name.as_ref()).collect()
    }

    /// Returns the children of `parent` with this name.
    pub(crate) fn children(&self, parent: Span<'_>, name: &str) -> Vec<Span<'_>> {
        self.all_children(parent).filter(|Span(span)| span.name == name).collect()
    }

    /// Returns the only child of `parent` with this name.
    #[track_caller]
    pub(crate) fn child(&self, parent: Span<'_>, name: &str) -> Span<'_> {
        let [child] = self.children(parent, name)[..] else { panic!("not one {name} in {self:?}") };
        child
    }

    fn all_children(&self, Span(parent): Span<'_>) -> impl Iterator<Item = Span<'_>> {
        let parent = parent.span_context.span_id();
        self.0.iter().filter(move |span| span.parent_span_id == parent).map(Span)
    }
}

impl Span<'_> {
    /// Asserts that an attribute has this value, as text, or is absent.
    #[track_caller]
    pub(crate) fn assert_attr(self, key: &str, value: Option<&str>) -> Self {
        assert_eq!(self.value(key).map(Value::as_str).as_deref(), value, "{key} of {}", self.0.name);
        self
    }

    /// Asserts that a numeric attribute is in `range`.
    #[track_caller]
    pub(crate) fn assert_number(self, key: &str, range: Range<f64>) -> Self {
        let Some(Value::F64(value)) = self.value(key) else { panic!("no number {key} in {self:?}") };
        assert!(range.contains(value), "{key} = {value}, not in {range:?}");
        self
    }

    /// Asserts that the duration of the span, in seconds, is in `range`.
    #[track_caller]
    pub(crate) fn assert_duration(self, range: Range<f64>) {
        let seconds = self.0.end_time.duration_since(self.0.start_time).unwrap().as_secs_f64();
        assert!(range.contains(&seconds), "{} lasts {seconds} s, not {range:?}", self.0.name);
    }

    /// Asserts that the status of the span is Ok.
    #[track_caller]
    pub(crate) fn assert_ok(self) {
        assert_eq!(self.0.status, Status::Ok);
    }

    /// Returns the error message of the span. Panics if it has none.
    #[track_caller]
    pub(crate) fn error_message(self) -> String {
        match &self.0.status {
            Status::Error { description } => description.to_string(),
            other => panic!("{other:?}"),
        }
    }

    /// Returns the text of an attribute, or an empty string.
    pub(crate) fn text(self, key: &str) -> String {
        self.value(key).map(|value| value.as_str().into_owned()).unwrap_or_default()
    }

    pub(crate) fn start(self) -> SystemTime {
        self.0.start_time
    }

    pub(crate) fn end(self) -> SystemTime {
        self.0.end_time
    }

    fn value(&self, key: &str) -> Option<&Value> {
        let attribute = self.0.attributes.iter().find(|attribute| attribute.key.as_str() == key);
        attribute.map(|attribute| &attribute.value)
    }
}
