//! Finished spans, as trees to read.

mod style;

pub use style::{Colour, TreeStyle};

use opentelemetry_sdk::trace::SpanData;

/// The spans of some conversations, as trees.
#[derive(Debug)]
pub struct SpanTree {}

impl SpanTree {
    /// The trees of `spans`, which may come in any order.
    pub fn from_spans(_spans: &[SpanData]) -> Self {
        Self {}
    }

    /// The trees as text, one line after another.
    pub fn render(&self, _style: TreeStyle) -> String {
        String::new()
    }
}
