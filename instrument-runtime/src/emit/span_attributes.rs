//! One record, as the attributes of one span.

use opentelemetry::KeyValue;

use super::attributes::Attributes;
use super::conversation_span::ConversationFacts;
use super::span_scope::SpanScope;
use super::{Conventions, Session, gen_ai, keys, langfuse, openinference, openobserve, pipecat};
use crate::engine::record::{SpanDetails, SpanRecord, Status};

/// The attributes of `record`, in order of importance. What can be many comes last, and is moved into them: tools, then
/// messages.
pub(super) fn attributes(record: SpanRecord, scope: &SpanScope<'_>) -> Vec<KeyValue> {
    let conventions = scope.settings.conventions;
    let mut out = Attributes::with_limit(scope.settings.attribute_limit);
    openinference::essentials(&record, scope.session, &mut out);
    put_error_type(&record.status, &mut out);
    openinference::parameters(&record.details, &mut out);
    if conventions.contains(Conventions::GEN_AI) {
        gen_ai::describe(&record, scope.session, &mut out);
    }
    if conventions.contains(Conventions::LANGFUSE) {
        langfuse::describe(&record, scope, &mut out);
    }
    if conventions.contains(Conventions::OPENOBSERVE) {
        openobserve::describe(&record, &mut out);
    }
    if conventions.contains(Conventions::PIPECAT) {
        pipecat::describe(&record, scope.session, &mut out);
    }
    put_additional(scope.session, &mut out);
    if let SpanDetails::Llm(mut llm) = record.details {
        openinference::tools(std::mem::take(&mut llm.request.tools), &mut out);
        openinference::input_messages(*llm, &mut out);
    }
    out.into_vec()
}

/// The attributes of a conversation's own span.
pub(super) fn conversation_attributes(facts: &ConversationFacts, scope: &SpanScope<'_>) -> Vec<KeyValue> {
    let conventions = scope.settings.conventions;
    let mut out = Attributes::with_limit(scope.settings.attribute_limit);
    openinference::describe_conversation(facts, scope.session, &mut out);
    put_error_type(&facts.status, &mut out);
    if conventions.contains(Conventions::GEN_AI) {
        gen_ai::describe_conversation(scope.session, &mut out);
    }
    if conventions.contains(Conventions::LANGFUSE) {
        langfuse::describe_conversation(scope, &mut out);
    }
    if conventions.contains(Conventions::PIPECAT) {
        pipecat::describe_conversation(scope.session, &mut out);
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
        out.put_other(additional.key.clone(), additional.value.clone());
    }
}

#[cfg(test)]
mod tests;
