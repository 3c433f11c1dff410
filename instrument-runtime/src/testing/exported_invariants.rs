//! Invariants of exported spans: properties of the spans of every conversation, with all settings.
//!
//! ```
//! use pipecat_instrument_runtime::engine::conversation::FrameSupport;
//! use pipecat_instrument_runtime::testing::exported_invariants::{EmitVariant, check, export};
//! use pipecat_instrument_runtime::testing::synthetic::SyntheticHop;
//!
//! let hops = SyntheticHop::from_bytes(b"any bytes that a fuzzer generates, fourteen of them per hop");
//! let variant = EmitVariant::from_byte(7);
//! check(&export(FrameSupport::default(), &hops, variant), variant);
//! ```

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use opentelemetry::trace::{SpanId, Status};
use opentelemetry::{KeyValue, Value};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};

use super::synthetic::{CONTENT_MARK, SyntheticHop, play_to};
use crate::emit::{Conventions, EmitSettings, Emitter, Session, SpanNaming, TraceLayout, Tracers, keys};
use crate::engine::conversation::FrameSupport;
use crate::privacy::{Privacy, TraceConfig};

/// The session of every synthetic conversation.
const SESSION: &str = "synthetic";

/// Settings for emitting a synthetic conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EmitVariant {
    /// The conventions to write.
    pub conventions: Conventions,
    /// The division into traces.
    pub layout: TraceLayout,
    /// Maximum number of attributes per span.
    pub attribute_limit: usize,
    /// Whether all content is hidden.
    pub hide_content: bool,
}

impl EmitVariant {
    /// Chooses settings by a fuzzer's byte.
    pub fn from_byte(byte: u8) -> Self {
        let bit = |at: u8| byte & (1 << at) != 0;
        let optional = [
            (bit(0), Conventions::GEN_AI),
            (bit(1), Conventions::PIPECAT),
            (bit(2), Conventions::LANGFUSE),
            (bit(3), Conventions::OPENOBSERVE),
        ];
        Self {
            conventions: optional
                .into_iter()
                .filter(|(is_chosen, _)| *is_chosen)
                .fold(Conventions::OPENINFERENCE, |all, (_, one)| all | one),
            layout: if bit(4) { TraceLayout::PerConversation } else { TraceLayout::PerTurn },
            attribute_limit: if bit(5) { 40 } else { 128 },
            hide_content: bit(6),
        }
    }
}

/// Plays synthetic hops to a conversation, and returns the exported spans.
///
/// # Panics
///
/// Panics if the conversation waits for a timeout after its end.
pub fn export(support: FrameSupport, hops: &[SyntheticHop], variant: EmitVariant) -> Vec<SpanData> {
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder()
        .with_simple_exporter(exporter.clone())
        .with_max_attributes_per_span(u32::MAX)
        .build();
    let settings = EmitSettings {
        attribute_limit: variant.attribute_limit,
        ..EmitSettings::default()
            .layout(variant.layout)
            .conventions(variant.conventions)
            .span_names(SpanNaming::Pipecat)
    };
    let session = Session::new(SESSION).attribute(KeyValue::new("tenant.seats", 12));
    let hide = variant.hide_content;
    let config = TraceConfig::default()
        .hide_inputs(hide)
        .hide_outputs(hide)
        .hide_llm_invocation_parameters(hide)
        .hide_llm_tools(hide);
    let mut emitter =
        Emitter::new(&Tracers::new(&provider), Arc::new(settings), session).privacy(Privacy::new(config));
    play_to(support, hops, &mut emitter);
    emitter.finish();
    exporter.get_finished_spans().unwrap_or_default()
}

