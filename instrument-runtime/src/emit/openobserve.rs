//! Attributes of `OpenObserve`'s guide to Pipecat.
//!
//! See [OpenObserve](https://github.com/pipecat-instrument/pipecat-instrument/blob/main/docs/spans.md#openobserve).

use super::attributes::Attributes;
use super::service_attributes::ServiceSpan;
use super::{keys, messages};
use crate::engine::record::{LlmRecord, SpanDetails, SpanRecord};

/// Maximum length of a message, in characters.
const MAX_MESSAGE_CHARS: usize = 200;

/// Writes the attributes of `record`.
pub(super) fn put_record(record: &SpanRecord, out: &mut Attributes) {
    if let (SpanDetails::Llm(llm), Some(service)) = (&record.details, ServiceSpan::of(&record.details)) {
        put_llm(llm, &service, out);
    }
    // OpenObserve drops the output of a span without an input.
    if out.contains(keys::OUTPUT_VALUE) && !out.contains(keys::INPUT_VALUE) {
        out.put(keys::INPUT_VALUE, "");
    }
}

fn put_llm(llm: &LlmRecord, span: &ServiceSpan<'_>, out: &mut Attributes) {
    out.put(keys::OPENOBSERVE_SERVICE, span.service.class.clone());
    out.put_some(keys::OPENOBSERVE_MODEL, span.model().map(str::to_owned));
    out.put_some(keys::OPENOBSERVE_USER_MESSAGE, messages::last_user_text(llm).map(excerpt));
    out.put_some(keys::OPENOBSERVE_ASSISTANT_MESSAGE, llm.text.as_deref().map(excerpt));
    if let Some(usage) = &llm.usage {
        out.put_count(keys::OPENOBSERVE_PROMPT_TOKENS, Some(usage.prompt));
        out.put_count(keys::OPENOBSERVE_COMPLETION_TOKENS, Some(usage.completion));
    }
}

/// Returns the beginning of `message`.
fn excerpt(message: &str) -> String {
    message.chars().take(MAX_MESSAGE_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::{MAX_MESSAGE_CHARS, excerpt};

    #[test]
    fn long_messages_are_truncated_between_characters() {
        assert_eq!(excerpt("Where are you open?"), "Where are you open?");
        assert_eq!(excerpt(&"日".repeat(MAX_MESSAGE_CHARS)), "日".repeat(200));
        assert_eq!(excerpt(&format!("{}日語", "a".repeat(199))), format!("{}日", "a".repeat(199)));
    }
}
