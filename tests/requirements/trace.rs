//! Exported spans, and assertions about them.

use std::ops::RangeInclusive;

use opentelemetry_sdk::trace::SpanData;
use pipecat_instrument::opentelemetry::Value;
use pipecat_instrument::opentelemetry::trace::SpanId;

/// The spans of a conversation, by start time.
#[derive(Debug)]
pub(crate) struct Trace(Vec<SpanData>);

/// One span.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span<'a>(pub(crate) &'a SpanData);

impl Trace {
    pub(crate) fn of(mut spans: Vec<SpanData>) -> Self {
        spans.sort_by_key(|span| span.start_time);
        Self(spans)
    }

    /// Returns the names of all spans as a tree, indented by two spaces per level.
    pub(crate) fn tree(&self) -> String {
        self.tree_under(SpanId::INVALID, "")
    }

    fn tree_under(&self, parent: SpanId, indent: &str) -> String {
        let children = self.0.iter().filter(|span| span.parent_span_id == parent);
        let deeper = format!("{indent}  ");
        children.fold(String::new(), |tree, child| {
            let under = self.tree_under(child.span_context.span_id(), &deeper);
            tree + indent + &child.name + "\n" + &under
        })
    }

    /// Returns the children of `parent`, in order.
    pub(crate) fn children(&self, Span(parent): Span<'_>) -> Vec<Span<'_>> {
        let parent = parent.span_context.span_id();
        self.0.iter().filter(|span| span.parent_span_id == parent).map(Span).collect()
    }

    /// Returns the first span called `name`.
    #[track_caller]
    pub(crate) fn first(&self, name: &str) -> Span<'_> {
        let span = self.0.iter().find(|span| span.name == name);
        Span(span.unwrap_or_else(|| panic!("no {name} in {self:?}")))
    }

    /// Returns all spans.
    pub(crate) fn all(&self) -> impl Iterator<Item = Span<'_>> {
        self.0.iter().map(Span)
    }
}

impl Span<'_> {
    /// Asserts attributes, given as key and value as text.
    #[track_caller]
    pub(crate) fn assert_attributes(self, expected: &[(&str, &str)]) -> Self {
        for (key, value) in expected {
            let actual = self.value(key).map(Value::as_str);
            assert_eq!(actual.as_deref(), Some(*value), "{key} of {}", self.0.name);
        }
        self
    }

    /// Asserts that the attribute `key` is a number of seconds in `range`.
    #[track_caller]
    pub(crate) fn assert_seconds(self, key: &str, range: &RangeInclusive<f64>) {
        let Some(Value::F64(seconds)) = self.value(key) else { panic!("no number {key} in {self:?}") };
        assert!(range.contains(seconds), "{key} = {seconds}, not in {range:?}");
    }

    /// Asserts that the duration in seconds is in `range`.
    #[track_caller]
    pub(crate) fn assert_duration(self, range: &RangeInclusive<f64>) {
        let seconds = self.0.end_time.duration_since(self.0.start_time).unwrap_or_default().as_secs_f64();
        assert!(range.contains(&seconds), "{} lasts {seconds} s, not {range:?}", self.0.name);
    }

    pub(crate) fn name(&self) -> &str {
        &self.0.name
    }

    fn value(&self, key: &str) -> Option<&Value> {
        self.0
            .attributes
            .iter()
            .find(|attribute| attribute.key.as_str() == key)
            .map(|attribute| &attribute.value)
    }
}
