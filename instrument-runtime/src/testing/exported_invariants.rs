//! Made-up pipelines all the way to the spans that a backend gets, and what must hold of those.
//!
//! ```
//! use pipecat_instrument_runtime::engine::conversation::FrameSupport;
//! use pipecat_instrument_runtime::testing::synthetic::SyntheticHop;
//! use pipecat_instrument_runtime::testing::exported_invariants::{EmitVariant, check, export};
//!
//! let hops = SyntheticHop::from_bytes(b"whatever bytes a fuzzer comes up with, fourteen of them a hop");
//! let variant = EmitVariant::from_byte(7);
//! check(&export(FrameSupport::default(), &hops, variant), variant);
//! ```

use std::sync::Arc;

use opentelemetry::KeyValue;
use opentelemetry::trace::SpanId;
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};

use super::invariants::{attribute, violations};
use super::synthetic::{CONTENT_MARK, SyntheticHop, play_to};
use crate::emit::{Conventions, EmitSettings, Emitter, Session, SpanNaming, TraceLayout, Tracers};
use crate::engine::conversation::FrameSupport;
use crate::privacy::{Privacy, TraceConfig};

/// The session of every made-up conversation.
const SESSION: &str = "made-up";

/// How a made-up conversation is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EmitVariant {
    /// In which words.
    pub conventions: Conventions,
    /// What is one trace.
    pub layout: TraceLayout,
    /// How much room a span has.
    pub attribute_limit: usize,
    /// Whether hide_content that can be hidden is.
    pub hide_content: bool,
}

impl EmitVariant {
    /// A choice, by a fuzzer's byte.
    pub fn from_byte(byte: u8) -> Self {
        let bit = |at: u8| byte & (1 << at) != 0;
        let more = [
            (bit(0), Conventions::GEN_AI),
            (bit(1), Conventions::PIPECAT),
            (bit(2), Conventions::LANGFUSE),
            (bit(3), Conventions::OPENOBSERVE),
        ];
        Self {
            conventions: more
                .into_iter()
                .filter(|(chosen, _)| *chosen)
                .fold(Conventions::OPENINFERENCE, |all, (_, one)| all | one),
            layout: if bit(4) { TraceLayout::PerConversation } else { TraceLayout::PerTurn },
            attribute_limit: if bit(5) { 40 } else { 128 },
            hide_content: bit(6),
        }
    }
}

/// Plays made-up hops to a conversation, and gives what an exporter gets of it.
///
/// # Panics
///
/// If something is still due after the end.
pub fn export(signals: FrameSupport, hops: &[SyntheticHop], variant: EmitVariant) -> Vec<SpanData> {
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
    play_to(signals, hops, &mut emitter);
    emitter.finish();
    exporter.get_finished_spans().unwrap_or_default()
}

/// Holds what must always hold of the spans that an exporter gets.
///
/// # Panics
///
/// If it does not hold: each span comes once, with the session, its kind, a status and no key twice or beneath another; a
/// child lies within its parent, but for tools, which may outlive theirs; and nothing hidden is anywhere.
pub fn check(spans: &[SpanData], variant: EmitVariant) {
    let violations = violations(spans, SESSION);
    assert!(violations.is_empty(), "{}\n{spans:?}", violations.join("\n"));
    for span in spans {
        check_alone(span, variant.attribute_limit);
    }
    let roots = spans.iter().filter(|span| span.parent_span_id == SpanId::INVALID);
    let root = match variant.layout {
        TraceLayout::PerTurn => "turn-",
        TraceLayout::PerConversation => "conversation-made-up",
    };
    for span in roots {
        assert!(span.name.starts_with(root), "{} is no root", span.name);
    }
    if variant.hide_content {
        let all_that_leaves = format!("{spans:?}");
        assert!(!all_that_leaves.contains(CONTENT_MARK), "hidden, and there: {all_that_leaves}");
    }
}

fn check_alone(span: &SpanData, room: usize) {
    let name = &span.name;
    assert!(span.attributes.len() <= room, "{name}: no more than there is room for");
    let own = attribute(span, "tenant.seats");
    assert!(
        own.as_deref() == Some("12") || span.attributes.len() == room,
        "{span:?}: a maker's own attribute"
    );
}

#[cfg(test)]
mod tests;
