//! Finished spans, as a document shows them.

use std::ops::RangeInclusive;

use opentelemetry_sdk::trace::SpanData;
use pipecat_instrument::opentelemetry::Value;
use pipecat_instrument::opentelemetry::trace::SpanId;

/// The spans of a conversation, by their start.
#[derive(Debug)]
pub(crate) struct Trace(Vec<SpanData>);

/// One of them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span<'a>(pub(crate) &'a SpanData);

impl Trace {
    pub(crate) fn of(mut spans: Vec<SpanData>) -> Self {
        spans.sort_by_key(|span| span.start_time);
        Self(spans)
    }

    /// The names of all, each under its parent and two spaces to the right of it.
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

    /// The spans right under `parent`, in order.
    pub(crate) fn under(&self, Span(parent): Span<'_>) -> Vec<Span<'_>> {
        let parent = parent.span_context.span_id();
        self.0.iter().filter(|span| span.parent_span_id == parent).map(Span).collect()
    }

    /// The first span that is called `name`.
    #[track_caller]
    pub(crate) fn first(&self, name: &str) -> Span<'_> {
        let found = self.0.iter().find(|span| span.name == name);
        Span(found.unwrap_or_else(|| panic!("no {name} in {self:?}")))
    }

    /// All of them.
    pub(crate) fn all(&self) -> impl Iterator<Item = Span<'_>> {
        self.0.iter().map(Span)
    }
}

impl Span<'_> {
    /// Holds if the span says all of `told`, each as its key and its value as text.
    #[track_caller]
    pub(crate) fn says(self, told: &[(&str, &str)]) -> Self {
        for (key, value) in told {
            let said = self.value(key).map(Value::as_str);
            assert_eq!(said.as_deref(), Some(*value), "{key} of {}", self.0.name);
        }
        self
    }

    /// Holds if the number of seconds under `key` lies within `range`.
    #[track_caller]
    pub(crate) fn says_within(self, key: &str, range: &RangeInclusive<f64>) {
        let Some(Value::F64(seconds)) = self.value(key) else { panic!("no number {key} in {self:?}") };
        assert!(range.contains(seconds), "{key} = {seconds}, not in {range:?}");
    }

    /// Holds if the span lasts as many seconds.
    #[track_caller]
    pub(crate) fn lasts(self, range: &RangeInclusive<f64>) {
        let lasted = self.0.end_time.duration_since(self.0.start_time).unwrap_or_default().as_secs_f64();
        assert!(range.contains(&lasted), "{} lasts {lasted} s, not {range:?}", self.0.name);
    }

    pub(crate) fn name(&self) -> &str {
        &self.0.name
    }

    fn value(&self, key: &str) -> Option<&Value> {
        self.0.attributes.iter().find(|attribute| attribute.key.as_str() == key).map(|found| &found.value)
    }
}
