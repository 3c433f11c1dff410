//! One record, as the attributes of one span.

use opentelemetry::KeyValue;

use super::attributes::Attributes;
use super::{Conventions, EmitSettings, Session, gen_ai, keys, openinference};
use crate::core::record::{Body, SpanRecord, Status};

/// The attributes of `record`, in order of importance. What can be many comes last, and is moved into them: tools, then
/// messages.
pub(super) fn attributes(record: SpanRecord, session: &Session, settings: &EmitSettings) -> Vec<KeyValue> {
    let mut out = Attributes::with_limit(settings.attribute_limit);
    openinference::essentials(&record, session, &mut out);
    if let Status::Error { error_type, .. } = &record.status {
        out.put(keys::ERROR_TYPE, error_type.clone());
    }
    openinference::parameters(&record.body, &mut out);
    if settings.conventions.contains(Conventions::GEN_AI) {
        gen_ai::describe(&record, session, &mut out);
    }
    for additional in &session.attributes {
        out.put(additional.key.clone(), additional.value.clone());
    }
    if let Body::Llm(mut llm) = record.body {
        openinference::tools(std::mem::take(&mut llm.request.tools), &mut out);
        openinference::input_messages(*llm, &mut out);
    }
    out.into_vec()
}

#[cfg(test)]
mod tests;
