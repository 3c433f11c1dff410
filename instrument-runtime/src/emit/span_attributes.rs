//! Writes the attributes of one span, convention by convention, in order of importance.
//!
//! A convention is added in three places: its bit in [`Conventions`], its keys in [`keys`], and its module, called here.

use std::sync::Arc;

use opentelemetry::KeyValue;

use super::attributes::Attributes;
use super::span_scope::SpanScope;
use super::{Conventions, Session, gen_ai, keys, langfuse, openinference, openobserve, pipecat};
use crate::engine::record::{SpanDetails, SpanKind, SpanRecord, Status};

/// Returns the attributes that a span has from its start, for samplers and span processors.
pub(super) fn at_start(kind: SpanKind, scope: &SpanScope<'_>) -> Vec<KeyValue> {
    let mut out = Attributes::with_limit(scope.settings.attribute_limit);
    openinference::put_start(kind, scope, &mut out);
    out.into_vec()
}

/// Returns the attributes that a conversation span has from its start.
pub(super) fn at_conversation_start(scope: &SpanScope<'_>) -> Vec<KeyValue> {
    let mut out = Attributes::with_limit(scope.settings.attribute_limit);
    openinference::put_conversation_start(scope.session, &mut out);
    out.into_vec()
}

/// Returns the attributes of `record` besides those [at its start](at_start). Tools and messages come last, as there may
/// be many; their texts are moved.
pub(super) fn of_record(record: SpanRecord, scope: &SpanScope<'_>) -> Vec<KeyValue> {
    let conventions = scope.settings.conventions;
    let mut out = Attributes::with_limit(scope.settings.attribute_limit);
    openinference::put_start(record.details.kind(), scope, &mut out);
    let at_start = out.len();
    openinference::put_record(&record, &mut out);
    put_error_type(&record.status, &mut out);
    openinference::put_parameters(&record.details, &mut out);
    if conventions.contains(Conventions::GEN_AI) {
        gen_ai::put_record(&record, scope.session, &mut out);
    }
    if conventions.contains(Conventions::LANGFUSE) {
        langfuse::put_record(&record, scope, &mut out);
    }
    if conventions.contains(Conventions::OPENOBSERVE) {
        openobserve::put_record(&record, &mut out);
    }
    if conventions.contains(Conventions::PIPECAT) {
        pipecat::put_record(&record, scope.session, &mut out);
    }
    put_additional(scope.session, &mut out);
    if let SpanDetails::Llm(llm) = record.details {
        openinference::put_tools_and_messages(*llm, &mut out);
    }
    out.into_vec_from(at_start)
}

/// Returns the attributes of a conversation span besides those [at its start](at_conversation_start).
pub(super) fn of_conversation(
    status: &Status,
    user_id: Option<Arc<str>>,
    start_missed: bool,
    scope: &SpanScope<'_>,
) -> Vec<KeyValue> {
    let conventions = scope.settings.conventions;
    let mut out = Attributes::with_limit(scope.settings.attribute_limit);
    openinference::put_conversation_start(scope.session, &mut out);
    let at_start = out.len();
    out.put_some(keys::USER_ID, user_id);
    out.put_if(keys::START_MISSED, start_missed);
    put_error_type(status, &mut out);
    if conventions.contains(Conventions::GEN_AI) {
        gen_ai::put_conversation(scope.session, &mut out);
    }
    if conventions.contains(Conventions::LANGFUSE) {
        langfuse::put_conversation(scope, &mut out);
    }
    if conventions.contains(Conventions::PIPECAT) {
        pipecat::put_conversation(scope.session, &mut out);
    }
    put_additional(scope.session, &mut out);
    out.into_vec_from(at_start)
}

fn put_error_type(status: &Status, out: &mut Attributes) {
    if let Status::Error { error_type, .. } = status {
        out.put(keys::ERROR_TYPE, error_type.clone());
    }
}

fn put_additional(session: &Session, out: &mut Attributes) {
    for additional in &session.attributes {
        out.put_foreign(additional.key.clone(), additional.value.clone());
    }
}

/// Returns all attributes of a span with this record.
#[cfg(test)]
pub(super) fn all_of_record(record: SpanRecord, scope: &SpanScope<'_>) -> Vec<KeyValue> {
    let mut attributes = at_start(record.details.kind(), scope);
    attributes.extend(of_record(record, scope));
    attributes
}

/// Returns all attributes of a conversation span.
#[cfg(test)]
pub(super) fn all_of_conversation(
    status: &Status,
    user_id: Option<Arc<str>>,
    start_missed: bool,
    scope: &SpanScope<'_>,
) -> Vec<KeyValue> {
    let mut attributes = at_conversation_start(scope);
    attributes.extend(of_conversation(status, user_id, start_missed, scope));
    attributes
}

#[cfg(test)]
mod tests;