/// Checks the invariants of spans that [`export`] returned.
///
/// # Panics
///
/// Panics unless every span satisfies these: it was exported once, within its parent (tools may end later), with session,
/// kind, status and the program's own attributes; no key is duplicate or a prefix of another; the number of attributes is
/// within the limit; hidden content appears nowhere.
pub fn check(spans: &[SpanData], variant: EmitVariant) {
    let violations = violations(spans, SESSION);
    assert!(violations.is_empty(), "{}\n{spans:?}", violations.join("\n"));
    let root_prefix = match variant.layout {
        TraceLayout::PerTurn => "turn-",
        TraceLayout::PerConversation => "conversation-synthetic",
    };
    for span in spans {
        let (name, count) = (&span.name, span.attributes.len());
        assert!(count <= variant.attribute_limit, "{name} has {count} attributes");
        let is_complete = attribute(span, "tenant.seats").as_deref() == Some("12");
        assert!(
            is_complete || count == variant.attribute_limit,
            "{span:?} lacks the program's own attribute"
        );
        let is_root = span.parent_span_id == SpanId::INVALID;
        assert!(!is_root || name.starts_with(root_prefix), "{name} must not be a root");
    }
    if variant.hide_content {
        let exported = format!("{spans:?}");
        assert!(!exported.contains(CONTENT_MARK), "hidden content was exported: {exported}");
    }
}

/// Returns the violations of the invariants that do not depend on settings.
pub(super) fn violations(spans: &[SpanData], session: &str) -> Vec<String> {
    let by_id: HashMap<SpanId, &SpanData> =
        spans.iter().map(|span| (span.span_context.span_id(), span)).collect();
    let mut violations = Vec::new();
    if by_id.len() != spans.len() {
        violations.push("a span was exported twice".to_owned());
    }
    for span in spans {
        let mut found = span_violations(span, session);
        if span.parent_span_id != SpanId::INVALID {
            found.extend(parent_violation(span, by_id.get(&span.parent_span_id).copied()));
        }
        violations.extend(found.into_iter().map(|violation| format!("{} {violation}", span.name)));
    }
    violations
}

fn span_violations(span: &SpanData, session: &str) -> Vec<&'static str> {
    let duration = span.start_time..=span.end_time;
    let keys: HashSet<&str> = span.attributes.iter().map(|attribute| attribute.key.as_str()).collect();
    let has_prefix = |key: &&str| key.match_indices('.').any(|(dot, _)| keys.contains(&key[..dot]));
    [
        (span.end_time < span.start_time, "ends before its start"),
        (span.status == Status::Unset, "has no status"),
        (
            !span.events.iter().all(|event| duration.contains(&event.timestamp)),
            "has an event outside its time",
        ),
        (keys.len() != span.attributes.len(), "has a duplicate key"),
        (keys.iter().any(has_prefix), "has a key that is a prefix of another"),
        (attribute(span, keys::SESSION_ID).as_deref() != Some(session), "has another session"),
        (attribute(span, keys::SPAN_KIND).is_none(), "has no kind"),
    ]
    .into_iter()
    .filter_map(|(is_violated, violation)| is_violated.then_some(violation))
    .collect()
}

fn parent_violation(span: &SpanData, parent: Option<&SpanData>) -> Option<&'static str> {
    let Some(parent) = parent else { return Some("has a parent that was not exported") };
    let is_tool = attribute(span, keys::TOOL_NAME).is_some();
    if span.span_context.trace_id() != parent.span_context.trace_id() {
        Some("is not in the trace of its parent")
    } else if span.start_time < parent.start_time {
        Some("starts before its parent")
    } else if span.end_time > parent.end_time && !is_tool {
        Some("ends after its parent")
    } else {
        None
    }
}

/// Returns the value of an attribute as text.
fn attribute(span: &SpanData, key: &str) -> Option<String> {
    let attribute = span.attributes.iter().find(|attribute| attribute.key.as_str() == key)?;
    Some(match &attribute.value {
        Value::String(text) => text.as_str().to_owned(),
        other => other.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{EmitVariant, check, export};
    use crate::testing::synthetic::arbitrary::{hops, support};

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

        #[test]
        fn exported_spans_satisfy_the_invariants(
            support in support(),
            hops in hops(),
            variant in any::<u8>().prop_map(EmitVariant::from_byte),
        ) {
            check(&export(support, &hops, variant), variant);
        }
    }
}
