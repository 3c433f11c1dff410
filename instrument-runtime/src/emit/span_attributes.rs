//! Writes the attributes of one span, convention by convention, in order of importance.
//!
//! A convention is added in three places: its bit in [`Conventions`], its keys in [`keys`], and its module, called here.

use std::sync::Arc;

use opentelemetry::KeyValue;

use super::attributes::Attributes;
use super::span_scope::SpanScope;
use super::{Conventions, Session, gen_ai, keys, langfuse, openinference, openobserve, pipecat};
use crate::engine::record::{SpanDetails, SpanRecord, Status};

/// Returns the attributes of `record`. Tools and messages come last, as there may be many; their texts are moved.
pub(super) fn of_record(record: SpanRecord, scope: &SpanScope<'_>) -> Vec<KeyValue> {
    let conventions = scope.settings.conventions;
    let mut out = Attributes::with_limit(scope.settings.attribute_limit);
    openinference::put_record(&record, scope.session, &mut out);
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
    out.into_vec()
}

/// Returns the attributes of a conversation span.
pub(super) fn of_conversation(
    status: &Status,
    user_id: Option<Arc<str>>,
    start_missed: bool,
    scope: &SpanScope<'_>,
) -> Vec<KeyValue> {
    let conventions = scope.settings.conventions;
    let mut out = Attributes::with_limit(scope.settings.attribute_limit);
    openinference::put_conversation(user_id, scope.session, &mut out);
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
    out.into_vec()
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

#[cfg(test)]
mod tests;
